import { seededRandom } from '../core/random.ts';
import { midRanks } from './ranks.ts';
import { shuffle } from './shuffle.ts';

export interface DelayDependence {
  /** Rank correlation of delay and loss within strata, in [-1, 1]; NaN when one is constant in every stratum. */
  readonly correlation: number;
  /** Two-sided, (1 + #{|r_b| >= |r| - 1e-12}) / (B + 1); NaN with the correlation. */
  readonly p: number;
  /** Rows in strata where both vary: those that the correlation rests on. */
  readonly rows: number;
  readonly permutations: number;
  readonly seed: number;
}

/**
 * Tests whether the error of arrived labels depends on their delay; where it does, the weighted error is biased.
 * Ranks are taken, and losses permuted, within strata of rows submitted together: only short delays of late
 * submissions have arrived, so that over all dates a drift of the error would pass for dependence.
 * @param delays  float [n], of arrived labels
 * @param losses  float [n]
 * @param strata  [n], equal numbers were submitted together; by default all rows
 * @source Mantel 1967 (stratified permutation); Phipson & Smyth 2010, doi:10.2202/1544-6115.1585
 */
export function delayDependence(
  delays: ArrayLike<number>,
  losses: ArrayLike<number>,
  { seed, permutations = 999, strata }: { seed: number; permutations?: number; strata?: ArrayLike<number> },
): DelayDependence {
  const members = new Map<number, number[]>();
  for (let i = 0; i < delays.length; i++) {
    const stratum = strata?.[i] ?? 0;
    const rows = members.get(stratum);
    if (rows) rows.push(i);
    else members.set(stratum, [i]);
  }
  const pairs: { x: Float64Array; y: Float64Array }[] = [];
  let rows = 0;
  let xx = 0;
  let yy = 0;
  for (const stratum of members.values()) {
    const x = centredRanks(stratum.map((row) => delays[row]));
    const y = centredRanks(stratum.map((row) => losses[row]));
    if (x.every((rank) => rank === 0) || y.every((rank) => rank === 0)) continue;
    pairs.push({ x, y });
    rows += x.length;
    xx += product(x, x);
    yy += product(y, y);
  }
  const scale = Math.sqrt(xx * yy);
  const current = () => pairs.reduce((sum, { x, y }) => sum + product(x, y), 0) / scale;
  const correlation = current();
  const random = seededRandom(seed);
  let reached = 1;
  for (let b = 0; b < permutations && pairs.length > 0; b++) {
    for (const { y } of pairs) shuffle(y, random);
    if (Math.abs(current()) >= Math.abs(correlation) - 1e-12) reached++;
  }
  const p = pairs.length === 0 ? Number.NaN : reached / (permutations + 1);
  return { correlation, p, rows, permutations, seed };
}

function centredRanks(values: readonly number[]): Float64Array {
  return midRanks(values).map((rank) => rank - (values.length + 1) / 2);
}

function product(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}
