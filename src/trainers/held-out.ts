import type { LinearAlgebra } from '../core/ports.ts';

/** From this size on a group's block goes through the blocked factor; below, a call costs more than it saves. */
const LARGE_GROUP = 128;

/**
 * What the model would predict for each row had it not seen the row's group, with the same kernel: for a group G,
 * y_G - (P_GG)^-1 w_G, where P is the inverse kernel matrix with the fitted constant mean projected out and w the
 * weights. One inverse serves all groups; no row is ever set aside.
 * @param inverse  float64 [n, n], of the kernel matrix with noise
 * @param rowSums  inverse * 1, float64 [n]
 * @param weights  inverse * (y - mean), float64 [n]
 * @returns float64 [n]
 * @source Dubrule 1983, doi:10.1007/BF01033030; Rasmussen & Williams 2006, section 5.4.2 (single rows)
 */
export function heldOutPredictions(
  inverse: Float64Array,
  rowSums: Float64Array,
  weights: Float64Array,
  y: Float64Array,
  groups: Int32Array | Uint8Array,
  linearAlgebra: LinearAlgebra,
): Float64Array {
  const n = y.length;
  const total = rowSums.reduce((sum, v) => sum + v, 0);
  const out = new Float64Array(n);
  for (const rows of membersByGroup(groups)) {
    const size = rows.length;
    const block = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        block[i * size + j] = inverse[rows[i] * n + rows[j]] - (rowSums[rows[i]] * rowSums[rows[j]]) / total;
      }
    }
    const residuals = Float64Array.from(rows, (row) => weights[row]);
    if (size < LARGE_GROUP) solveInPlace(block, residuals);
    else {
      linearAlgebra.cholesky(block, size);
      solveWithFactor(block, residuals);
    }
    rows.forEach((row, i) => {
      out[row] = y[row] - residuals[i];
    });
  }
  return out;
}

function membersByGroup(groups: Int32Array | Uint8Array): number[][] {
  const members = new Map<number, number[]>();
  groups.forEach((group, row) => {
    const rows = members.get(group);
    if (rows) rows.push(row);
    else members.set(group, [row]);
  });
  return [...members.values()];
}

/** Solves a small symmetric positive definite system by L D L'; both arguments are overwritten, x holds the answer. */
function solveInPlace(matrix: Float64Array, x: Float64Array): void {
  const n = x.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k] * matrix[k * n + k];
      matrix[i * n + j] = sum / matrix[j * n + j];
      matrix[i * n + i] -= matrix[i * n + j] * sum;
      x[i] -= matrix[i * n + j] * x[j];
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    x[i] /= matrix[i * n + i];
    for (let k = i + 1; k < n; k++) x[i] -= matrix[k * n + i] * x[k];
  }
}

/** Solves L L' x = b for a lower factor; x takes the place of b. */
function solveWithFactor(factor: Float64Array, x: Float64Array): void {
  const n = x.length;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= factor[i * n + k] * x[k];
    x[i] /= factor[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    x[i] /= factor[i * n + i];
    for (let k = 0; k < i; k++) x[k] -= factor[i * n + k] * x[i];
  }
}
