import { AssayerError } from '../core/errors.ts';
import { float32Text } from './float32-text.ts';
import type { Cell } from './table-columns.ts';

/**
 * Cells of one row by column. CSV and TSV hold texts only ('0.5', 'true'; null where the cell is empty), the other
 * formats numbers and truth values too; a float32 is the same number everywhere.
 */
export type ResultRow = Readonly<Record<string, Cell>>;

/** Who stands in some consecutive rows of a result, and where the rows are. */
export interface ScannedRows {
  readonly ids: readonly string[];
  /** null for a rejected compound, and for one that has none. */
  readonly inchikeys: readonly (string | null)[];
  readonly places: readonly number[];
}

/** @throws ERR_INPUT_COLUMN_NOT_FOUND */
export function requireColumns(
  path: string,
  columns: readonly string[],
  wanted: ReadonlySet<string> | null,
): void {
  for (const column of wanted ?? []) {
    if (columns.includes(column)) continue;
    throw new AssayerError('ERR_INPUT_COLUMN_NOT_FOUND', { path, column, columns: columns.join(', ') });
  }
}

/** A float32 as the number that the text formats write for it, so that a row reads alike in every format. */
export function float32Number(value: number): number {
  return Number(float32Text(value));
}
