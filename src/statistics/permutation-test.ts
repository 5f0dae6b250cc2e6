import { AssayerError } from '../core/errors.ts';
import { type PermutationLabels, readLabels } from './permutation-labels.ts';

/** Values that differ by no more than this part of the observed one are ties: sums in another order. */
const RELATIVE_TIE = 1e-12;

export interface PermutationTest {
  /** The statistic of the true labels. */
  readonly observed: number;
  /** (1 + exceedances) / (1 + B), never 0. */
  readonly p: number;
  /** Permuted columns whose value is at least the observed one less a tie's width; a column without a value is one. */
  readonly exceedances: number;
  /** float64 [B + 1], column 0 observed */
  readonly values: Float64Array;
}

/**
 * Permutation test of any two-sample statistic that grows with the difference (give an absolute value for a test of both
 * directions). Valid under the null whose labels are given: `independentLabels`, `clusterSwapLabels`, `clusterShareLabels`.
 * @param columns    labels of all rows, column 0 observed
 * @param statistic  of the side of each row, uint8 [rows], 1 = batch; the array is reused from call to call
 * @throws ERR_USAGE when the statistic has no value for the true labels
 * @source Phipson & Smyth 2010, doi:10.2202/1544-6115.1585
 */
export function permutationTest(
  columns: PermutationLabels,
  statistic: (sides: Uint8Array) => number,
): PermutationTest {
  const sides = new Uint8Array(columns.rows);
  const values = new Float64Array(columns.labels.count);
  for (let column = 0; column < values.length; column++) {
    readLabels(columns, column, sides);
    values[column] = statistic(sides);
  }
  const observed = values[0];
  if (!Number.isFinite(observed)) {
    throw new AssayerError('ERR_USAGE', {
      problem: `The statistic of the true labels is ${observed}. Test only what has a value.`,
    });
  }
  const exceedances = countExceedances(values);
  return { observed, p: (1 + exceedances) / values.length, exceedances, values };
}

/** Permuted values that reach the observed one, ties and missing ones counted against. @param values [B + 1], 0 observed */
export function countExceedances(values: Float64Array): number {
  const least = values[0] - tieWidth(values[0]);
  let count = 0;
  for (let column = 1; column < values.length; column++) if (!(values[column] < least)) count++;
  return count;
}

/** How far apart two values of a statistic can be and still be equal but for rounding. */
export function tieWidth(value: number): number {
  return Number.isFinite(value) ? RELATIVE_TIE * Math.max(1, Math.abs(value)) : 0;
}
