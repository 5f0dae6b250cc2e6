import type { RowShape } from '../../core/search-arguments.ts';
import { WORKSPACE_BYTES } from './search-build.ts';
import { ALIGNMENT } from './search-memory.ts';
import { batchQueries, type QueryBatch, queryBytes } from './search-queries.ts';
import { BLOCK, HIT_BYTES, type Shard, workspaceOverhead } from './search-shard.ts';

/** Room that `within` keeps for hits beside the queries. */
const LEAST_HIT_BYTES = 8 * BLOCK * (HIT_BYTES + 4);
const PAGE_BYTES = 65536;

/** How a call is cut into tasks. */
export interface SearchPlan {
  readonly batches: readonly QueryBatch[];
  /** Workspace that each thread needs in every shard. */
  readonly workspaceBytes: number;
}

/**
 * Batches of queries that fit the usual workspace; a single query with a very large k gets a larger one.
 * @param k  hits kept for each query while searching; 0 where they are handed out as they are found
 */
export function planSearch(
  shards: readonly Shard[],
  queries: Uint8Array,
  shape: RowShape,
  popcounts: Uint16Array,
  k: number,
  threads: number,
): SearchPlan {
  const blockCount = shards.reduce((most, shard) => Math.max(most, shard.blockPopcounts.length), 0);
  const overhead = workspaceOverhead(blockCount) + LEAST_HIT_BYTES + 2 * ALIGNMENT;
  const largest = popcounts.reduce((bytes, popcount) => Math.max(bytes, queryBytes(popcount, k)), 0);
  const workspaceBytes = Math.max(WORKSPACE_BYTES, Math.ceil((overhead + largest) / PAGE_BYTES) * PAGE_BYTES);
  const limitBytes = workspaceBytes - overhead;
  return { batches: batchQueries(queries, shape, popcounts, { k, threads, limitBytes }), workspaceBytes };
}
