import { open } from 'node:fs/promises';
import { DataType, type RecordBatch, RecordBatchReader } from 'apache-arrow';
import { AssayerError, describeCause } from '../core/errors.ts';
import { throwIfCancelled } from './file-error.ts';
import { float32Number, type ResultRow, requireColumns, type ScannedRows } from './result-rows-columns.ts';
import type { Cell } from './table-columns.ts';

/**
 * The place of a row in an Arrow file: the number of its record batch times 2^32, and its number in the batch, so that
 * one batch can be read without a look at those before it. Under 2^53 for up to 2^21 batches, 1.7 x 10^10 rows as written here.
 */
const BATCH_FACTOR = 2 ** 32;

/** Ids and InChIKeys of all rows, batch by batch. @throws ERR_INPUT_CORRUPT, ERR_INPUT_COLUMN_NOT_FOUND, ERR_CANCELLED */
export async function* scanArrowRows(path: string, signal?: AbortSignal): AsyncGenerator<ScannedRows> {
  try {
    await using handle = await open(path, 'r');
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    const columns = reader.schema.fields.map(({ name }) => name);
    requireColumns(path, columns, new Set(['id', 'inchikey']));
    let number = 0;
    for await (const batch of reader) {
      throwIfCancelled(signal);
      const [ids, inchikeys] = ['id', 'inchikey'].map((name) => batch.getChild(name));
      const first = number++ * BATCH_FACTOR;
      const rows = Array.from({ length: batch.numRows }, (_, i) => i);
      yield {
        ids: rows.map((i) => ids?.get(i) as string),
        inchikeys: rows.map((i) => inchikeys?.get(i) as string | null),
        places: rows.map((i) => first + i),
      };
    }
  } catch (cause) {
    throw arrowError(path, cause);
  }
}

/**
 * The rows at these places; the record batches that hold them are read whole, one at a time.
 * @param places  ascending @param columns  null for all
 * @throws ERR_INPUT_CORRUPT, ERR_INPUT_COLUMN_NOT_FOUND
 */
export async function readArrowRows(
  path: string,
  places: readonly number[],
  columns: ReadonlySet<string> | null,
): Promise<ResultRow[]> {
  try {
    await using handle = await open(path, 'r');
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    if (!reader.isFile()) throw new Error('it is a stream, not a file');
    const fields = reader.schema.fields.filter(({ name }) => columns === null || columns.has(name));
    requireColumns(
      path,
      fields.map(({ name }) => name),
      columns,
    );
    const rows: ResultRow[] = [];
    let batch: RecordBatch | null = null;
    let held = -1;
    for (const place of places) {
      const number = Math.floor(place / BATCH_FACTOR);
      if (number !== held) batch = await reader.readRecordBatch(number);
      held = number;
      const i = place % BATCH_FACTOR;
      if (batch === null || i >= batch.numRows) throw new Error(`it has no row ${i} in batch ${number}`);
      const from = batch;
      rows.push(
        Object.fromEntries(
          fields.map(({ name, type }) => [name, cellOf(from.getChild(name)?.get(i), DataType.isFloat(type))]),
        ),
      );
    }
    return rows;
  } catch (cause) {
    throw arrowError(path, cause);
  }
}

function cellOf(value: unknown, isFloat: boolean): Cell {
  return isFloat && typeof value === 'number' ? float32Number(value) : (value as Cell);
}

function arrowError(path: string, cause: unknown): unknown {
  // A system's error (ENOENT) is told by the caller, who knows the file's name.
  if (cause instanceof AssayerError || (cause instanceof Error && 'code' in cause)) return cause;
  const problem = `as Arrow: ${describeCause(cause)}`;
  return new AssayerError('ERR_INPUT_CORRUPT', { path, problem }, { cause });
}
