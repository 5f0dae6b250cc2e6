import { open, symlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AssayerError, describeCause } from '../core/errors.ts';
import { type DuckDb, openDuckDb, sqlName, sqlText } from './duckdb.ts';
import { inputError, throwIfCancelled } from './file-error.ts';
import type { InputBytes } from './input-bytes.ts';
import { CELL_LIMIT_BYTES, CUT_CELL_CHARACTERS, type RowSource, requireFewColumns } from './row-source.ts';

/**
 * A Parquet file as rows, by DuckDB; every column is read as text, null as ''. Cells over CELL_LIMIT_BYTES are cut.
 * @throws ERR_INPUT_CORRUPT, ERR_INPUT_FORMAT (too many columns), ERR_INPUT_UNREADABLE (it changed), ERR_CANCELLED
 */
export async function openParquetRows(bytes: InputBytes, signal?: AbortSignal): Promise<RowSource> {
  const { path } = bytes;
  const file = await bytes.plainFile(signal);
  const corrupt = (problem: string, cause?: unknown) =>
    new AssayerError('ERR_INPUT_CORRUPT', { path, problem }, { cause });
  if (!(await endsInMagic(file, path))) throw corrupt('its Parquet footer is missing, so it was cut short');
  // Without binary_as_string, text that a writer did not mark as text would come out escaped: F/C=C\F as F/C=C\x5CF.
  const from = `read_parquet(${sqlText(await withoutPattern(file, bytes))}, binary_as_string = true)`;
  const guard = (cause: unknown) =>
    cause instanceof AssayerError ? cause : corrupt(`as Parquet: ${describeCause(cause)}`, cause);
  const database = await openDuckDb(':memory:');
  try {
    const { connection } = database;
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`);
    const columns = described.getRows().map(([name]) => String(name));
    requireFewColumns(path, 'Parquet', columns.length);
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${from}`);
    return {
      columns,
      rowCount: Number(counted.getRows()[0][0]),
      async *read(wanted, readSignal) {
        const list = wanted.map((column) => cellSql(columns[column])).join(', ');
        try {
          yield* readText(database, `SELECT ${list} FROM ${from}`, wanted.length, readSignal);
          await bytes.requireUnchanged();
        } catch (cause) {
          throw guard(cause);
        }
      },
      [Symbol.asyncDispose]: async () => database[Symbol.dispose](),
    };
  } catch (cause) {
    database[Symbol.dispose]();
    throw guard(cause);
  }
}

function cellSql(column: string): string {
  const text = `CAST(${sqlName(column)} AS VARCHAR)`;
  return `CASE WHEN strlen(${text}) > ${CELL_LIMIT_BYTES} THEN left(${text}, ${CUT_CELL_CHARACTERS}) ELSE ${text} END`;
}

async function* readText(
  database: DuckDb,
  sql: string,
  width: number,
  signal?: AbortSignal,
): AsyncGenerator<string[][]> {
  const result = await database.connection.stream(sql);
  for (;;) {
    throwIfCancelled(signal);
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield Array.from({ length: width }, (_, k) =>
      chunk.getColumnValues(k).map((value) => (value === null ? '' : String(value))),
    );
  }
}

async function endsInMagic(file: string, path: string): Promise<boolean> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    if (size < 12) return false;
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, size - 4);
    return buffer.toString('latin1') === 'PAR1';
  } catch (cause) {
    throw inputError(path, cause);
  }
}

/** DuckDB takes * ? [ { in a path for a pattern and cannot be told otherwise: such a file is read through a link. */
export async function withoutPattern(file: string, bytes: InputBytes): Promise<string> {
  if (!/[*?[{]/.test(file)) return resolve(file);
  const link = await bytes.temporary('link');
  await symlink(resolve(file), link);
  return link;
}
