import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Metric, similarityRank } from '../../core/metric.ts';
import type { Hits } from '../../core/ops.ts';
import { inHostMemory } from './search-memory.ts';
import { type FoundHits, HIT_WORDS } from './search-within.ts';
import { throwIfCancelled } from './sorted-rows.ts';

/** Hits that are put in order between two looks at the signal. */
const HITS_AT_ONCE = 2 ** 18;

/**
 * Brings the hits of all queries into the order of results.
 * @param queryCount  of the caller
 * @throws ERR_CANCELLED, ERR_OUT_OF_MEMORY
 */
export async function orderHits(
  found: readonly FoundHits[],
  queryCount: number,
  metric: Metric,
  signal: AbortSignal | undefined,
): Promise<Hits> {
  const offsetBytes = (queryCount + 1) * 8;
  const offsets = inHostMemory(offsetBytes, 'hits', () => new Float64Array(queryCount + 1));
  for (const { words, first, order } of found) {
    for (let i = 0; i < words.length; i += HIT_WORDS) offsets[first + order[words[i]] + 1]++;
  }
  for (let q = 0; q < queryCount; q++) offsets[q + 1] += offsets[q];
  const { hits, ranks } = makeRoom(offsets);
  const next = offsets.slice();
  for (const { words, first, order, setBits } of found) {
    for (let i = 0; i < words.length; i += HIT_WORDS) {
      const place = words[i];
      const at = next[first + order[place]]++;
      const shared = words[i + 2] & 0xffff;
      const targetBits = words[i + 2] >>> 16;
      hits.indexes[at] = words[i + 1];
      hits.intersections[at] = shared;
      hits.unions[at] = setBits[place] + targetBits - shared;
      ranks[at] = similarityRank(metric, shared, setBits[place], targetBits);
    }
  }
  for (let q = 0, since = 0; q < queryCount; q++) {
    sortHits(hits, ranks, offsets[q], offsets[q + 1]);
    since += offsets[q + 1] - offsets[q];
    if (since < HITS_AT_ONCE) continue;
    since = 0;
    await nextTurn();
    throwIfCancelled(signal);
  }
  return hits;
}

function makeRoom(offsets: Float64Array): { hits: Hits; ranks: Float64Array } {
  const total = offsets[offsets.length - 1];
  return inHostMemory(total * 16, `${total} hits`, () => ({
    hits: {
      offsets,
      indexes: new Uint32Array(total),
      intersections: new Uint16Array(total),
      unions: new Uint16Array(total),
    },
    ranks: new Float64Array(total),
  }));
}

/** Sorts the hits of one query. */
function sortHits(hits: Hits, ranks: Float64Array, from: number, end: number): void {
  if (end - from < 2) return;
  const places = Uint32Array.from({ length: end - from }, (_, i) => i);
  places.sort((x, y) => ranks[from + y] - ranks[from + x] || hits.indexes[from + x] - hits.indexes[from + y]);
  for (const values of [hits.indexes, hits.intersections, hits.unions]) {
    const before = values.slice(from, end);
    for (let i = 0; i < places.length; i++) values[from + i] = before[places[i]];
  }
}
