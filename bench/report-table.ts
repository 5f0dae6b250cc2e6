/** A result file as machine.ts writes it; what else it holds depends on the bench. */
export interface Result {
  readonly name: string;
  readonly measuredAt: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly unit?: string;
  /** Of the minute before the bench began. */
  readonly loadAverage?: number;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map((_, i) => (i === 0 ? '---' : '---:'))) + rows.map(line).join('');
}

/** Three significant digits, and no fewer before the point. */
export function figure(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));
}

/** For benches that have no section of their own: every number that is not in a list of samples. */
export function numbersSection(result: Result): string {
  const {
    name: _name,
    measuredAt: _measuredAt,
    machine: _machine,
    loadAverage: _loadAverage,
    unit,
    ...rest
  } = result;
  const rows = numbersIn(rest).map(([path, value]) => [path.join(', '), figure(value)]);
  return table(['', unit ?? ''], rows);
}

function numbersIn(value: unknown, path: readonly string[] = []): [readonly string[], number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => numbersIn(part, [...path, key]));
}
