import { type Fraction, type Metric, thresholdFraction } from '../../core/metric.ts';
import type { Hits } from '../../core/ops.ts';
import { PAIRS_PER_CALL } from './nearest.ts';
import { loadKernel } from './search-kernel.ts';
import { writeQueries } from './search-queries.ts';
import { BLOCK, HIT_BYTES, type Shard, workspaceLayout, writeMetric } from './search-shard.ts';

export interface WithinTask {
  readonly kind: 'within';
  readonly rows: Uint8Array;
  readonly threshold: Fraction;
  readonly metric: Metric;
}

/**
 * Every reference of one shard within a similarity of each query of a batch (kernels/within/within.c). The kernel
 * fills a buffer in the workspace; when that is full it is emptied here and the search goes on.
 * @param workspace       address of a workspace that nobody else uses
 * @param workspaceBytes  its size: room for at least one block of hits beside the queries
 */
export function withinShard(
  shard: Shard,
  workspace: number,
  workspaceBytes: number,
  { rows, threshold, metric }: WithinTask,
  cancelled: () => boolean,
): Hits {
  const { memory, addresses } = shard;
  const blockCount = shard.blockPopcounts.length;
  const layout = workspaceLayout(workspace, blockCount);
  const kernel = loadKernel('within', memory, layout.stack);
  writeMetric(memory, layout.metric, metric);
  const least = thresholdFraction(metric, threshold);
  new BigUint64Array(memory.buffer, layout.threshold, 2).set([
    BigInt(least.numerator),
    BigInt(least.denominator),
  ]);
  const queries = writeQueries(memory, layout.rest, rows, shard, 0, (query) => query);
  const count = queries.popcounts.length;
  const hits = queries.end;
  const capacity = Math.floor((workspace + workspaceBytes - hits) / (HIT_BYTES + 4));
  const owners = hits + capacity * HIT_BYTES;
  const blocks = new Uint32Array(memory.buffer, layout.blocks, blockCount);
  for (let b = 0; b < blockCount; b++) blocks[b] = b;
  const cursor = new Uint32Array(memory.buffer, layout.cursor, 2).fill(0);
  const step = Math.max(1, Math.floor(PAIRS_PER_CALL / (BLOCK * count)));
  const found = new HitCollector(queries.popcounts);
  while (cursor[0] < blockCount && !cancelled()) {
    const size = kernel.search(
      addresses.index,
      layout.metric,
      layout.threshold,
      layout.blocks,
      Math.min(blockCount, cursor[0] + step),
      queries.address,
      count,
      layout.cursor,
      hits,
      owners,
      capacity,
      layout.planes,
    );
    found.add(new Uint32Array(memory.buffer, hits, size * 4), new Uint32Array(memory.buffer, owners, size));
  }
  return found.sorted();
}

/** Hits as the kernel writes them, to be put in order. */
class HitCollector {
  readonly #popcounts: Uint16Array;
  readonly #counts: Float64Array;
  readonly #parts: { hits: Uint32Array; owners: Uint32Array }[] = [];

  constructor(popcounts: Uint16Array) {
    this.#popcounts = popcounts;
    this.#counts = new Float64Array(popcounts.length + 1);
  }

  /** Copies hits, four words each, and the query of each. */
  add(hits: Uint32Array, owners: Uint32Array): void {
    if (owners.length === 0) return;
    this.#parts.push({ hits: hits.slice(), owners: owners.slice() });
    for (const owner of owners) this.#counts[owner + 1]++;
  }

  sorted(): Hits {
    const offsets = this.#counts;
    for (let q = 1; q < offsets.length; q++) offsets[q] += offsets[q - 1];
    const total = offsets[offsets.length - 1];
    const words = new Uint32Array(total * 4);
    const next = offsets.slice();
    for (const { hits, owners } of this.#parts) {
      for (let i = 0; i < owners.length; i++) {
        words.set(hits.subarray(i * 4, i * 4 + 4), next[owners[i]]++ * 4);
      }
    }
    const similarities = new Float64Array(words.buffer);
    const out = {
      offsets,
      indexes: new Uint32Array(total),
      intersections: new Uint16Array(total),
      unions: new Uint16Array(total),
    };
    for (let q = 0; q + 1 < offsets.length; q++) {
      const order = Uint32Array.from({ length: offsets[q + 1] - offsets[q] }, (_, i) => offsets[q] + i);
      order.sort((x, y) => similarities[y * 2] - similarities[x * 2] || words[x * 4 + 2] - words[y * 4 + 2]);
      for (const [i, from] of order.entries()) {
        const shared = words[from * 4 + 3] & 0xffff;
        out.indexes[offsets[q] + i] = words[from * 4 + 2];
        out.intersections[offsets[q] + i] = shared;
        out.unions[offsets[q] + i] = this.#popcounts[q] + (words[from * 4 + 3] >>> 16) - shared;
      }
    }
    return out;
  }
}
