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
 * The same for two samples with unequal variances (Welch). The means are of the rows, also where these come in clusters; then
 * their errors are by leaving out one cluster at a time, with one degree of freedom less than the effective number of
 * clusters, rows^2 / sum of squared sizes. For rows that stand for themselves that is Welch's test. The usual sandwich with
 * clusters - 1 degrees finds means the same that are not, in 17 cases of 100 instead of 5, where half of the rows are one
 * cluster; this one in 3.
 * A cluster on both sides makes their means alike, which is not counted: the error is then rather too large.
 * @param reference  float [n], finite
 * @param batch      float [m], same unit
 * @param clusters   of the rows of either side, [n] and [m]; equal numbers belong together. Each row its own when not said
 * @throws ERR_USAGE where a side is empty or not finite, or margin or alpha cannot be used
 * @source Schuirmann 1987, doi:10.1007/BF01068419; Welch 1947, doi:10.1093/biomet/34.1-2.28; MacKinnon, Nielsen & Webb
 *   2023 (the jackknife over clusters), doi:10.1016/j.jeconom.2022.04.001; Kish 1965 (effective number)
 */
export function twoSampleEquivalence(
  reference: ArrayLike<number>,
  batch: ArrayLike<number>,
  limits: EquivalenceMargin,
  clusters?: { readonly reference: ArrayLike<number>; readonly batch: ArrayLike<number> },
): Equivalence {
  const x = meanError(finiteValues(reference, 'the reference'), clusters?.reference);
  const y = meanError(finiteValues(batch, 'the batch'), clusters?.batch);
  const squared = x.squaredError + y.squaredError;
  const df = squared ** 2 / (x.squaredError ** 2 / (x.units - 1) + y.squaredError ** 2 / (y.units - 1));
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

/**
 * Squared standard error of the mean, and what it is known from: the effective number of clusters. NaN with one cluster, 0
 * where all values are equal but for rounding.
 */
function meanError(
  values: Float64Array,
  clusters: ArrayLike<number> | undefined,
): { mean: number; squaredError: number; units: number } {
  const rows = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / rows;
  const byCluster = new Map<number, { rows: number; beyond: number }>();
  for (const [row, value] of values.entries()) {
    const cluster = clusters?.[row] ?? row;
    const known = byCluster.get(cluster) ?? { rows: 0, beyond: 0 };
    byCluster.set(cluster, { rows: known.rows + 1, beyond: known.beyond + value - mean });
  }
  let [moved, squares] = [0, 0];
  for (const own of byCluster.values()) {
    // How far the mean moves without the cluster.
    moved += (own.beyond / (rows - own.rows)) ** 2;
    squares += own.rows ** 2;
  }
  const isConstant = values.every((value) => Math.abs(value - mean) <= 1e-12 * Math.abs(mean));
  const squaredError = isConstant ? 0 : (moved * (byCluster.size - 1)) / byCluster.size;
  return { mean, squaredError, units: rows ** 2 / squares };
}
