const DAY_MS = 86_400_000;

/**
 * Days from 1970-01-01 to the day that a text begins with, such as 2026-03-31 or 2026-03-31T10:00; the time of day is not
 * read, since it would depend on the machine's time zone.
 * @returns NaN where it begins with no day of the calendar
 */
export function dayOf(text: string): number {
  const day = /^\d{4}-\d{2}-\d{2}(?=$|[T ])/.exec(text)?.[0];
  if (day === undefined) return Number.NaN;
  const time = Date.parse(`${day}T00:00:00Z`);
  // 2026-02-30 would be read as a day of March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) ? time / DAY_MS : Number.NaN;
}

/** The day as 2026-03-31. @param day since 1970, whole or in parts */
export function dayText(day: number): string {
  return new Date(Math.floor(day) * DAY_MS).toISOString().slice(0, 10);
}

/** The day that a time in milliseconds since 1970 falls on, in UTC. */
export function dayAt(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}
