import { symlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type DuckDBConnection, type DuckDBResult, DuckDBTypeId } from '@duckdb/node-api';
import { AssayerError, describeCause } from '../core/errors.ts';
import { openDuckDb, sqlName, sqlText } from './duckdb.ts';
import { throwIfCancelled, workspaceError } from './file-error.ts';
import { removeAtExit, removeNow } from './leftovers.ts';
import { float32Number, type ResultRow, type ScannedRows } from './result-rows-columns.ts';
import type { Cell } from './table-columns.ts';
import { temporaryPath, type Workspace } from './workspace.ts';

/** Ids and InChIKeys of all rows; the place of a row is its number. @throws ERR_INPUT_CORRUPT, ERR_CANCELLED */
export async function* scanParquetRows(
  workspace: Workspace,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<ScannedRows> {
  using database = await openDuckDb(':memory:');
  await using file = await plainName(workspace, path);
  try {
    const result = await database.connection.stream(
      `SELECT id, inchikey, file_row_number FROM read_parquet(${sqlText(file.path)}, file_row_number = true)`,
    );
    for (;;) {
      throwIfCancelled(signal);
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      yield {
        ids: chunk.getColumnValues(0) as string[],
        inchikeys: chunk.getColumnValues(1) as (string | null)[],
        places: chunk.getColumnValues(2).map(Number),
      };
    }
  } catch (cause) {
    throw parquetError(path, cause);
  }
}

/**
 * The rows of these numbers, in ascending order. DuckDB unpacks the wanted columns of the row groups that hold them.
 * @param columns  null for all
 * @throws ERR_INPUT_CORRUPT, also where a column is not there
 */
export async function readParquetRows(
  workspace: Workspace,
  connection: DuckDBConnection,
  path: string,
  places: readonly number[],
  columns: ReadonlySet<string> | null,
): Promise<ResultRow[]> {
  await using file = await plainName(workspace, path);
  const list = columns === null ? '* EXCLUDE (file_row_number)' : [...columns].map(sqlName).join(', ');
  try {
    const result = await connection.run(
      `SELECT ${list} FROM read_parquet(${sqlText(file.path)}, file_row_number = true)
       WHERE file_row_number IN (${places.join(', ')}) ORDER BY file_row_number`,
    );
    return await rowsOf(result);
  } catch (cause) {
    throw parquetError(path, cause);
  }
}

async function rowsOf(result: DuckDBResult): Promise<ResultRow[]> {
  const names = result.columnNames();
  const isFloat = names.map((_, k) => result.columnTypeId(k) === DuckDBTypeId.FLOAT);
  const cells = await result.getRows();
  return cells.map((row) =>
    Object.fromEntries(
      row.map((value, k) => [
        names[k],
        isFloat[k] && typeof value === 'number' ? float32Number(value) : (value as Cell),
      ]),
    ),
  );
}

function parquetError(path: string, cause: unknown): AssayerError {
  if (cause instanceof AssayerError) return cause;
  const problem = `as Parquet: ${describeCause(cause)}`;
  return new AssayerError('ERR_INPUT_CORRUPT', { path, problem }, { cause });
}

/** DuckDB takes * ? [ { in a path for a pattern and cannot be told otherwise: such a file is read through a link. */
async function plainName(workspace: Workspace, path: string): Promise<{ path: string } & AsyncDisposable> {
  if (!/[*?[{]/.test(path)) return { path, [Symbol.asyncDispose]: async () => {} };
  const link = temporaryPath(workspace.tmp, 'link');
  try {
    await symlink(resolve(path), link);
  } catch (cause) {
    throw workspaceError(link, cause);
  }
  removeAtExit(link);
  return { path: link, [Symbol.asyncDispose]: () => removeNow(link) };
}
