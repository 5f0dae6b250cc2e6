import { MMD_TIE } from '../../core/mmd.ts';
import { centringShift, hundredthOfSpread } from '../../core/mmd-sums.ts';

/** Largest relative errors of an element: rounded to half precision, and computed in float32 before. */
const HALF = 2 ** -11;
const FLOAT32 = 2 ** -21;

/**
 * What the rounding of row i of C may do, as squares: q_i >= sum over j of d_ij^2, where an error is as good as drawn
 * at random from numbers within 2 d_ij of one another (kernels/mmd/estimate.h).
 *
 * The length of C as a whole is known, but not that of a row of it. With m_i = r_i / (N - 1)
 *
 *     C_ij = (K_ij - m_i) - (f_i + f_j - m_i)
 *
 * it is known of each part, and |C_i| is at most their sum: often some times too much, so for many rows the whole is
 * the better bound.
 * @param rowSums     r_i. float64 [N]
 * @param rowSquares  sums of K_ij^2. float64 [N], overwritten with q
 * @returns a bound for the sum of d_ij^2 over all i and j
 */
export function roundingsOfRows(rowSums: Float64Array, rowSquares: Float64Array, total: number): number {
  const rows = rowSums.length;
  const shift = centringShift(total, rows);
  const term = (i: number) => rowSums[i] / (rows - 2) - shift;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < rows; i++) {
    sum += term(i);
    squares += term(i) ** 2;
  }
  let all = 0;
  let magnitudes = 0;
  for (let i = 0; i < rows; i++) {
    const own = term(i);
    const mean = rowSums[i] / (rows - 1);
    const offset = own - mean;
    const others = squares - own ** 2;
    const values = Math.sqrt(Math.max(0, rowSquares[i] - rowSums[i] * mean));
    const terms = (rows - 1) * offset ** 2 + 2 * offset * (sum - own) + others;
    const centred = values + Math.sqrt(Math.max(0, terms));
    const magnitude = Math.sqrt(rowSquares[i]) + Math.sqrt((rows - 1) * own ** 2) + Math.sqrt(others);
    all += rowSquares[i] - 4 * own * rowSums[i] + (rows - 1) * own ** 2 + 2 * own * (sum - own) + others;
    magnitudes += magnitude ** 2;
    rowSquares[i] = (HALF * centred + FLOAT32 * magnitude) ** 2;
  }
  return (HALF * Math.sqrt(Math.max(0, all)) + FLOAT32 * Math.sqrt(magnitudes)) ** 2;
}

/** Deviation of a column's error at most. @param scale c of the column. @param sum of d_ij^2 over the rows i in X and all j, a bound */
export function deviationOfColumn(scale: number, sum: number): number {
  return scale * Math.sqrt(2 * sum);
}

/** So many deviations no error reaches: by Hoeffding's inequality one in 4e13 does. */
const MOST_DEVIATIONS = 8;
/** How many times the largest error that was seen an error of float32 may be; and for the tolerance. */
const SEEN = 16;
const SEEN_TOLERATED = 4;
/** Largest error that a permuted column may have (core/ops.ts). */
const PERMUTED_TOLERANCE = 1e-5;

/**
 * Permuted columns whose estimate will not do: it is so near the observed value that it does not say on which side of
 * it they are, or it may be off by more than 1e-5. What an error may be:
 *
 * - 8 deviations of the column. Errors of rounding to half precision are independent and 0 on average, and each has a
 *   bound, so this holds whatever K and the labels are.
 * - 16 times the largest error of the columns computed both ways. Sums in float32 have errors that may add up; they are
 *   far smaller and much alike in all columns. This is what is assumed and not proved.
 * - 0.01 standard deviations of the permuted columns, to be on the safe side.
 *
 * Where all columns tie all are doubtful, and the exact sums, 16 columns a pass over the pairs, take longer than the
 * estimate by far: for 9,999 columns 625 passes.
 * @param estimates   float64 [columns]
 * @param deviations  float64 [columns], of their errors
 * @param exact       the first columns, the observed one at their head
 */
export function columnsToRecompute(
  estimates: Float64Array,
  deviations: Float64Array,
  exact: Float64Array,
): number[] {
  const seen = exact.reduce((most, value, i) => Math.max(most, Math.abs(value - estimates[i])), 0);
  const margin = Math.max(SEEN * seen, hundredthOfSpread(estimates.subarray(1)));
  const doubtful: number[] = [];
  for (let column = exact.length; column < estimates.length; column++) {
    const error = MOST_DEVIATIONS * deviations[column];
    const near = Math.abs(estimates[column] - exact[0]) <= Math.max(margin, error) + 2 * MMD_TIE;
    const coarse = Math.max(error, SEEN_TOLERATED * seen) > PERMUTED_TOLERANCE;
    if (near || coarse) doubtful.push(column);
  }
  return doubtful;
}
