import type { StoredResult } from '../core/trace.ts';
import { type DuckDb, openDuckDb } from './duckdb.ts';
import { readArrowRows } from './result-rows-arrow.ts';
import type { ResultRow } from './result-rows-columns.ts';
import { readParquetRows } from './result-rows-parquet.ts';
import { readRecorded } from './result-rows-recorded.ts';
import { unknownFormat } from './result-rows-scan.ts';
import { readTextRows } from './result-rows-text.ts';
import type { Workspace } from './workspace.ts';

/** Reads single rows of many results. Disposal closes what it opened. */
export class ResultReader implements AsyncDisposable {
  readonly #workspace: Workspace;
  /** Opening DuckDB takes longer than most answers, so one serves all Parquet files. */
  #database: Promise<DuckDb> | null = null;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /**
   * The rows of a result at some places, while it is certain to be the file that its run recorded (how certain:
   * `readRecorded`). Text is read at the place; a gzipped one is unpacked up to it; Parquet by row group, Arrow by batch.
   * @param places   from the result's key file (`CompoundKeys.find`): byte of the unpacked text, row number in Parquet,
   *   batch and row in Arrow; each once
   * @param columns  names of the wanted columns; all where not given
   * @returns by ascending place
   * @throws ERR_INPUT_NOT_FOUND, ERR_INPUT_CORRUPT (another file now), ERR_INPUT_UNREADABLE, ERR_INPUT_COLUMN_NOT_FOUND,
   *   ERR_INPUT_FORMAT, ERR_WORKSPACE, ERR_CANCELLED
   */
  async read(
    result: StoredResult,
    places: readonly number[],
    columns?: readonly string[],
    signal?: AbortSignal,
  ): Promise<ResultRow[]> {
    const sorted = places.toSorted((a, b) => a - b);
    const wanted = columns === undefined ? null : new Set(columns);
    return await readRecorded(this.#workspace, result, signal, async (path) => {
      switch (result.format) {
        case 'csv':
        case 'tsv':
        case 'jsonl':
          return await readTextRows(path, result.format, sorted, wanted, signal);
        case 'parquet': {
          this.#database ??= openDuckDb(':memory:');
          const { connection } = await this.#database;
          return await readParquetRows(this.#workspace, connection, path, sorted, wanted);
        }
        case 'arrow':
          return await readArrowRows(path, sorted, wanted);
        default:
          throw unknownFormat(path, result.format);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#database)?.[Symbol.dispose]();
  }
}
