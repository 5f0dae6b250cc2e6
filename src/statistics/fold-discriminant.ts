import { AssayerError } from '../core/errors.ts';
import { choleskyFactor, choleskySolve } from './cholesky.ts';
import type { StandardizedFeatures } from './standardize-features.ts';

/** Held-out score of every row for the sides given, uint8 [n]: higher is more like the batch. @returns reused, [n] */
export type HeldOutScores = (sides: Uint8Array) => Float64Array;

/**
 * The classifier that is refitted for every permutation: the first Newton step of the ridge logistic regression from
 * the model without features. Its Hessian is the covariance of the training rows times pi (1 - pi), whatever the
 * labels, so each fold is factored once and a refit costs n d, not n d^2 a step. The direction is the ridge-shrunk linear
 * discriminant; near the null, where a p-value matters, it is as efficient as the converged fit (Le Cam's one step).
 * @param folds  uint32 [n], 0 .. count - 1
 * @param ridge  added to the diagonal of the training covariance, over that of a standardized feature
 * @source Hastie, Buja & Tibshirani 1995, doi:10.1214/aos/1176324456; van der Vaart 1998,
 *   doi:10.1017/CBO9780511802256, section 5.7
 */
export function foldDiscriminant(
  { values, names, rows }: StandardizedFeatures,
  folds: Uint32Array,
  count: number,
  ridge: number,
): HeldOutScores {
  const d = names.length;
  const training = Array.from({ length: count }, (_, fold) => factorOthers(values, folds, d, fold, ridge));
  const batchSums = new Float64Array(count * d);
  const batchRows = new Uint32Array(count);
  const scores = new Float64Array(rows);
  return (sides) => {
    batchSums.fill(0);
    batchRows.fill(0);
    for (let row = 0; row < rows; row++) {
      if (sides[row] === 0) continue;
      const at = folds[row] * d;
      batchRows[folds[row]]++;
      for (let k = 0; k < d; k++) batchSums[at + k] += values[row * d + k];
    }
    const weights = training.map(({ mean, factor }, fold) => {
      const right = new Float64Array(d);
      for (let other = 0; other < count; other++) {
        if (other === fold) continue;
        for (let k = 0; k < d; k++) right[k] += batchSums[other * d + k] - batchRows[other] * mean[k];
      }
      return choleskySolve(factor, right);
    });
    for (let row = 0; row < rows; row++) {
      const w = weights[folds[row]];
      let score = 0;
      for (let k = 0; k < d; k++) score += w[k] * values[row * d + k];
      scores[row] = score;
    }
    return scores;
  };
}

/** Mean and factored ridge covariance of the rows outside a fold. */
function factorOthers(
  values: Float64Array,
  folds: Uint32Array,
  d: number,
  fold: number,
  ridge: number,
): { mean: Float64Array; factor: Float64Array } {
  const mean = new Float64Array(d);
  const covariance = new Float64Array(d * d);
  let rows = 0;
  for (const [row, own] of folds.entries()) {
    if (own === fold) continue;
    rows++;
    for (let i = 0; i < d; i++) {
      mean[i] += values[row * d + i];
      for (let j = 0; j <= i; j++) covariance[i * d + j] += values[row * d + i] * values[row * d + j];
    }
  }
  for (let i = 0; i < d; i++) mean[i] /= rows;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) covariance[i * d + j] = covariance[i * d + j] / rows - mean[i] * mean[j];
    covariance[i * d + i] += ridge;
  }
  const factor = choleskyFactor(covariance, d);
  if (!factor) throw new AssayerError('ERR_NOT_POSITIVE_DEFINITE', { row: fold });
  return { mean, factor };
}
