/**
 * A time such as 2026-12-01T00:00:00Z or 2026-12-01T01:00+01:00, written the one way that times are recorded in: UTC with
 * milliseconds.
 * @returns null where the text is no such time: a day alone, a time without its zone, the 30th of February
 */
export function isoTime(text: string): string | null {
  const zoned = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (!zoned) return null;
  const [time, day] = [Date.parse(text), Date.parse(`${zoned[1]}T00:00:00Z`)];
  if (Number.isNaN(time) || Number.isNaN(day)) return null;
  // Of a day that the month lacks, parsing makes one of the next month.
  return new Date(day).toISOString().startsWith(zoned[1]) ? new Date(time).toISOString() : null;
}
