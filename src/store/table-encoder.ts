import { Schema } from 'apache-arrow';
import { arrowData, arrowField, recordBatch } from './arrow-columns.ts';
import { startArrowFile } from './arrow-file.ts';
import { GzipSink } from './gzip-sink.ts';
import type { ByteSink } from './hashed-file.ts';
import { type ColumnValues, FixedPieces, type TableColumn, unitsOf } from './table-columns.ts';
import type { TextEncoding } from './text-encoder.ts';

/** What an output table is made of beside its rows. */
export interface TableSchema {
  readonly columns: readonly TableColumn[];
  /** Texts that go into the file, where the format has a place for them. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Turns rows into the bytes of one format. */
export interface TableEncoder extends AsyncDisposable {
  write(values: ColumnValues, count: number): Promise<void>;
  /** Writes all that is left; nothing is written after. */
  end(): Promise<void>;
}

/** Rows in one record batch of a written Arrow file. */
const ARROW_BATCH_ROWS = 8192;

/** Lines of text, gzipped where asked. */
export async function startTextTable(
  { columns }: TableSchema,
  sink: ByteSink,
  encoding: TextEncoding,
  gzip: boolean,
): Promise<TableEncoder> {
  const packed = gzip ? new GzipSink(sink) : null;
  const target = packed ?? sink;
  const put = async (text: string) => {
    if (text !== '') await target.write(Buffer.from(text));
  };
  await put(encoding.head(columns));
  return {
    write: (values, count) => put(encoding.rows(columns, values, count)),
    end: async () => packed?.end(),
    [Symbol.asyncDispose]: async () => packed?.[Symbol.dispose](),
  };
}

/** An Arrow IPC file: metadata in the schema, units in the fields' metadata. */
export async function startArrowTable(
  { columns, metadata }: TableSchema,
  sink: ByteSink,
): Promise<TableEncoder> {
  const schema = new Schema(columns.map(arrowField), sortedMetadata(columns, metadata));
  const pieces = new FixedPieces(columns, ARROW_BATCH_ROWS);
  const file = await startArrowFile(schema, sink);
  const put = async (cells: ReturnType<FixedPieces['rest']>) => {
    const data = cells.map((column, k) => arrowData(columns[k].type, column));
    await file.write(recordBatch(schema, cells[0].length, data));
  };
  return {
    async write(values, count) {
      for (const piece of pieces.push(values, count)) await put(piece);
    },
    async end() {
      const rest = pieces.rest();
      if (rest[0].length > 0) await put(rest);
      await file.end();
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Metadata by sorted key, with the units of the columns under `units`. */
export function sortedMetadata(
  columns: readonly TableColumn[],
  metadata: Readonly<Record<string, string>>,
): Map<string, string> {
  const units = unitsOf(columns);
  const all = Object.keys(units).length ? { units: JSON.stringify(units), ...metadata } : metadata;
  return new Map(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}
