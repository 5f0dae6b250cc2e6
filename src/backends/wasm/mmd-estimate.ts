import { MMD_TIE } from '../../core/mmd.ts';
import type { MmdProblem } from '../../core/mmd-problem.ts';
import { ROUNDINGS } from './mmd-kernel.ts';

/** Largest relative error of one rounding to float32. */
const ROUNDING_ERROR = 2 ** -24;
/** From so many permuted columns on their spread is known well enough to judge an error by. */
const COLUMNS_FOR_SPREAD = 100;

/** c of the U-centred form: MMD2u = c a'Ca. @param n rows in X @param m rows in Y */
export function centredScale(n: number, m: number): number {
  return ((n + m - 1) * (n + m - 2)) / (n * (n - 1) * m * (m - 1));
}

/**
 * MMD2u from sums of the kernel matrix itself.
 * @param within  a'Ka, the sum within X
 * @param rows    a'r, the sum of the row sums of X
 * @param total   the sum of all row sums
 */
export function mmdFromSums(n: number, m: number, within: number, rows: number, total: number): number {
  const y = m * (m - 1);
  const scale = 1 / (n * (n - 1)) + 1 / y + 2 / (n * m);
  return scale * within - 2 * (1 / y + 1 / (n * m)) * rows + total / y;
}

/** Terms of the U-centred form, C_ij = K_ij - f_i - f_j. @param rowSums of K, float64 [N] */
export function centringTerms(rowSums: Float64Array, total: number, rows: number): Float64Array {
  const shift = total / (2 * (rows - 1) * (rows - 2));
  return rowSums.map((sum) => sum / (rows - 2) - shift);
}

/**
 * Permuted columns whose float32 value is too near the observed one to say on which side of it they are.
 *
 * The error of a value is at most ROUNDINGS roundings of every |C|. That is some per cent of the spread of a few thousand
 * rows and grows with their number, while real errors are some 1e-6 of it and do not; so 0.01 standard deviations are
 * enough, or 64 times the error that the observed column had, where that is more.
 * @param values     float64 [columns]; column 0 is the float32 estimate of `observed`
 * @param magnitude  sum of all |C|
 */
export function columnsNear(
  values: Float64Array,
  observed: number,
  magnitude: number,
  { shape, rowsInX }: MmdProblem,
): number[] {
  const permuted = values.subarray(1);
  const seen = 64 * Math.abs(values[0] - observed);
  const spread =
    permuted.length >= COLUMNS_FOR_SPREAD ? Math.max(seen, standardDeviation(permuted) / 100) : Infinity;
  const near: number[] = [];
  for (const [i, value] of permuted.entries()) {
    const n = rowsInX[i + 1];
    const bound = centredScale(n, shape.count - n) * magnitude * ROUNDINGS * ROUNDING_ERROR;
    if (Math.abs(value - observed) <= Math.min(bound, spread) + 2 * MMD_TIE) near.push(i + 1);
  }
  return near;
}

function standardDeviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
