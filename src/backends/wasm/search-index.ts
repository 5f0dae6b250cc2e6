import { setImmediate as nextTurn } from 'node:timers/promises';
import { AssayerError } from '../../core/errors.ts';
import { popcounts } from '../../core/fingerprint.ts';
import { TANIMOTO } from '../../core/metric.ts';
import type { Hits, References, SearchIndex } from '../../core/ops.ts';
import type { Neighbors } from '../../core/ports.ts';
import {
  checkBins,
  checkK,
  checkReferences,
  checkThreshold,
  countNearest,
  countRows,
  type RowShape,
} from '../../core/search-arguments.ts';
import { buildShards, MAX_SHARD_BYTES, placeWorkspaces } from './search-build.ts';
import { mergeHits, mergeNearest } from './search-merge.ts';
import { planSearch } from './search-plan.ts';
import type { QueryBatch } from './search-queries.ts';
import type { Shard } from './search-shard.ts';
import type { SearchTask } from './search-tasks.ts';
import { SearchThreads } from './search-threads.ts';

export interface SearchOnThreadsOptions {
  /** The worker entry file, workers/search. */
  readonly workerUrl: URL;
  readonly threads: number;
  /** Most bytes of one memory before workspaces; more references go to further memories. */
  readonly maxShardBytes?: number;
}

/** Lays references out bit-sliced in shared memory, and searches them on worker threads. */
export async function createSearchIndex(
  references: References,
  { workerUrl, threads, maxShardBytes = MAX_SHARD_BYTES }: SearchOnThreadsOptions,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<SearchIndex> {
  const shape = checkReferences(references);
  const build = buildShards(references, shape, maxShardBytes);
  for (;;) {
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    const step = build.next();
    if (step.done) return new ThreadedSearchIndex(shape, step.value, workerUrl, threads);
    await nextTurn();
  }
}

class ThreadedSearchIndex implements SearchIndex {
  readonly size: number;
  readonly bits: number;
  readonly rowBytes: number;
  readonly #shape: RowShape;
  #shards: readonly Shard[];
  readonly #threads: SearchThreads;
  /** Settles when the calls before have ended: workspaces serve one call at a time. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(shape: RowShape, shards: readonly Shard[], workerUrl: URL, threads: number) {
    this.size = shape.count;
    this.bits = shape.bits;
    this.rowBytes = shape.rowBytes;
    this.#shape = shape;
    this.#shards = shards;
    this.#threads = new SearchThreads(workerUrl, { shards }, threads);
  }

  nearest: SearchIndex['nearest'] = async (queries, k, { metric = TANIMOTO, signal } = {}) => {
    checkK(k);
    const popcounts = this.#countBits(queries);
    // More than there are references is never found, but would take room.
    const room = Math.min(k, this.size);
    const makeTask = (rows: Uint8Array): SearchTask => ({ kind: 'nearest', rows, k: room, metric });
    const { batches, parts } = await this.#run<Neighbors>(queries, popcounts, room, makeTask, signal);
    return mergeNearest(batches, parts, { k, room }, { metric, popcounts });
  };

  within: SearchIndex['within'] = async (queries, threshold, { metric = TANIMOTO, signal } = {}) => {
    checkThreshold(threshold);
    const popcounts = this.#countBits(queries);
    const makeTask = (rows: Uint8Array): SearchTask => ({ kind: 'within', rows, threshold, metric });
    const { batches, parts } = await this.#run<Hits>(queries, popcounts, 0, makeTask, signal);
    return mergeHits(batches, parts, { metric, popcounts });
  };

  nearestHistogram: SearchIndex['nearestHistogram'] = async (queries, bins, options = {}) => {
    checkBins(bins);
    const found = await this.nearest(queries, 1, options);
    return countNearest(found, this.#countBits(queries), options.metric ?? TANIMOTO, bins);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads.close();
    this.#shards = [];
  }

  #countBits(queries: Uint8Array): Uint16Array {
    countRows(queries, this.rowBytes);
    return popcounts(queries, this.rowBytes, this.#shape.bytes);
  }

  /** Every batch of queries against every shard. @returns parts [batches][shards] */
  async #run<Result extends Neighbors | Hits>(
    queries: Uint8Array,
    popcounts: Uint16Array,
    k: number,
    makeTask: (rows: Uint8Array) => SearchTask,
    signal: AbortSignal | undefined,
  ): Promise<{ batches: readonly QueryBatch[]; parts: Result[][] }> {
    const shards = this.#shards;
    const threads = this.#threads.threads;
    const shape = this.#shape;
    const { batches, workspaceBytes } = planSearch(shards, queries, shape, popcounts, k, threads);
    const run = this.#before.then(() => {
      const places = shards.map((shard) => placeWorkspaces(shard, threads, workspaceBytes));
      const tasks = batches.flatMap(({ rows }) =>
        shards.map((_, shard) => ({
          task: makeTask(rows),
          shard,
          workspaces: places[shard],
          workspaceBytes,
        })),
      );
      return this.#threads.run(tasks, signal);
    });
    this.#before = run.catch(() => undefined);
    const results = (await run) as Result[];
    const parts = batches.map((_, b) => results.slice(b * shards.length, (b + 1) * shards.length));
    return { batches, parts };
  }
}
