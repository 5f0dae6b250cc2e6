import { finiteValues, refuse } from './finite-values.ts';
import { pairedDifferences } from './paired-differences.ts';
import { studentQuantile, studentSurvival } from './student-t.ts';

/** Stated before the data are seen. */
export interface EquivalenceMargin {
  /** Largest difference of means that makes no difference, > 0, in the values' unit. */
  readonly margin: number;
  /** Of each one-sided test, in (0, 0.5). */
  readonly alpha: number;
}

export interface Equivalence extends EquivalenceMargin {
  /** after - before, or batch - reference */
  readonly difference: number;
  readonly standardError: number;
  readonly df: number;
  /** The larger of the two one-sided p-values; NaN where there is no spread to judge by. */
  readonly p: number;
  /** Interval of confidence 1 - 2 alpha: equivalent when it lies within the margin on both sides. */
  readonly low: number;
  readonly high: number;
  /** p <= alpha; false where p is NaN: not shown is not equivalent. */
  readonly equivalent: boolean;
}

/**
 * Two one-sided t-tests that the mean of paired differences lies within the margin. That a difference is not significant
 * shows nothing; this test shows that it is small.
 * @param before  float [n], finite
 * @param after   float [n], same unit
 * @throws ERR_USAGE where values do not pair, or margin or alpha cannot be used
 * @source Schuirmann 1987, doi:10.1007/BF01068419
 */
export function pairedEquivalence(
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  limits: EquivalenceMargin,
): Equivalence {
  const { values, mean, deviation } = pairedDifferences(before, after);
  return oneSidedTests(mean, deviation / Math.sqrt(values.length), values.length - 1, limits);
}

/**
 * The same for two independent samples with unequal variances (Welch).
 * @param reference  float [n], finite
 * @param batch      float [m], same unit
 * @throws ERR_USAGE where a side is empty or not finite, or margin or alpha cannot be used
 * @source Schuirmann 1987, doi:10.1007/BF01068419; Welch 1947, doi:10.1093/biomet/34.1-2.28
 */
export function twoSampleEquivalence(
  reference: ArrayLike<number>,
  batch: ArrayLike<number>,
  limits: EquivalenceMargin,
): Equivalence {
  const x = meanError(finiteValues(reference, 'the reference'));
  const y = meanError(finiteValues(batch, 'the batch'));
  const squared = x.squaredError + y.squaredError;
  const df = squared ** 2 / (x.squaredError ** 2 / (x.rows - 1) + y.squaredError ** 2 / (y.rows - 1));
  return oneSidedTests(y.mean - x.mean, Math.sqrt(squared), df, limits);
}

function oneSidedTests(
  difference: number,
  standardError: number,
  df: number,
  { margin, alpha }: EquivalenceMargin,
): Equivalence {
  if (!(margin > 0 && Number.isFinite(margin)))
    refuse(`The equivalence margin is ${margin}. Give a number above 0.`);
  if (!(alpha > 0 && alpha < 0.5))
    refuse(`The alpha of the equivalence test is ${alpha}. Give one in (0, 0.5).`);
  const known = { margin, alpha, difference, standardError, df };
  if (!(standardError > 0)) {
    return { ...known, p: Number.NaN, low: Number.NaN, high: Number.NaN, equivalent: false };
  }
  const above = studentSurvival((difference + margin) / standardError, df);
  const below = studentSurvival((margin - difference) / standardError, df);
  const half = studentQuantile(1 - alpha, df) * standardError;
  const p = Math.max(above, below);
  return { ...known, p, low: difference - half, high: difference + half, equivalent: p <= alpha };
}

/** Squared standard error of the mean; NaN with one row, 0 where all values are equal but for rounding. */
function meanError(values: Float64Array): { mean: number; squaredError: number; rows: number } {
  const rows = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / rows;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (rows - 1);
  const isConstant = variance <= (1e-12 * Math.abs(mean)) ** 2;
  return { mean, squaredError: isConstant ? 0 : variance / rows, rows };
}
