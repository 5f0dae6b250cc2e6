import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Metric, similarityRank } from '../../core/metric.ts';
import { NO_NEIGHBOR } from '../../core/ops.ts';
import type { Neighbors } from '../../core/ports.ts';
import type { CudaDevice } from './cuda-device.ts';
import { inHostMemory } from './search-memory.ts';
import type { ListStep } from './search-parameters.ts';
import { throwIfCancelled } from './sorted-rows.ts';

/** struct Entry of kernels/nearest/search.h, in 32-bit words: row, shared | popcount << 16. */
const ENTRY_WORDS = 2;
/** Entries that are put in order between two looks at the signal. */
const ENTRIES_AT_ONCE = 2 ** 18;

/**
 * Reads lists that are too long for the device to merge and sort, and brings what they hold into the order of results
 * here. Each of a query's lists has the best of the references that it was offered, and no two were offered the same.
 * @param setBits  of each query of the batch
 * @param order    where the caller has each, from `first` on
 * @param into     `k` neighbours for each query of the caller, none found yet; lists are no longer
 */
export async function readLongLists(
  device: CudaDevice,
  { lists, queries, parts, k: listed, metric }: ListStep,
  { setBits, order, first }: { setBits: Uint16Array; order: Uint32Array; first: number },
  k: number,
  into: Neighbors,
  signal: AbortSignal | undefined,
): Promise<void> {
  const entries = parts * queries.count * listed;
  const words = inHostMemory(entries * 8, 'neighbours', () => new Uint32Array(entries * ENTRY_WORDS));
  await device.read(lists, 0, words);
  for (let place = 0, since = 0; place < queries.count; place++, since += parts * listed) {
    if (since >= ENTRIES_AT_ONCE) {
      since = 0;
      await nextTurn();
      throwIfCancelled(signal);
    }
    const ranked = rankEntries(words, { parts, count: queries.count, listed, place }, metric, setBits[place]);
    const at = (first + order[place]) * k;
    for (const [i, entry] of ranked.subarray(0, listed).entries()) {
      const shared = words[entry + 1] & 0xffff;
      into.indexes[at + i] = words[entry];
      into.intersections[at + i] = shared;
      into.unions[at + i] = setBits[place] + (words[entry + 1] >>> 16) - shared;
    }
  }
}

/** Where the entries of one query stand in `words`, the best first. */
function rankEntries(
  words: Uint32Array,
  { parts, count, listed, place }: { parts: number; count: number; listed: number; place: number },
  metric: Metric,
  queryBits: number,
): Float64Array {
  const most = parts * listed;
  return inHostMemory(most * 20, 'neighbours', () => {
    const found = new Float64Array(most);
    const ranks = new Float64Array(most);
    let size = 0;
    for (let part = 0; part < parts; part++) {
      const from = (part * count + place) * listed * ENTRY_WORDS;
      for (let entry = from; entry < from + listed * ENTRY_WORDS; entry += ENTRY_WORDS) {
        if (words[entry] === NO_NEIGHBOR) continue;
        const counts = words[entry + 1];
        found[size] = entry;
        ranks[size++] = similarityRank(metric, counts & 0xffff, queryBits, counts >>> 16);
      }
    }
    const order = Uint32Array.from({ length: size }, (_, i) => i);
    order.sort((x, y) => ranks[y] - ranks[x] || words[found[x]] - words[found[y]]);
    return Float64Array.from(order, (i) => found[i]);
  });
}
