import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssayerError } from '../../core/errors.ts';
import { listOf } from '../../store/choose-columns.ts';
import { openDelimitedRows } from '../../store/delimited-rows.ts';
import { InputBytes } from '../../store/input-bytes.ts';
import { formatOfName } from '../../store/table-format.ts';
import type { Workspace } from '../../store/workspace.ts';
import { requireSource } from '../raw-records.ts';

/** A table below the data folder. */
export interface DataTable {
  /** Whose data it is, for messages. */
  readonly endpoint: string;
  readonly dataFolder: string;
  readonly file: string;
  /** Of the bytes inside the gzip. */
  readonly sha256: string;
}

/**
 * Reads columns of a CSV or TSV file (gzipped or not) as trimmed texts, once it is known to be the file meant.
 * @returns one array for each column, entry i is data row i
 * @throws ERR_DATA_NOT_FOUND, ERR_DATA_SOURCE, ERR_DATA_COLUMN, ERR_CANCELLED, and what a reader of inputs throws
 */
export async function readColumns(
  { endpoint, dataFolder, file, sha256 }: DataTable,
  names: readonly string[],
  workspace: Workspace,
  signal?: AbortSignal,
): Promise<string[][]> {
  const path = join(dataFolder, file);
  if (!existsSync(path)) throw new AssayerError('ERR_DATA_NOT_FOUND', { endpoint, path });
  await using bytes = await InputBytes.open(path, workspace.tmp, process.stdin, signal);
  const hash = createHash('sha256');
  for await (const chunk of bytes.chunks(signal)) hash.update(chunk);
  requireSource(endpoint, path, sha256, hash.digest('hex'));
  const format = formatOfName(path) === 'tsv' ? 'tsv' : 'csv';
  await using source = await openDelimitedRows(bytes, { format, header: true, named: {} }, signal);
  const wanted = names.map((column) => {
    const index = source.columns.indexOf(column);
    if (index >= 0) return index;
    throw new AssayerError('ERR_DATA_COLUMN', { endpoint, column, path, columns: listOf(source.columns) });
  });
  const cells: string[][] = names.map(() => []);
  for await (const piece of source.read(wanted, signal)) {
    piece.forEach((texts, k) => {
      for (const text of texts) cells[k].push(text.trim());
    });
  }
  return cells;
}
