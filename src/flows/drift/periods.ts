import { AssayerError } from '../../core/errors.ts';
import { dayAt, dayOf, dayText } from './calendar-day.ts';

/** Consecutive rows of a stream that are looked at together. */
export interface Period {
  /** 2026-03, 2026-W07, 2026-03-31, or `rows 0 to 499`. */
  readonly name: string;
  readonly rows: readonly number[];
}

export type PeriodLength = 'day' | 'week' | 'month' | number;

/**
 * Cuts a stream into periods, in order of time: by the dates of its rows, or so many rows at a time. The last batch of
 * rows may be smaller.
 * @param ids    of the rows, for messages
 * @param dates  text of each row's date, such as 2026-03-31; not read where rows are counted
 * @throws ERR_USAGE that names the compound whose date cannot be read
 */
export function cutPeriods(ids: readonly string[], length: PeriodLength, dates: readonly string[]): Period[] {
  if (typeof length === 'number') {
    return Array.from({ length: Math.ceil(ids.length / length) }, (_, at) => {
      const from = at * length;
      const to = Math.min(ids.length, from + length);
      return {
        name: `rows ${from} to ${to - 1}`,
        rows: Array.from({ length: to - from }, (_, i) => from + i),
      };
    });
  }
  const named = Map.groupBy(dates.keys(), (row) => {
    const name = periodOf(dates[row].trim(), length);
    if (name !== null) return name;
    const problem = `The date of ${ids[row]} is ${dates[row] || 'empty'}. Give dates such as 2026-03-31 for every row.`;
    throw new AssayerError('ERR_USAGE', { problem });
  });
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, rows]) => ({ name, rows }));
}

function periodOf(text: string, length: 'day' | 'week' | 'month'): string | null {
  const year = /^(\d{4})(\.0)?$/.exec(text);
  // A year alone is its first day: dated public data often say no more.
  const day = dayOf(year ? `${year[1]}-01-01` : text);
  if (Number.isNaN(day)) return null;
  if (length === 'week') return weekOf(day);
  return dayText(day).slice(0, length === 'day' ? 10 : 7);
}

/** The ISO 8601 week of a day: the year of its Thursday, and that Thursday's week in the year. */
function weekOf(day: number): string {
  // 1970-01-01 was a Thursday.
  const thursday = day + 3 - ((((day + 3) % 7) + 7) % 7);
  const year = dayText(thursday).slice(0, 4);
  const week = 1 + Math.floor((thursday - dayAt(Date.UTC(Number(year), 0, 1))) / 7);
  return `${year}-W${String(week).padStart(2, '0')}`;
}
