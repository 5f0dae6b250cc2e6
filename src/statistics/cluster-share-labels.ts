import { startColumns } from '../core/mmd-labels.ts';
import { philox, philoxKey } from '../core/philox.ts';
import { clusterSides } from './cluster-sides.ts';
import {
  binomial,
  checkLabelRequest,
  type LabelRequest,
  type PermutationLabels,
  packLabels,
  requireBothSides,
} from './permutation-labels.ts';
import { sortedOrder } from './ranks.ts';

/** Last words of the counters that shares and rows are drawn by. */
const SHARES = 2;
const ROWS = 3;
/** Largest cluster of a stratum over its smallest, at most; clusters of equal size are always together. */
const LIKE_SIZE = 1.25;
/** Clusters of one size that are a stratum without others. */
const ENOUGH_ALIKE = 10;

/**
 * Labels of the clustered null for a batch that draws on clusters which the reference holds too, at any ratio of the two: the
 * share of a cluster's rows that is in the batch changes places between clusters of like size, and which rows of a cluster
 * are in the batch is drawn anew.
 *
 * The null says that the shares are exchangeable among the clusters of a stratum (equal sizes, or sizes within 25 % of
 * each other), and that the rows of a cluster are exchangeable within it. A series that is wholly new has share 1, one that
 * was left has share 0; so both kinds move whole. It is exact where the sizes of a stratum are equal; otherwise shares are
 * rounded to whole rows, which keeps the batch about as large (measured on 40 and 100 clusters of 1 to 30 rows: 0.049 to 0.059 of
 * null draws have p <= 0.05). A cluster like no other in size is only mixed within.
 * Rows that depend on each other *within* a cluster's one side (two sub-series, say) need finer clusters.
 * @param clusters  cluster of each row, 0 .. clusters - 1, none empty. uint32 [rows]
 * @returns labels of rows. The same on every machine.
 * @throws ERR_USAGE, ERR_OUT_OF_MEMORY
 */
export function clusterShareLabels(request: LabelRequest, clusters: Uint32Array): PermutationLabels {
  const { observed, permutations, seed } = checkLabelRequest(request);
  const { rows, inBatch } = clusterSides(clusters, observed);
  requireBothSides(observed);
  const sizes = Uint32Array.from(rows, (list) => list.length);
  const strata = makeStrata(sizes);
  const first = packLabels(observed);
  const bits = startColumns(first, permutations);
  const draw = wordsOf(seed);
  const most = Math.max(
    rows.length,
    sizes.reduce((a, b) => Math.max(a, b), 0),
  );
  const clusterWords = new Uint32Array(roundUp(rows.length));
  const words = new Uint32Array(roundUp(most));
  const order = makeOrder(most);
  // Words of a cluster's rows are drawn from its own place on.
  const places = new Uint32Array(rows.length);
  for (let cluster = 1; cluster < rows.length; cluster++) {
    places[cluster] = places[cluster - 1] + roundUp(sizes[cluster - 1]) / 4;
  }
  const givers = new Uint32Array(rows.length);
  for (let b = 1; b <= permutations; b++) {
    const column = bits.subarray(b * first.length, (b + 1) * first.length);
    draw(clusterWords, rows.length, 0, b, SHARES);
    for (const stratum of strata) {
      for (let i = 0; i < stratum.length; i++) words[i] = clusterWords[stratum[i]];
      const giverOrder = order(words, stratum.length);
      for (let i = 0; i < stratum.length; i++) givers[stratum[i]] = stratum[giverOrder[i]];
    }
    for (let cluster = 0; cluster < rows.length; cluster++) {
      const size = sizes[cluster];
      const from = givers[cluster];
      const count = roundHalfToEven((inBatch[from] * size) / sizes[from]);
      if (count === 0) continue;
      const members = rows[cluster];
      if (count === size) {
        for (let k = 0; k < count; k++) column[members[k] >> 3] |= 1 << (members[k] & 7);
        continue;
      }
      draw(words, size, places[cluster], b, ROWS);
      const chosen = order(words, size);
      for (let k = 0; k < count; k++) {
        const row = members[chosen[k]];
        column[row >> 3] |= 1 << (row & 7);
      }
    }
  }
  let labellings = 1;
  for (const stratum of strata) labellings *= arrangements(stratum.map((c) => inBatch[c] / rows[c].length));
  for (const [cluster, { length }] of rows.entries()) labellings *= binomial(length, inBatch[cluster]);
  return {
    rows: observed.length,
    labels: { bits, count: permutations + 1, bytes: first.length },
    labellings,
  };
}

/** Clusters of each stratum. A size that enough clusters have is one; others join the next sizes. */
function makeStrata(sizes: Uint32Array): number[][] {
  const strata: number[][] = [];
  const often = new Map<number, number>();
  for (const size of sizes) often.set(size, (often.get(size) ?? 0) + 1);
  const alone = (size: number) => (often.get(size) ?? 0) >= ENOUGH_ALIKE;
  let least = 0;
  for (const cluster of sortedOrder(sizes)) {
    const size = sizes[cluster];
    const joins = size === least || (size <= LIKE_SIZE * least && !alone(size) && !alone(least));
    if (joins) strata[strata.length - 1].push(cluster);
    else {
      strata.push([cluster]);
      least = size;
    }
  }
  return strata;
}

const roundUp = (count: number) => Math.ceil(count / 4) * 4;

/** Draws words, four to a counter. @param words uint32 [at least the count, rounded up to 4], overwritten */
type DrawWords = (words: Uint32Array, count: number, place: number, b: number, use: number) => void;

function wordsOf(seed: number): DrawWords {
  const key = philoxKey(seed);
  const counter = new Uint32Array(4);
  const four = new Uint32Array(4);
  return (words, count, place, b, use) => {
    counter[1] = b;
    counter[3] = use;
    for (let i = 0; i < count; i += 4) {
      counter[0] = place + (i >> 2);
      philox(counter, key, four);
      for (let k = 0; k < 4; k++) words[i + k] = four[k];
    }
  };
}

/** Places 0 .. count - 1 in the order of their words; of equal words the first. @returns reused */
type OrderWords = (words: Uint32Array, count: number) => Uint32Array;

/** Words are uniform: as many buckets as words leave little to sort within. @param most  words at most */
function makeOrder(most: number): OrderWords {
  const places = new Uint32Array(most);
  const next = new Uint32Array(most + 1);
  return (words, count) => {
    const scale = count / 2 ** 32;
    next.fill(0, 0, count + 1);
    for (let i = 0; i < count; i++) next[Math.floor(words[i] * scale) + 1]++;
    for (let bucket = 1; bucket < count; bucket++) next[bucket] += next[bucket - 1];
    for (let i = 0; i < count; i++) places[next[Math.floor(words[i] * scale)]++] = i;
    for (let i = 1; i < count; i++) {
      const place = places[i];
      let at = i;
      for (; at > 0 && words[places[at - 1]] > words[place]; at--) places[at] = places[at - 1];
      places[at] = place;
    }
    return places;
  };
}

/** Rounding that adds rows as often as it takes some away. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Orders of values, equal ones not told apart. */
function arrangements(values: readonly number[]): number {
  const often = new Map<number, number>();
  for (const value of values) often.set(value, (often.get(value) ?? 0) + 1);
  let ways = 1;
  let placed = 0;
  for (const count of often.values()) {
    placed += count;
    ways *= binomial(placed, count);
  }
  return ways;
}
