/** Dashes under the header of a column of sentences need not go on to the end of the longest. */
const LONGEST_RULE = 80;

/** Lines of a table for people: a header, columns padded to their widest cell, numbers to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, c) => Math.max(name.length, ...rows.map((row) => row[c].length)));
  const numeric = header.map(
    (_, c) => rows.length > 0 && rows.every((row) => /^([-+]?[\d.,e+]+( .*)?|)$/.test(row[c])),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (numeric[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join('  ')
      .trimEnd();
  return [
    line(header),
    line(widths.map((width) => '-'.repeat(Math.min(width, LONGEST_RULE)))),
    ...rows.map(line),
  ].join('\n');
}
