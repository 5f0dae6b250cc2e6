import { rm } from 'node:fs/promises';
import { BOOLEAN, DuckDBDataChunk, type DuckDBType, FLOAT, INTEGER, VARCHAR } from '@duckdb/node-api';
import { openDuckDb, sqlName, sqlText } from './duckdb.ts';
import { removeAtExit, removeNow } from './leftovers.ts';
import { type Cell, FixedPieces, type TableColumn } from './table-columns.ts';
import { sortedMetadata, type TableEncoder, type TableSchema } from './table-encoder.ts';

/** DuckDB's vector size, the most rows of one data chunk. */
const CHUNK_ROWS = 2048;
/** Rows of a row group; fixed, so that the bytes do not depend on the machine. */
const ROW_GROUP_ROWS = 122_880;

const DUCKDB_TYPES: Readonly<Record<TableColumn['type'], DuckDBType>> = {
  int: INTEGER,
  float: FLOAT,
  string: VARCHAR,
  boolean: BOOLEAN,
};

/**
 * A Parquet file by DuckDB, zstd, metadata as key-value pairs. Rows are staged in a database file beside the output, so
 * memory is bounded; the Parquet file is written by `end`.
 * @param path    file to write
 * @param staging name for the staging file; it goes when the encoder is disposed
 */
export async function startParquetTable(
  { columns, metadata }: TableSchema,
  path: string,
  staging: string,
): Promise<TableEncoder> {
  await rm(staging, { force: true });
  for (const file of [staging, `${staging}.wal`]) removeAtExit(file);
  const database = await openDuckDb(staging);
  const { connection } = database;
  const definitions = columns.map(({ name, type }) => `${sqlName(name)} ${DUCKDB_TYPES[type]}`);
  await connection.run(`CREATE TABLE rows (${definitions.join(', ')})`);
  const appender = await connection.createAppender('rows');
  const types = columns.map(({ type }) => DUCKDB_TYPES[type]);
  const pieces = new FixedPieces(columns, CHUNK_ROWS);
  const put = (cells: readonly Cell[][]) => {
    const chunk = DuckDBDataChunk.create(types, cells[0].length);
    cells.forEach((column, k) => {
      chunk.setColumnValues(k, column);
    });
    appender.appendDataChunk(chunk);
  };
  return {
    async write(values, count) {
      for (const piece of pieces.push(values, count)) put(piece);
    },
    async end() {
      const rest = pieces.rest();
      if (rest[0].length > 0) put(rest);
      appender.closeSync();
      const pairs = [...sortedMetadata(columns, metadata)].map(
        ([key, value]) => `${sqlName(key)}: ${sqlText(value)}`,
      );
      const options = [
        'FORMAT parquet',
        'COMPRESSION zstd',
        'USE_TMP_FILE false',
        `ROW_GROUP_SIZE ${ROW_GROUP_ROWS}`,
      ];
      if (pairs.length) options.push(`KV_METADATA {${pairs.join(', ')}}`);
      await connection.run(`COPY rows TO ${sqlText(path)} (${options.join(', ')})`);
    },
    async [Symbol.asyncDispose]() {
      database[Symbol.dispose]();
      for (const file of [staging, `${staging}.wal`]) await removeNow(file);
    },
  };
}
