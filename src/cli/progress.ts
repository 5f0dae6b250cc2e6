import type { Progress } from '../flows/engine.ts';

const WIDTH = 24;
const REDRAW_MS = 100;

/** A progress line on standard error: bar, rows, rate, time left. Nothing where that is no terminal. */
export interface ProgressLine {
  readonly update: Progress;
  /** Removes the line. */
  clear(): void;
}

/**
 * @param label what is being done
 * @param enabled false with --json or --quiet
 */
export function progressLine(label: string, enabled: boolean): ProgressLine {
  const stream = process.stderr;
  if (!enabled || !stream.isTTY) return { update: () => undefined, clear: () => undefined };
  const started = performance.now();
  let drawn = 0;
  return {
    update(rows, share) {
      const now = performance.now();
      if (now - drawn < REDRAW_MS) return;
      drawn = now;
      const line = progressText(label, rows, share, (now - started) / 1000);
      stream.write(`\r\x1b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
    },
    clear: () => void stream.write('\r\x1b[2K'),
  };
}

/** The text of the line, for a share of 0..1 (or null where the end is not known) after so many seconds. */
export function progressText(label: string, rows: number, share: number | null, seconds: number): string {
  const rate = seconds > 0 ? Math.round(rows / seconds) : 0;
  const counts = `${rows.toLocaleString('en')} rows, ${rate.toLocaleString('en')}/s`;
  if (share === null || share <= 0) return `${label}  ${counts}`;
  const filled = Math.round(Math.min(1, share) * WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
  const left = Math.round((seconds * (1 - share)) / share);
  return `${label} ${bar} ${Math.floor(share * 100)} %  ${counts}, ${durationText(left)} left`;
}

/** Whole seconds as `42 s`, `3 min 05 s` or `2 h 10 min`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
