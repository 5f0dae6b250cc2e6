import type { Readable } from 'node:stream';
import type { CompoundBatch } from '../core/compound.ts';
import { AssayerError } from '../core/errors.ts';
import { type ChosenColumns, findColumn, type NamedColumns } from './choose-columns.ts';
import { throwIfCancelled } from './file-error.ts';
import { findColumns } from './find-columns.ts';
import { InputBytes } from './input-bytes.ts';
import type { RowSource } from './row-source.ts';
import { detectFormat, type TableFormat } from './table-format.ts';

/** What the caller may say about an input, and where temporary copies may lie. */
export interface OpenTableOptions extends NamedColumns {
  readonly format?: TableFormat | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Folder for copies of standard input and of gunzipped Parquet and Arrow; made when needed. */
  readonly spoolFolder: string;
  /** What '-' reads; the process's standard input unless a test says otherwise. */
  readonly stdin?: Readable;
}

/** An input of compounds. Each data row of the file is exactly one compound, whatever is wrong with it. */
export interface CompoundTable extends AsyncDisposable {
  /** As the caller named it. */
  readonly path: string;
  readonly format: TableFormat;
  readonly columns: readonly string[];
  readonly smilesColumn: string;
  /** Where it stands in `columns`, whose names may repeat. */
  readonly smilesIndex: number;
  /** null when ids are row numbers. */
  readonly idColumn: string | null;
  readonly idIndex: number | null;
  /** What `inputs` hold: SMILES, or V2000/V3000 molblocks from an SD file. */
  readonly inputKind: 'smiles' | 'molblock';
  /** How format and columns were found, in words. */
  readonly how: string;
  /** SHA-256 of the bytes as given, before gunzip. */
  readonly sha256: string;
  /** Size of the bytes as given. */
  readonly sizeBytes: number;
  /** Rows, where the format tells without reading them all. */
  readonly rowCount: number | null;
  /**
   * The cells of some columns, one array for each, in the order asked for.
   * @throws ERR_INPUT_COLUMN_NOT_FOUND
   */
  cells(columns: readonly string[], signal?: AbortSignal): Promise<string[][]>;
  /** Share of the input that the latest `batches` has taken in, 0 to 1; for a progress bar. */
  progress(): number;
  /**
   * All compounds from the start, `batchSize` at a time (the last batch may be smaller). May be called again.
   * `ids` are the id column's texts; a row without one has its row number as id.
   */
  batches(batchSize: number, signal?: AbortSignal): AsyncGenerator<CompoundBatch>;
}

/**
 * Opens a file (or '-') of compounds: finds its format and columns and hashes it. Formats and limits: docs/formats.md.
 * @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_INPUT_EMPTY, ERR_INPUT_FORMAT, ERR_INPUT_CORRUPT,
 *   ERR_INPUT_LINE_TOO_LONG, ERR_INPUT_COLUMN_NOT_FOUND, ERR_INPUT_NO_SMILES_COLUMN, ERR_CANCELLED
 */
export async function openTable(path: string, options: OpenTableOptions): Promise<CompoundTable> {
  const { signal } = options;
  throwIfCancelled(signal);
  await using opened = new AsyncDisposableStack();
  const bytes = opened.use(
    await InputBytes.open(path, options.spoolFolder, options.stdin ?? process.stdin, signal),
  );
  const head = await bytes.head(signal);
  if (head.length === 0) throw new AssayerError('ERR_INPUT_EMPTY', { path });
  const format = detectFormat(path, head, options.format);
  const { source, chosen, inputKind } = await findColumns(bytes, format, options, signal);
  opened.use(source);
  const sha256 = await bytes.sha256(signal);
  const keep = opened.move();
  let rowsRead = 0;
  return {
    path,
    format,
    columns: source.columns,
    smilesColumn: source.columns[chosen.smiles],
    smilesIndex: chosen.smiles,
    idColumn: chosen.id === null ? null : source.columns[chosen.id],
    idIndex: chosen.id,
    inputKind,
    how: chosen.how,
    sha256,
    sizeBytes: bytes.sizeBytes,
    rowCount: source.rowCount,
    async cells(columns, readSignal) {
      const wanted = columns.map((column) => findColumn(path, source.columns, column));
      const cells: string[][] = wanted.map(() => []);
      for await (const piece of source.read(wanted, readSignal)) {
        throwIfCancelled(readSignal);
        piece.forEach((texts, k) => {
          for (const text of texts) cells[k].push(text);
        });
      }
      return cells;
    },
    progress: () =>
      source.rowCount ? rowsRead / source.rowCount : Math.min(1, bytes.consumedBytes / bytes.sizeBytes),
    async *batches(batchSize, readSignal) {
      rowsRead = 0;
      for await (const batch of readCompounds(source, chosen, batchSize, readSignal)) {
        rowsRead += batch.rows.length;
        yield batch;
      }
    },
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

async function* readCompounds(
  source: RowSource,
  { smiles, id }: ChosenColumns,
  batchSize: number,
  signal?: AbortSignal,
): AsyncGenerator<CompoundBatch> {
  let rows: number[] = [];
  let ids: string[] = [];
  let inputs: string[] = [];
  let row = 0;
  for await (const [texts, names] of source.read(id === null ? [smiles] : [smiles, id], signal)) {
    for (let i = 0; i < texts.length; i++, row++) {
      rows.push(row);
      ids.push(names?.[i] || String(row));
      inputs.push(texts[i]);
      if (rows.length === batchSize) {
        throwIfCancelled(signal);
        yield { rows, ids, inputs };
        rows = [];
        ids = [];
        inputs = [];
      }
    }
  }
  if (rows.length > 0) yield { rows, ids, inputs };
}
