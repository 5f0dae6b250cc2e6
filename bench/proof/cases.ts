/** The real streams of ../shared/data/drift-cases.json, and how its scripts draw rows. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface DriftCase {
  readonly id: string;
  readonly family: string;
  /** Whether nothing has moved. */
  readonly null: boolean;
  readonly title: string;
  /** Below shared/data. */
  readonly files: readonly string[];
  readonly smilesColumns: readonly string[];
  readonly expect: { readonly fires: readonly string[]; readonly quiet: readonly string[] };
  readonly rowFile: string;
  readonly referencePart: string;
  readonly batchParts: readonly string[];
  readonly parts: readonly {
    readonly part: string;
    readonly rows: number;
    readonly censoredShare?: number;
  }[];
  readonly measured: Readonly<
    Record<string, { readonly label?: { readonly meanReference: number; readonly meanBatch: number } }>
  >;
}

/** Rows of one file. */
export interface CaseRows {
  /** Number of the file in the case's `files`. */
  readonly file: number;
  readonly rows: readonly number[];
}

/** @param shared  the folder that holds data/drift-cases.json */
export function readCases(shared: string): DriftCase[] {
  return JSON.parse(readFileSync(join(shared, 'data/drift-cases.json'), 'utf8')).cases;
}

/** @throws where there is no such case */
export function caseNamed(shared: string, wanted: string): DriftCase {
  const one = readCases(shared).find(({ id }) => id === wanted);
  if (!one) throw new Error(`there is no case ${wanted}`);
  return one;
}

/** Rows of each part of a case, in the order of its row file. */
export function readParts(shared: string, { rowFile }: Pick<DriftCase, 'rowFile'>): Map<string, CaseRows> {
  const text = gunzipSync(readFileSync(join(shared, 'data', rowFile))).toString();
  const parts = new Map<string, { file: number; rows: number[] }>();
  for (const line of text.trimEnd().split('\n').slice(1)) {
    const [part, file, row] = line.split(',');
    const entry = parts.get(part) ?? { file: Number(file), rows: [] };
    entry.rows.push(Number(row));
    parts.set(part, entry);
  }
  return parts;
}

/** The first twelve hexadecimal digits of sha256("tag:key"), as make-drift.py draws by. */
export function drawNumber(tag: string, key: string | number): number {
  return Number.parseInt(createHash('sha256').update(`${tag}:${key}`).digest('hex').slice(0, 12), 16);
}

/** Rows by the number of their key under the tag: of so many keys one goes to the second part; whole keys go to one part. */
export function drawHalves(
  rows: readonly number[],
  tag: string,
  keyOf: (row: number) => string | number,
  oneIn = 2,
): [number[], number[]] {
  const parts: [number[], number[]] = [[], []];
  for (const row of rows) parts[drawNumber(tag, keyOf(row)) % oneIn === oneIn - 1 ? 1 : 0].push(row);
  return parts;
}

/** As many rows as asked for, those with the smallest numbers under the tag, ascending. */
export function drawRows(rows: readonly number[], count: number, tag: string): number[] {
  return rows
    .map((row) => ({ row, number: drawNumber(tag, row) }))
    .sort((a, b) => a.number - b.number)
    .slice(0, count)
    .map(({ row }) => row)
    .sort((a, b) => a - b);
}
