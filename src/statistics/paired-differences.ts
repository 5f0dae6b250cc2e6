import { finitePairs } from './finite-values.ts';

export interface PairedDifferences {
  /** after - before. float64 [n] */
  readonly values: Float64Array;
  readonly mean: number;
  /** NaN with one pair; 0 where all differences are equal but for rounding. */
  readonly deviation: number;
  /** Differences that are closer than this are equal: what rounding leaves of values of this size. */
  readonly rounding: number;
}

/**
 * Differences of values in pairs.
 * @param before  float [n], finite, n >= 1
 * @param after   float [n], same unit
 * @throws ERR_USAGE
 */
export function pairedDifferences(before: ArrayLike<number>, after: ArrayLike<number>): PairedDifferences {
  const [first, second] = finitePairs(before, after, 'values in pairs');
  let largest = 0;
  for (const value of [...first, ...second]) largest = Math.max(largest, Math.abs(value));
  const rounding = 1e-12 * largest;
  const values = second.map((value, row) => value - first[row]);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { values, mean, deviation: Number.NaN, rounding };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return { values, mean, deviation: deviation <= rounding ? 0 : deviation, rounding };
}
