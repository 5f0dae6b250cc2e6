import { BLOB, DuckDBBlobValue, DuckDBDataChunk, VARCHAR } from '@duckdb/node-api';
import { AssayerError, describeCause } from '../core/errors.ts';
import { openDuckDb, sqlName, sqlText } from './duckdb.ts';
import { throwIfCancelled } from './file-error.ts';
import { type FingerprintBatch, packedBytes, paddedBytes } from './fingerprint-rows.ts';
import { removeAtExit, removeNow } from './leftovers.ts';

/** Most rows of one DuckDB data chunk. */
const CHUNK_ROWS = 2048;

/** Columns to read: `ids` null takes the row number. */
export interface ParquetColumns {
  readonly fingerprints: string;
  readonly ids: string | null;
}

/**
 * Fingerprints in a binary column of a Parquet file, a batch for each of DuckDB's chunks.
 * @param path  the input as the caller named it; `file` is where its plain bytes lie
 * @throws ERR_INPUT_COLUMN_NOT_FOUND, ERR_INPUT_EMPTY, ERR_INPUT_FORMAT, ERR_INPUT_CORRUPT, ERR_CANCELLED
 */
export async function* readParquetFingerprints(
  path: string,
  file: string,
  columns: ParquetColumns,
  signal?: AbortSignal,
): AsyncGenerator<FingerprintBatch & { readonly width: number }> {
  const refuse = (problem: string) =>
    new AssayerError('ERR_INPUT_FORMAT', { path, format: 'Parquet', problem });
  using database = await openDuckDb(':memory:');
  const { connection } = database;
  try {
    const from = `read_parquet(${sqlText(file)})`;
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`);
    const types = new Map(described.getRows().map(([name, type]) => [String(name), String(type)]));
    for (const column of [columns.fingerprints, columns.ids]) {
      if (column === null || types.has(column)) continue;
      const known = [...types.keys()].join(', ');
      throw new AssayerError('ERR_INPUT_COLUMN_NOT_FOUND', { path, column, columns: known });
    }
    const type = types.get(columns.fingerprints);
    if (type !== 'BLOB') throw refuse(`column ${columns.fingerprints} is ${type}, not binary`);
    const ids = columns.ids === null ? 'NULL' : `CAST(${sqlName(columns.ids)} AS VARCHAR)`;
    const result = await connection.stream(`SELECT ${sqlName(columns.fingerprints)}, ${ids} FROM ${from}`);
    let firstRow = 0;
    let width = 0;
    for (;;) {
      throwIfCancelled(signal);
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const count = chunk.rowCount;
      const blobs = chunk.getColumnValues(0).map((value, i) => {
        if (!(value instanceof DuckDBBlobValue)) throw refuse(`row ${firstRow + i} has no fingerprint`);
        return value.bytes;
      });
      width ||= blobs[0].length;
      const rowBytes = paddedBytes(width * 8);
      const fingerprints = new Uint8Array(count * rowBytes);
      for (const [i, blob] of blobs.entries()) {
        if (blob.length !== width || width === 0) {
          throw refuse(`row ${firstRow + i} has ${blob.length} bytes, row 0 has ${width}`);
        }
        fingerprints.set(blob, i * rowBytes);
      }
      const names = chunk.getColumnValues(1).map((name, i) => {
        if (columns.ids === null) return String(firstRow + i);
        if (name === null || String(name).trim() === '') throw refuse(`row ${firstRow + i} has no id`);
        return String(name);
      });
      yield { count, firstRow, ids: names, fingerprints, width };
      firstRow += count;
    }
    if (firstRow === 0) throw new AssayerError('ERR_INPUT_EMPTY', { path });
  } catch (cause) {
    if (cause instanceof AssayerError) throw cause;
    throw new AssayerError(
      'ERR_INPUT_CORRUPT',
      { path, problem: `as Parquet: ${describeCause(cause)}` },
      { cause },
    );
  }
}

/**
 * Writes fingerprints to a Parquet file: id text, fingerprint binary [packedBytes(bits)].
 * @param path    file to write; rows are staged in `<path>.rows`, which goes
 * @param metadata  key-value pairs of the file
 */
export async function writeParquetFingerprints(
  path: string,
  bits: number,
  batches: AsyncIterable<{ count: number; ids: readonly string[]; fingerprints: Uint8Array }>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const staging = `${path}.rows`;
  for (const file of [staging, `${staging}.wal`]) removeAtExit(file);
  try {
    using database = await openDuckDb(staging);
    const { connection } = database;
    await connection.run('CREATE TABLE rows (id VARCHAR, fingerprint BLOB)');
    const appender = await connection.createAppender('rows');
    const [width, rowBytes] = [packedBytes(bits), paddedBytes(bits)];
    for await (const { count, ids, fingerprints } of batches) {
      for (let from = 0; from < count; from += CHUNK_ROWS) {
        const length = Math.min(CHUNK_ROWS, count - from);
        const chunk = DuckDBDataChunk.create([VARCHAR, BLOB], length);
        chunk.setColumnValues(0, ids.slice(from, from + length));
        const rows = Array.from({ length }, (_, i) => (from + i) * rowBytes);
        chunk.setColumnValues(
          1,
          rows.map((at) => new DuckDBBlobValue(fingerprints.subarray(at, at + width))),
        );
        appender.appendDataChunk(chunk);
      }
    }
    appender.closeSync();
    const pairs = Object.entries(metadata).map(([key, value]) => `${sqlName(key)}: ${sqlText(value)}`);
    await connection.run(
      `COPY rows TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false, KV_METADATA {${pairs.join(', ')}})`,
    );
  } finally {
    for (const file of [staging, `${staging}.wal`]) await removeNow(file);
  }
}
