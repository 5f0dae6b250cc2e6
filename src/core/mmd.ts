import type { PackedRows } from './ops.ts';

/**
 * A kernel between two rows; of a row with itself it is never read.
 * - tanimoto: c / (a + b - c), 1 when both are empty
 * - rbf-bits: exp(-(a + b - 2 c) / (2 bandwidth^2))
 * - rbf-features: exp(-|x - y|^2 / (2 bandwidth^2)) on the float features
 */
export type MmdKernel =
  | { readonly kind: 'tanimoto' }
  | { readonly kind: 'rbf-bits' | 'rbf-features'; readonly bandwidth: number };

/** Labels given: bit u of a column, `(column[u >> 3] >> (u & 7)) & 1`, is 1 where unit u is in group X. */
export interface MmdColumns {
  /** uint8 [B + 1, ceil(units / 8)]; column 0 holds the true labels */
  readonly columns: Uint8Array;
}

/** Labels drawn: each column has as many units in X as the true labels have. */
export interface MmdPermutations {
  /** The true labels. uint8 [ceil(units / 8)] */
  readonly observed: Uint8Array;
  /** B, columns to draw. */
  readonly permutations: number;
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number;
}

/** What `mmd` is asked. The units that labels are for are the rows, or the clusters where there are any. */
export interface MmdInput {
  /** The pooled samples, N rows. */
  readonly samples: PackedRows;
  /** float64 [N, d], finite; only `rbf-features` reads them */
  readonly features?: Float64Array;
  /** Cluster of each row, 0 .. clusters - 1, none empty: whole clusters change sides. uint32 [N] */
  readonly clusters?: Uint32Array;
  readonly labels: MmdColumns | MmdPermutations;
  /** At least one. */
  readonly kernels: readonly MmdKernel[];
}

export interface MmdResult {
  /** Unbiased squared MMD (it can be negative). float64 [kernels, B + 1], column 0 observed */
  readonly values: Float64Array;
  /** Permuted columns whose value is at least the observed one less MMD_TIE. uint32 [kernels] */
  readonly exceedances: Uint32Array;
  /** (1 + exceedances) / (1 + B). float64 [kernels] */
  readonly p: Float64Array;
}

/** Values that differ by no more than this are ties, and a tie counts as an exceedance. */
export const MMD_TIE = 1e-12;

/** Counts exceedances. @param values float64 [kernels, columns] */
export function summarizeMmd(values: Float64Array, columns: number): MmdResult {
  const kernels = values.length / columns;
  const exceedances = new Uint32Array(kernels);
  for (let k = 0; k < kernels; k++) {
    const [observed, ...permuted] = values.subarray(k * columns, (k + 1) * columns);
    exceedances[k] = permuted.filter((value) => value >= observed - MMD_TIE).length;
  }
  return { values, exceedances, p: Float64Array.from(exceedances, (count) => (1 + count) / columns) };
}
