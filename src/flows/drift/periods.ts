import { AssayerError } from '../../core/errors.ts';
import { dayAt, dayOf, dayText } from './calendar-day.ts';

/** Consecutive rows of a stream that are looked at together. */
export interface Period {
  /** 2026-03, 2026-W07, 2026-03-31, or `rows 0 to 499`. */
  readonly name: string;
  readonly rows: readonly number[];
  /** Its last day since 1970; null where rows are counted. */
  readonly lastDay: number | null;
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
        lastDay: null,
      };
    });
  }
  const named = Map.groupBy(dates.keys(), (row) => {
    const day = dayIn(dates[row].trim());
    if (!Number.isNaN(day)) return nameOf(day, length);
    const problem = `The date of ${ids[row]} is ${dates[row] || 'empty'}. Give dates such as 2026-03-31 for every row.`;
    throw new AssayerError('ERR_USAGE', { problem });
  });
  return [...named]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, rows]) => ({ name, rows, lastDay: lastDayWith(dayIn(dates[rows[0]].trim()), length) }));
}

/** A year alone is its first day: dated public data often say no more. */
function dayIn(text: string): number {
  const year = /^(\d{4})(\.0)?$/.exec(text);
  return dayOf(year ? `${year[1]}-01-01` : text);
}

function nameOf(day: number, length: 'day' | 'week' | 'month'): string {
  if (length === 'week') return weekOf(day);
  return dayText(day).slice(0, length === 'day' ? 10 : 7);
}

/** The last day of the period that holds a day. */
function lastDayWith(day: number, length: 'day' | 'week' | 'month'): number {
  if (length === 'day') return day;
  if (length === 'week') return thursdayOf(day) + 3;
  const [year, month] = dayText(day).split('-').map(Number);
  return dayAt(Date.UTC(year, month, 1)) - 1;
}

/** The ISO 8601 week of a day: the year of its Thursday, and that Thursday's week in the year. */
function weekOf(day: number): string {
  const thursday = thursdayOf(day);
  const year = dayText(thursday).slice(0, 4);
  const week = 1 + Math.floor((thursday - dayAt(Date.UTC(Number(year), 0, 1))) / 7);
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** The Thursday of a day's week, which begins on Monday. */
function thursdayOf(day: number): number {
  // 1970-01-01 was a Thursday.
  return day + 3 - ((((day + 3) % 7) + 7) % 7);
}
