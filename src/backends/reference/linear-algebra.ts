import { AssayerError } from '../../core/errors.ts';
import type { LinearAlgebra } from '../../core/ports.ts';

/** Textbook Cholesky factor and inverse: the obvious version that others are compared with. */
export const referenceLinearAlgebra: LinearAlgebra = {
  cholesky(matrix, n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = matrix[i * n + j];
        for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
        if (i === j && !(sum > 0)) throw new AssayerError('ERR_NOT_POSITIVE_DEFINITE', { row: i });
        matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j];
      }
    }
  },

  /** Column j of the inverse solves L L' x = e_j: forward, then back substitution. */
  inverseFromCholesky(factor, n) {
    const out = new Float64Array(n * n);
    const x = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        let sum = i === j ? 1 : 0;
        for (let k = 0; k < i; k++) sum -= factor[i * n + k] * x[k];
        x[i] = sum / factor[i * n + i];
      }
      for (let i = n - 1; i >= 0; i--) {
        let sum = x[i];
        for (let k = i + 1; k < n; k++) sum -= factor[k * n + i] * x[k];
        x[i] = sum / factor[i * n + i];
      }
      for (let i = 0; i < n; i++) out[i * n + j] = x[i];
    }
    return out;
  },
};
