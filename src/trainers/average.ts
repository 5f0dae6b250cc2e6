import { type AssayLimits, isAtLimit, withinLimits } from './assay-limits.ts';
import type { TrainingData } from './training-data.ts';

/** Weights are multiples of 1 / STEPS. */
const STEPS = 20;
/** A model that takes less than this off the held-out loss of the others is left out: it would cost size and time. */
const LEAST_GAIN = 0.002;
/** In steps: a model that counts less is not worth its bytes. */
const LEAST_PARTS = 2;

/** What each model's score is multiplied by before they are added; 0 leaves a model out. */
export interface AverageChoice {
  readonly factors: readonly number[];
  /** Weights that add up to 1, of which the factors are made. */
  readonly weights: readonly number[];
  /** Held-out loss of the average, and of each model alone. */
  readonly loss: number;
  readonly alone: readonly number[];
}

/**
 * How much each model counts, by the scores of training rows whose scaffolds it had not seen. Values are averaged on
 * their scale, by the mean absolute error over measured values with scores held within the assay's limits; scores
 * of classes are averaged in their deviations, by the part of the labels' variance that they leave unexplained.
 * Fewer models win unless more take off at least 0.2 % of the loss.
 * @param heldOut  one float64 [n] for each model, all with the same folds left out: one that had seen more of the rows
 *   would win by that
 * @param required  numbers of the models that take part whatever they add
 */
export function chooseAverage(
  kind: 'regression' | 'classification',
  heldOut: readonly Float64Array[],
  { y, relation }: TrainingData,
  limits: AssayLimits | null = null,
  required: readonly number[] = [],
): AverageChoice {
  const scales = heldOut.map((scores) => (kind === 'classification' ? 1 / deviation(scores) : 1));
  const rows = [...y.keys()].filter(
    (row) => !relation?.[row] || (limits !== null && isAtLimit(y[row], limits)),
  );
  const labels = Float64Array.from(rows, (row) => y[row]);
  const columns = heldOut.map((scores, k) => Float64Array.from(rows, (row) => scores[row] * scales[k]));
  const lossOf = (weights: readonly number[]) => {
    const scores = labels.map((_, i) => weights.reduce((sum, weight, k) => sum + weight * columns[k][i], 0));
    return kind === 'classification'
      ? unexplained(scores, labels)
      : absoluteError(withinLimits(scores, limits), labels);
  };
  const allowed = [...weightings(heldOut.length, STEPS)].filter(
    (parts) =>
      parts.every((part) => part === 0 || part >= LEAST_PARTS) && required.every((k) => parts[k] > 0),
  );
  const candidates = allowed.map((parts) => {
    const weights = parts.map((part) => part / STEPS);
    return { weights, loss: lossOf(weights), used: parts.filter((part) => part > 0).length };
  });
  let best = candidates[0];
  const fewest = Math.max(1, required.length);
  for (let used = fewest; used <= heldOut.length; used++) {
    const least = candidates.filter((one) => one.used === used).reduce((a, b) => (b.loss < a.loss ? b : a));
    if (used === fewest || least.loss < best.loss * (1 - LEAST_GAIN)) best = least;
  }
  return {
    factors: best.weights.map((weight, k) => weight * scales[k]),
    weights: best.weights,
    loss: best.loss,
    alone: heldOut.map((_, k) => lossOf(heldOut.map((_, other) => (other === k ? 1 : 0)))),
  };
}

/** Sum of scores times factors, float64 [n]. */
export function averageScores(scores: readonly Float64Array[], factors: readonly number[]): Float64Array {
  return scores[0].map((_, i) => factors.reduce((sum, factor, k) => sum + factor * scores[k][i], 0));
}

/** Every way to deal `total` parts to `count` models. */
function* weightings(count: number, total: number): Generator<number[]> {
  if (count === 1) {
    yield [total];
    return;
  }
  for (let first = total; first >= 0; first--) {
    for (const rest of weightings(count - 1, total - first)) yield [first, ...rest];
  }
}

function absoluteError(scores: Float64Array, y: Float64Array): number {
  return scores.reduce((sum, score, i) => sum + Math.abs(score - y[i]), 0) / y.length;
}

/** 1 - squared correlation: what the best straight line through the labels leaves. */
function unexplained(scores: Float64Array, y: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ms, my] = [mean(scores), mean(y)];
  let [sy, ss, yy] = [0, 0, 0];
  for (let i = 0; i < y.length; i++) {
    sy += (scores[i] - ms) * (y[i] - my);
    ss += (scores[i] - ms) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return 1 - (sy * sy) / (ss * yy || 1);
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) || 1;
}
