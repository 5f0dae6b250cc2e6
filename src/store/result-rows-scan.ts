import { AssayerError } from '../core/errors.ts';
import type { StoredResult } from '../core/trace.ts';
import { scanArrowRows } from './result-rows-arrow.ts';
import type { ScannedRows } from './result-rows-columns.ts';
import { scanParquetRows } from './result-rows-parquet.ts';
import { scanTextRows } from './result-rows-text.ts';
import type { Workspace } from './workspace.ts';

/**
 * Ids and InChIKeys of all rows of a result, in order, in a stream.
 * @throws ERR_INPUT_FORMAT, ERR_INPUT_CORRUPT, ERR_INPUT_COLUMN_NOT_FOUND, ERR_INPUT_UNREADABLE, ERR_CANCELLED
 */
export function scanResultRows(
  workspace: Workspace,
  { path, format }: StoredResult,
  signal?: AbortSignal,
): AsyncGenerator<ScannedRows> {
  switch (format) {
    case 'csv':
    case 'tsv':
    case 'jsonl':
      return scanTextRows(path, format, signal);
    case 'parquet':
      return scanParquetRows(workspace, path, signal);
    case 'arrow':
      return scanArrowRows(path, signal);
    default:
      throw unknownFormat(path, format);
  }
}

/** A record of another engine's writing. */
export function unknownFormat(path: string, format: string): AssayerError {
  const problem = 'this engine writes no results in that format';
  return new AssayerError('ERR_INPUT_FORMAT', { path, format, problem });
}
