import { AssayerError } from '../core/errors.ts';
import { choleskyFactor, choleskySolve } from './cholesky.ts';

/** Sums that least squares needs; adding and subtracting them fits all folds from one pass over the rows. */
export interface LinearMoments {
  rows: number;
  /** float64 [terms] */
  readonly termSums: Float64Array;
  targetSum: number;
  /** float64 [terms, terms], the lower half filled */
  readonly products: Float64Array;
  /** float64 [terms] */
  readonly targetProducts: Float64Array;
}

export interface LinearModel {
  readonly intercept: number;
  readonly coefficients: Float64Array;
}

export function emptyMoments(terms: number): LinearMoments {
  return {
    rows: 0,
    termSums: new Float64Array(terms),
    targetSum: 0,
    products: new Float64Array(terms * terms),
    targetProducts: new Float64Array(terms),
  };
}

/** Adds one row, in place. @param row  float64 [terms] */
export function addRow(moments: LinearMoments, row: Float64Array, target: number): void {
  const terms = row.length;
  moments.rows++;
  moments.targetSum += target;
  for (let j = 0; j < terms; j++) {
    moments.termSums[j] += row[j];
    moments.targetProducts[j] += row[j] * target;
    for (let k = 0; k <= j; k++) moments.products[j * terms + k] += row[j] * row[k];
  }
}

/** The sums of all rows but those of one part. */
export function withoutMoments(all: LinearMoments, part: LinearMoments): LinearMoments {
  return {
    rows: all.rows - part.rows,
    termSums: all.termSums.map((sum, j) => sum - part.termSums[j]),
    targetSum: all.targetSum - part.targetSum,
    products: all.products.map((sum, j) => sum - part.products[j]),
    targetProducts: all.targetProducts.map((sum, j) => sum - part.targetProducts[j]),
  };
}

/**
 * Ridge regression: least squares with `penalty` * rows * sum of squared coefficients; the intercept is free. Terms
 * should have spreads of about 1.
 * @param penalty  > 0, which also keeps constant terms harmless
 * @throws ERR_INTERNAL where a feature is not a number
 * @source Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634
 */
export function fitRidge(moments: LinearMoments, penalty: number): LinearModel {
  const terms = moments.termSums.length;
  const n = moments.rows;
  const means = moments.termSums.map((sum) => sum / n);
  const targetMean = moments.targetSum / n;
  const matrix = new Float64Array(terms * terms);
  for (let j = 0; j < terms; j++) {
    for (let k = 0; k <= j; k++) {
      matrix[j * terms + k] = moments.products[j * terms + k] / n - means[j] * means[k];
    }
    matrix[j * terms + j] += penalty;
  }
  const factor = choleskyFactor(matrix, terms);
  if (!factor) throw new AssayerError('ERR_INTERNAL', { problem: 'the loss model has no solution' });
  const coefficients = choleskySolve(
    factor,
    moments.targetProducts.map((sum, j) => sum / n - means[j] * targetMean),
  );
  const intercept = coefficients.reduce((sum, coefficient, j) => sum - coefficient * means[j], targetMean);
  return { intercept, coefficients };
}

/** The model's value at one row. */
export function predictLinear({ intercept, coefficients }: LinearModel, row: Float64Array): number {
  return coefficients.reduce((sum, coefficient, j) => sum + coefficient * row[j], intercept);
}
