import { FINGERPRINT_BYTES, MORGAN_BITS, popcounts } from '../../core/fingerprint.ts';
import { TANIMOTO } from '../../core/metric.ts';
import type { NeighborIndex } from '../../core/ports.ts';
import { checkReferences, countRows, emptyNeighbors } from '../../core/search-arguments.ts';
import { nearestInShard } from './nearest.ts';
import { buildShards, MAX_SHARD_BYTES, placeWorkspaces } from './search-build.ts';
import { mergeNearest } from './search-merge.ts';
import { planSearch } from './search-plan.ts';

/**
 * Exact nearest neighbours on the calling thread, for sets small enough that nobody minds waiting (a training set).
 * @param fingerprints uint8 [n, 384]; only the Morgan bits are read, and nothing of it is kept
 * @throws ERR_USAGE, ERR_OUT_OF_MEMORY
 */
export function createNeighborIndex(fingerprints: Uint8Array): NeighborIndex {
  const references = { fingerprints, bits: MORGAN_BITS, rowBytes: FINGERPRINT_BYTES };
  const shape = checkReferences(references);
  const build = buildShards(references, shape, MAX_SHARD_BYTES);
  let step = build.next();
  while (!step.done) step = build.next();
  const shards = step.value;

  return {
    size: shape.count,
    async nearest(queries, k) {
      const count = countRows(queries, FINGERPRINT_BYTES);
      const room = Math.min(k, shape.count);
      if (room === 0) return emptyNeighbors(count, k);
      const counts = popcounts(queries, FINGERPRINT_BYTES, shape.bytes);
      const { batches, workspaceBytes } = planSearch(shards, queries, shape, counts, room, 1);
      const places = shards.map((shard) => placeWorkspaces(shard, 1, workspaceBytes)[0]);
      const parts = batches.map(({ rows }) =>
        shards.map((shard, i) =>
          nearestInShard(shard, places[i], { kind: 'nearest', rows, k: room, metric: TANIMOTO }, () => false),
        ),
      );
      return mergeNearest(batches, parts, { k, room }, { metric: TANIMOTO, popcounts: counts });
    },
    // The memory goes with the last reference to it.
    [Symbol.asyncDispose]: async () => undefined,
  };
}
