import { AssayerError } from '../core/errors.ts';
import { choleskyFactor, choleskySolve } from './cholesky.ts';
import { refuse } from './finite-values.ts';

/** Held-out score of every row for the sides given, uint8 [n]: higher is more like the batch. @returns reused, [n] */
export type HeldOutScores = (sides: Uint8Array) => Float64Array;

/**
 * The classifier that is refitted for every permutation: the first Newton step of the ridge logistic regression from
 * the model without features. Its Hessian is the covariance of the training rows times pi (1 - pi), whatever the
 * labels, so each fold is factored once and a refit costs n d, not n d^2 a step. The direction is the ridge-shrunk linear
 * discriminant; near the null, where a p-value matters, it is as efficient as the converged fit (Le Cam's one step).
 * @param values  float64 [n, d], standardized
 * @param folds   rows of each fold, every row in one; two or more that have any
 * @param ridge   added to the diagonal of the training covariance, over that of a standardized feature
 * @throws ERR_USAGE with one fold
 * @source Hastie, Buja & Tibshirani 1995, doi:10.1214/aos/1176324456; van der Vaart 1998,
 *   doi:10.1017/CBO9780511802256, section 5.7
 */
export function foldDiscriminant(
  values: Float64Array,
  d: number,
  folds: readonly Uint32Array[],
  ridge: number,
): HeldOutScores {
  if (folds.filter(({ length }) => length > 0).length < 2) {
    refuse('There is one fold, so nothing is held out. Give two or more.');
  }
  const parts = folds.map((own) => takeFold(values, own, d));
  const training = folds.map((_, fold) => factorOthers(parts, d, fold, ridge));
  const scores = new Float64Array(values.length / d);
  return (sides) => {
    const batches = parts.map((part) => sumBatch(part, sides, d));
    for (const [fold, { mean, factor }] of training.entries()) {
      const right = new Float64Array(d);
      for (const [other, batch] of batches.entries()) {
        if (other === fold) continue;
        for (let k = 0; k < d; k++) right[k] += batch.sums[k] - batch.rows * mean[k];
      }
      scoreRows(parts[fold], choleskySolve(factor, right), scores);
    }
    return scores;
  };
}

/** Rows of a fold side by side, with their sums and sums of products. */
interface Fold {
  readonly rows: Uint32Array;
  /** float64 [rows, d] */
  readonly values: Float64Array;
  readonly sums: Float64Array;
  /** float64 [d, d], lower triangle */
  readonly products: Float64Array;
}

function takeFold(all: Float64Array, rows: Uint32Array, d: number): Fold {
  const values = new Float64Array(rows.length * d);
  const sums = new Float64Array(d);
  const products = new Float64Array(d * d);
  for (const [at, row] of rows.entries()) {
    const own = all.subarray(row * d, (row + 1) * d);
    values.set(own, at * d);
    for (let i = 0; i < d; i++) {
      const value = own[i];
      sums[i] += value;
      for (let j = 0; j <= i; j++) products[i * d + j] += value * own[j];
    }
  }
  return { rows, values, sums, products };
}

/** Mean and factored ridge covariance of the rows outside a fold. */
function factorOthers(
  parts: readonly Fold[],
  d: number,
  fold: number,
  ridge: number,
): { mean: Float64Array; factor: Float64Array } {
  const mean = new Float64Array(d);
  const covariance = new Float64Array(d * d);
  let rows = 0;
  for (const [other, part] of parts.entries()) {
    if (other === fold) continue;
    rows += part.rows.length;
    for (let i = 0; i < mean.length; i++) mean[i] += part.sums[i];
    for (let i = 0; i < covariance.length; i++) covariance[i] += part.products[i];
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

/** Sums over the batch rows of a fold, four at a time. */
function sumBatch(
  { rows, values }: Fold,
  sides: Uint8Array,
  d: number,
): { sums: Float64Array; rows: number } {
  const sums = new Float64Array(d);
  const starts = new Uint32Array(rows.length + 1);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    starts[count] = i * d;
    count += sides[rows[i]];
  }
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const [a, b, c, e] = [starts[i], starts[i + 1], starts[i + 2], starts[i + 3]];
    for (let k = 0; k < d; k++) sums[k] += values[a + k] + values[b + k] + values[c + k] + values[e + k];
  }
  for (; i < count; i++) for (let k = 0; k < d; k++) sums[k] += values[starts[i] + k];
  return { sums, rows: count };
}

/** Scores of a fold's rows, four at a time, so that their sums do not wait for each other. */
function scoreRows({ rows, values }: Fold, weights: Float64Array, scores: Float64Array): void {
  const d = weights.length;
  let i = 0;
  for (; i + 4 <= rows.length; i += 4) {
    const [a, b, c, e] = [i * d, (i + 1) * d, (i + 2) * d, (i + 3) * d];
    let [first, second, third, fourth] = [0, 0, 0, 0];
    for (let k = 0; k < d; k++) {
      const weight = weights[k];
      first += weight * values[a + k];
      second += weight * values[b + k];
      third += weight * values[c + k];
      fourth += weight * values[e + k];
    }
    scores[rows[i]] = first;
    scores[rows[i + 1]] = second;
    scores[rows[i + 2]] = third;
    scores[rows[i + 3]] = fourth;
  }
  for (; i < rows.length; i++) {
    let score = 0;
    for (let k = 0; k < d; k++) score += weights[k] * values[i * d + k];
    scores[rows[i]] = score;
  }
}
