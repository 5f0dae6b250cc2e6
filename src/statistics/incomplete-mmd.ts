import { philox, philoxKey } from '../core/philox.ts';
import type { LargeSample } from './block-mmd.ts';
import { refuse } from './finite-values.ts';
import type { PairKernel } from './pair-kernel.ts';
import { checkObserved } from './permutation-labels.ts';
import { seededOrder } from './seeded-order.ts';

/** With fewer pairs of rows there are too few signs to draw. */
const LEAST_COUPLES = 20;
/** Last word of the counters that signs are drawn by. */
const SIGNS = 4;

export interface IncompleteOptions {
  /** R: each couple is compared with the next so many. */
  readonly diagonals: number;
  /** B, draws of signs. */
  readonly permutations: number;
}

export interface IncompleteMmd {
  /** Unbiased squared MMD over the couples' pairs that were looked at. */
  readonly value: number;
  /** Standard deviation under the null. */
  readonly spread: number;
  /** (1 + draws whose value is at least as large) / (1 + B), never 0. */
  readonly p: number;
  /** Couples of a batch row and a reference row. */
  readonly couples: number;
  /** Kernel values computed. */
  readonly pairs: number;
  /** How many times wider the null is than that of all pairs of couples. */
  readonly spreadRatio: number;
}

/**
 * MMD of samples too large for all pairs: rows are coupled at random, one of the batch with one of the reference, and couple i is
 * compared with couples i + 1 .. i + R (round a circle) by h = k(x, x') + k(y, y') - k(x, y') - k(x', y). Time is 4 L R kernel
 * values and L R B additions for L couples, memory L R numbers. The price is power: its null is sqrt((L - 1) / (2 R)) times
 * as wide as that of all pairs, and rows past the smaller side are not used. For more than 1e5 rows.
 *
 * p is exact, not asymptotic: under the null the two rows of a couple are exchangeable, and exchanging those of couple i turns
 * the sign of each of its h, so signs are drawn for couples. With clusters each gives one row a side, chosen at random, and
 * a cluster on both sides is a couple by itself: the null of `clusterSwapLabels`, one row a cluster.
 * @throws ERR_USAGE where a side has fewer than 20 rows (clusters) to couple
 * @source Schrab, Kim, Guedj, Gretton 2022, "Efficient aggregated kernel tests using incomplete U-statistics", arXiv:2206.09194
 */
export function incompleteMmd(
  sample: LargeSample,
  kernel: PairKernel,
  { diagonals, permutations }: IncompleteOptions,
): IncompleteMmd {
  const couples = coupleRows(sample);
  const count = couples.length;
  if (count < LEAST_COUPLES) {
    refuse(
      `Only ${count} rows of the batch can be coupled with rows of the reference. Use mmdTest, which compares all pairs.`,
    );
  }
  if (!(Number.isInteger(diagonals) && diagonals >= 1 && diagonals <= Math.floor((count - 1) / 2))) {
    refuse(`${diagonals} diagonals do not fit ${count} couples. Give 1 to ${Math.floor((count - 1) / 2)}.`);
  }
  const differences = new Float64Array(count * diagonals);
  let squares = 0;
  for (const [i, [x, y]] of couples.entries()) {
    for (let r = 0; r < diagonals; r++) {
      const [otherX, otherY] = couples[(i + r + 1) % count];
      const difference = kernel(x, otherX) + kernel(y, otherY) - kernel(x, otherY) - kernel(otherX, y);
      differences[i * diagonals + r] = difference;
      squares += difference ** 2;
    }
  }
  const total = differences.reduce((sum, difference) => sum + difference, 0);
  // A tie by another order of adding counts against the observed value.
  const least = total - 1e-12 * Math.max(1, Math.abs(total));
  let reached = 0;
  const signs = new Int8Array(count);
  for (let b = 1; b <= permutations; b++) {
    drawSigns(signs, b, sample.seed);
    if (signedSum(differences, signs, diagonals) >= least) reached++;
  }
  const compared = differences.length;
  return {
    value: total / compared,
    // Under the null the terms are not correlated.
    spread: Math.sqrt(squares) / compared,
    p: (1 + reached) / (1 + permutations),
    couples: count,
    pairs: 4 * compared,
    spreadRatio: Math.sqrt((count * (count - 1)) / 2 / compared),
  };
}

/** Couples of a batch row and a reference row. */
function coupleRows({ observed, clusters, seed }: LargeSample): (readonly [x: number, y: number])[] {
  checkObserved(observed);
  const order = seededOrder(observed.length, seed);
  // The first row of a cluster in the random order stands for it.
  const bySide = [new Map<number, number>(), new Map<number, number>()];
  for (const row of order) {
    const cluster = clusters ? clusters[row] : row;
    const chosen = bySide[observed[row]];
    if (!chosen.has(cluster)) chosen.set(cluster, row);
  }
  const [references, batch] = bySide;
  const couples: (readonly [number, number])[] = [];
  for (const [cluster, row] of batch) {
    const partner = references.get(cluster);
    if (partner === undefined) continue;
    couples.push([row, partner]);
    references.delete(cluster);
    batch.delete(cluster);
  }
  const rest = [...references.values()];
  for (const [i, row] of [...batch.values()].slice(0, rest.length).entries()) couples.push([row, rest[i]]);
  return couples;
}

/** Signs of couples: bit `i & 127` of `philox([i >> 7, b, 0, SIGNS], seed)`. */
function drawSigns(signs: Int8Array, b: number, seed: number): void {
  const key = philoxKey(seed);
  const counter = Uint32Array.of(0, b, 0, SIGNS);
  const words = new Uint32Array(4);
  for (let i = 0; i < signs.length; i++) {
    if ((i & 127) === 0) {
      counter[0] = i >> 7;
      philox(counter, key, words);
    }
    signs[i] = (words[(i & 127) >> 5] >>> (i & 31)) & 1 ? 1 : -1;
  }
}

function signedSum(differences: Float64Array, signs: Int8Array, diagonals: number): number {
  const count = signs.length;
  let total = 0;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let r = 0; r < diagonals; r++) {
      const other = i + r + 1;
      sum += differences[i * diagonals + r] * signs[other < count ? other : other - count];
    }
    total += sum * signs[i];
  }
  return total;
}
