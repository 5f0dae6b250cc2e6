import type { Metric } from '../../core/metric.ts';
import type { Neighbors } from '../../core/ports.ts';
import { emptyNeighbors } from '../../core/search-arguments.ts';
import { loadKernel } from './search-kernel.ts';
import { writeQueries } from './search-queries.ts';
import {
  BLOCK,
  HIT_BYTES,
  QUERY_BYTES,
  QUERY_TAG,
  type Shard,
  workspaceLayout,
  writeMetric,
} from './search-shard.ts';

/** Pairs looked at between two looks at the signal: some 50 ms. */
export const PAIRS_PER_CALL: number = 2 ** 27;

/** A batch of queries for one shard. */
export interface NearestTask {
  readonly kind: 'nearest';
  readonly rows: Uint8Array;
  readonly k: number;
  readonly metric: Metric;
}

/**
 * The k nearest references in one shard of every query of a batch (kernels/nearest/nearest.c).
 * @param workspace  address of a workspace that nobody else uses
 * @param cancelled  asked now and then; the result is of no use once it said true
 * @returns row-major [queries, k]
 */
export function nearestInShard(
  shard: Shard,
  workspace: number,
  { rows, k, metric }: NearestTask,
  cancelled: () => boolean,
): Neighbors {
  const { memory, addresses } = shard;
  const blockCount = shard.blockPopcounts.length;
  const layout = workspaceLayout(workspace, blockCount);
  const kernel = loadKernel('nearest', memory, layout.stack);
  writeMetric(memory, layout.metric, metric);
  const queries = writeQueries(memory, layout.rest, rows, shard, k, () => 0);
  const count = queries.popcounts.length;
  const middle = queries.popcounts[count >> 1];
  const blocks = new Uint32Array(memory.buffer, layout.blocks, blockCount);
  blocks.set(blocksOutwards(shard.blockPopcounts, middle));
  const step = Math.max(1, Math.floor(PAIRS_PER_CALL / (BLOCK * count)));
  for (let b = 0; b < blockCount && !cancelled(); b += step) {
    const list = layout.blocks + b * 4;
    const length = Math.min(step, blockCount - b);
    kernel.search(addresses.index, layout.metric, list, length, queries.address, count, k, layout.planes);
  }
  kernel.finish(queries.address, count);
  return readHeaps(memory, queries, k);
}

/** All blocks, those nearest in popcount first, so that the similarity to beat rises early. */
function blocksOutwards(blockPopcounts: Uint16Array, popcount: number): Uint32Array {
  const count = blockPopcounts.length;
  let up = blockPopcounts.findIndex((fewest) => fewest >= popcount);
  if (up < 0) up = count;
  let down = up - 1;
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const goesUp =
      down < 0 || (up < count && blockPopcounts[up] - popcount <= popcount - blockPopcounts[down]);
    order[i] = goesUp ? up++ : down--;
  }
  return order;
}

/** Results from the hits that `finish` has put in order. */
function readHeaps(
  memory: WebAssembly.Memory,
  { popcounts, address, hits }: { popcounts: Uint16Array; address: number; hits: number },
  k: number,
): Neighbors {
  const count = popcounts.length;
  const found = emptyNeighbors(count, k);
  const words = new Uint32Array(memory.buffer);
  for (let q = 0; q < count; q++) {
    const size = words[(address + q * QUERY_BYTES) / 4 + QUERY_TAG];
    for (let i = 0; i < size; i++) {
      const hit = (hits + (q * k + i) * HIT_BYTES) / 4;
      const shared = words[hit + 3] & 0xffff;
      found.indexes[q * k + i] = words[hit + 2];
      found.intersections[q * k + i] = shared;
      found.unions[q * k + i] = popcounts[q] + (words[hit + 3] >>> 16) - shared;
    }
  }
  return found;
}
