import { AssayerError } from '../core/errors.ts';

/** Longest line or record of a delimited, SMI or JSON lines file, in bytes. Far above any compound's row. */
export const LINE_LIMIT_BYTES = 1 << 20;
/** Longest record of an SD file, in bytes. */
export const RECORD_LIMIT_BYTES = 4 << 20;

/** Longest cell of a Parquet or Arrow file, in bytes, as lines bound the cells of text formats. */
export const CELL_LIMIT_BYTES = LINE_LIMIT_BYTES;
/** What is kept of a longer cell, in characters: far too long for a SMILES, so the row stays and is refused. */
export const CUT_CELL_CHARACTERS = 1 << 16;
/** Most columns, keys or fields. Far above any table of compounds; with more, telling them apart takes all the time. */
export const COLUMN_LIMIT = 10_000;
/** Number of the rules by which bytes become rows and cells. Raise it when they change: features stored before are made anew. */
export const READER_VERSION = 1;

/** @throws ERR_INPUT_FORMAT over COLUMN_LIMIT */
export function requireFewColumns(path: string, format: string, count: number): void {
  if (count <= COLUMN_LIMIT) return;
  const problem = `it has ${count} columns or more, and ${COLUMN_LIMIT} is the most`;
  throw new AssayerError('ERR_INPUT_FORMAT', { path, format, problem });
}

/** A cell's text within CELL_LIMIT_BYTES as it is, a longer one cut. */
export function boundedCell(text: string): string {
  const isLong = text.length > CELL_LIMIT_BYTES / 3 && Buffer.byteLength(text) > CELL_LIMIT_BYTES;
  return isLong ? text.slice(0, CUT_CELL_CHARACTERS).toWellFormed() : text;
}

/** One table of text cells, whatever the file format. Every data row of the file is exactly one row here. */
export interface RowSource extends AsyncDisposable {
  /** Names as in the file; they may repeat. */
  readonly columns: readonly string[];
  /** Rows, where the format tells without reading them all. */
  readonly rowCount: number | null;
  /**
   * Reads the table from its start; may be called again.
   * @param wanted indexes of columns
   * @returns consecutive pieces: one array of cells for each wanted column, all of one length; a missing cell is ''
   */
  read(wanted: readonly number[], signal?: AbortSignal): AsyncGenerator<string[][]>;
}

/** At least `count` rows from the start (fewer only if there are no more), one array for each column. */
export async function sampleRows(
  source: RowSource,
  count: number,
  signal?: AbortSignal,
): Promise<string[][]> {
  const all = source.columns.map((_, i) => i);
  const sample: string[][] = all.map(() => []);
  let rows = 0;
  for await (const piece of source.read(all, signal)) {
    rows += piece[0]?.length ?? 0;
    piece.forEach((cells, i) => {
      for (let k = 0; k < cells.length && sample[i].length < count; k++) sample[i].push(cells[k]);
    });
    if (rows >= count) break;
  }
  return sample;
}
