import { finitePairs, refuse } from './finite-values.ts';
import { kendallTauB } from './kendall.ts';
import { spearman } from './spearman.ts';
import { normalQuantile } from './standard-normal.ts';

export type RankCorrelation = 'spearman' | 'kendall';

export interface SeriesCorrelation {
  /** Number of the series. */
  readonly series: number;
  readonly rows: number;
  readonly correlation: number;
}

export interface SeriesCorrelations {
  readonly used: readonly SeriesCorrelation[];
  /** Series with fewer rows than asked for. */
  readonly tooFew: readonly number[];
  /** Series where one side is constant, which have no correlation. */
  readonly constant: readonly number[];
}

export interface CombinedCorrelation {
  /** NaN where no series was used. */
  readonly correlation: number;
  /** Confidence interval of the mean correlation over series; NaN where no series was used. */
  readonly low: number;
  readonly high: number;
  /** Variance of z between series; 0 with one. */
  readonly tau2: number;
  /** Cochran's Q, chi-square with series - 1 degrees of freedom when all series are alike. */
  readonly q: number;
  readonly series: number;
  readonly rows: number;
  /** Series whose correlation was 1 or -1 and was drawn in. */
  readonly perfect: number;
}

/**
 * Rank correlation within each series: what a chemist ranks by is compounds of one series, and a correlation over all
 * can come from the differences between series alone.
 * @param series     [n], equal numbers belong together
 * @param actual     float [n], finite
 * @param predicted  float [n], finite
 * @param leastRows  a series with fewer is not used
 * @throws ERR_USAGE
 */
export function seriesCorrelations(
  series: ArrayLike<number>,
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
  kind: RankCorrelation,
  leastRows = 8,
): SeriesCorrelations {
  const [x, y] = finitePairs(actual, predicted, 'values by series');
  if (series.length !== x.length) refuse(`${series.length} series do not fit ${x.length} rows.`);
  const members = Map.groupBy(x.keys(), (row) => series[row]);
  const used: SeriesCorrelation[] = [];
  const tooFew: number[] = [];
  const constant: number[] = [];
  for (const [name, rows] of members) {
    const own = rows.map((row) => x[row]);
    const other = rows.map((row) => y[row]);
    const correlation = kind === 'spearman' ? spearman(own, other) : kendallTauB(own, other);
    if (rows.length < leastRows) tooFew.push(name);
    else if (Number.isNaN(correlation)) constant.push(name);
    else used.push({ series: name, rows: rows.length, correlation });
  }
  return { used, tooFew, constant };
}

/**
 * Mean correlation over series that may differ: Fisher's z of each, weighted by the inverse of its sampling variance
 * and the variance between series (DerSimonian & Laird), with a normal interval, which is narrow for fewer than about 10
 * series. A perfect correlation has no z and counts as half way to the next value that its rows allow.
 * @param used   each with 5 rows or more
 * @param level  confidence, 0.95 for 95 %
 * @throws ERR_USAGE where a correlation is outside [-1, 1] or has fewer than 5 rows
 * @source DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2; variance of z of rank correlations: Fieller,
 *   Hartley & Pearson 1957, doi:10.1093/biomet/44.3-4.470
 */
export function combineCorrelations(
  used: readonly SeriesCorrelation[],
  kind: RankCorrelation,
  level = 0.95,
): CombinedCorrelation {
  const studies = used.map(({ series, rows, correlation }) => {
    if (!(Math.abs(correlation) <= 1) || !(rows >= 5)) {
      refuse(
        `Series ${series} has correlation ${correlation} of ${rows} rows. Give numbers in [-1, 1] of 5 rows or more.`,
      );
    }
    const most = largestImperfect(rows, kind);
    const z = Math.atanh(Math.max(-most, Math.min(most, correlation)));
    return { z, variance: kind === 'spearman' ? 1.06 / (rows - 3) : 0.437 / (rows - 4), rows };
  });
  const fixed = weightedMean(studies, 0);
  const q = studies.reduce((sum, { z, variance }) => sum + (z - fixed.mean) ** 2 / variance, 0);
  const excess = q - (studies.length - 1);
  const tau2 =
    studies.length < 2 ? 0 : Math.max(0, excess / (fixed.weight - fixed.squaredWeights / fixed.weight));
  const { mean, weight } = weightedMean(studies, tau2);
  const half = normalQuantile((1 + level) / 2) / Math.sqrt(weight);
  return {
    correlation: Math.tanh(mean),
    low: Math.tanh(mean - half),
    high: Math.tanh(mean + half),
    tau2,
    q,
    series: studies.length,
    rows: studies.reduce((sum, { rows }) => sum + rows, 0),
    perfect: used.filter(({ correlation }) => Math.abs(correlation) === 1).length,
  };
}

/** Half way between 1 and the next lower value that n rows without ties can have. */
function largestImperfect(n: number, kind: RankCorrelation): number {
  return kind === 'spearman' ? 1 - 6 / (n * (n * n - 1)) : 1 - 2 / (n * (n - 1));
}

function weightedMean(studies: readonly { z: number; variance: number }[], tau2: number) {
  let weight = 0;
  let squaredWeights = 0;
  let sum = 0;
  for (const { z, variance } of studies) {
    const own = 1 / (variance + tau2);
    weight += own;
    squaredWeights += own * own;
    sum += own * z;
  }
  return { mean: sum / weight, weight, squaredWeights };
}
