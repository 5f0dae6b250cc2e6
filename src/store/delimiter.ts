import { withoutMark } from './byte-order-mark.ts';
import { findSmiles, type NamedColumns } from './choose-columns.ts';
import { DelimitedRecord } from './delimited-record.ts';

/** What may stand between the cells of a CSV, the likeliest first. */
const DELIMITERS = [',', '\t', ';', '|'];

/** Records looked at to choose among them. */
const SAMPLE_RECORDS = 50;

/** What delimits a text, and whether its first line says so instead of being part of the table. */
export interface Delimiter {
  /** One ASCII character. */
  readonly character: string;
  /** True when the first record is such a line ("sep=;", as Excel reads and writes it). */
  readonly declared: boolean;
}

/**
 * The delimiter of a CSV or TSV: as its first line declares it; else tab for TSV; else the one under which SMILES are
 * found (by the name of a column before by content), then the one that cuts most records as it cuts the first, then
 * the one with more cells. A comma wins a draw.
 * @param head the first bytes of the text, after gunzip
 * @param named what the caller named, so that a named column speaks for its delimiter
 */
export function delimiterOf(
  head: Buffer,
  format: 'csv' | 'tsv',
  header: boolean,
  named: NamedColumns,
): Delimiter {
  const text = withoutMark(head);
  const declared = /^"?sep=([\t !#-~])"?\r?(?:\n|$)/i.exec(text.toString('latin1', 0, 16))?.[1];
  if (declared !== undefined) return { character: declared, declared: true };
  if (format === 'tsv') return { character: '\t', declared: false };
  const readings = DELIMITERS.flatMap((character) => readingUnder(text, character, header, named) ?? []);
  readings.sort(
    (a, b) =>
      Number(b.agreement >= 0.5) - Number(a.agreement >= 0.5) ||
      b.smiles - a.smiles ||
      b.agreement - a.agreement ||
      b.cells - a.cells,
  );
  return { character: readings[0]?.character ?? ',', declared: false };
}

/** How a text reads under one delimiter. */
interface Reading {
  readonly character: string;
  /** Cells of the first record. */
  readonly cells: number;
  /** Share of the other records that have as many; 1 when there are none. */
  readonly agreement: number;
  /** Whether a column of SMILES is found: 2 as named or by its name, 1 by its content, 0 not. */
  readonly smiles: 0 | 1 | 2;
}

/** null when the first record is one cell. */
function readingUnder(text: Buffer, character: string, header: boolean, named: NamedColumns): Reading | null {
  const records = firstRecords(text, character);
  const [first, ...others] = records;
  if (first === undefined || first.length < 2) return null;
  const columns = header ? first.map((cell) => cell.trim()) : first.map((_, i) => `column_${i + 1}`);
  const rows = header ? others : records;
  const sample = columns.map((_, i) => rows.map((cells) => cells[i] ?? ''));
  const found = findSmiles(columns, sample, named.smilesColumn);
  return {
    character,
    cells: first.length,
    agreement: others.length
      ? others.filter((cells) => cells.length === first.length).length / others.length
      : 1,
    smiles: found === null ? 0 : found.byContent ? 1 : 2,
  };
}

/** Cells of the first records that are not blank. The last one may be cut where the bytes end. */
function firstRecords(text: Buffer, character: string): string[][] {
  const record = new DelimitedRecord(character.charCodeAt(0));
  const records: string[][] = [];
  for (let at = 0; at < text.length && records.length < SAMPLE_RECORDS; ) {
    at = record.scan(text, at, true);
    if (at < 0) break;
    if (record.count > 0) {
      records.push(Array.from({ length: record.count }, (_, i) => record.text(text, i)));
    }
  }
  return records;
}
