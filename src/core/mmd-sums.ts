/** From so many permuted columns on their spread is known well enough to judge an error by. */
export const COLUMNS_FOR_SPREAD = 100;

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

/** S / (2 (N - 1) (N - 2)) of the U-centred form C_ij = K_ij - f_i - f_j, where f_i = r_i / (N - 2) less this. */
export function centringShift(total: number, rows: number): number {
  return total / (2 * (rows - 1) * (rows - 2));
}

/** Terms of the U-centred form, C_ij = K_ij - f_i - f_j. @param rowSums of K, float64 [N] */
export function centringTerms(rowSums: Float64Array, total: number, rows: number): Float64Array {
  const shift = centringShift(total, rows);
  return rowSums.map((sum) => sum / (rows - 2) - shift);
}

/** 0.01 standard deviations of the permuted columns; no bound where there are too few to know it. */
export function hundredthOfSpread(permuted: Float64Array): number {
  if (permuted.length < COLUMNS_FOR_SPREAD) return Infinity;
  const mean = permuted.reduce((sum, value) => sum + value, 0) / permuted.length;
  const squares = permuted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (permuted.length - 1)) / 100;
}
