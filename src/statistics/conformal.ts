import type { ConformalCalibration } from '../core/artifact.ts';
import { intervalScore } from './interval-score.ts';

/**
 * Split-conformal quantile: the k-th smallest score, k = ceil((n + 1) * coverage).
 * @param scores    float [n], absolute residuals of rows the model has not seen
 * @param coverage  1 - alpha, in (0, 1)
 * @returns Infinity when n is too small for this coverage
 * @source Lei et al. 2018, doi:10.1080/01621459.2017.1307116
 */
export function conformalQuantile(scores: ArrayLike<number>, coverage: number): number {
  // The product of a decimal coverage and n + 1 can fall a rounding error above a whole number.
  const rank = Math.ceil((scores.length + 1) * coverage - 1e-9);
  if (rank > scores.length) return Number.POSITIVE_INFINITY;
  return Float64Array.from(scores).sort()[rank - 1];
}

/** What conformal half-widths are made from; row i of every array is one row that the model has not seen. */
export interface ConformalRows {
  /** float [n], |actual - predicted| on the modelled scale */
  readonly residuals: ArrayLike<number>;
  /** float [n] in [0, 1], to the nearest row that the prediction was made from */
  readonly similarities: ArrayLike<number>;
  /** float [n], above 0: predicted by a model that had not seen the row's residual; null for a constant spread */
  readonly spreads: ArrayLike<number> | null;
}

/**
 * Half-widths of prediction intervals by similarity to the training set, in multiples of the predicted spread where
 * there is one: rows are cut by similarity into at most `bins` bins of equal mass, each with its own conformal quantile
 * (Mondrian), so that compounds far from the training set get the wider intervals their errors call for. Bins with
 * fewer than `minRows` rows are not made; with fewer rows in all there is one bin.
 * @source Vovk, Gammerman & Shafer 2005, doi:10.1007/b106715; Lei et al. 2018, doi:10.1080/01621459.2017.1307116,
 *   section 5.2 (multiples of a spread)
 */
export function mondrianConformal(
  { residuals, similarities, spreads }: ConformalRows,
  coverage: number,
  { bins = 5, minRows = 100 } = {},
): ConformalCalibration {
  const sorted = Float64Array.from(similarities).sort();
  const edges = [0];
  const wanted = Math.min(bins, Math.floor(sorted.length / minRows));
  let below = 0;
  for (let bin = 1; bin < wanted; bin++) {
    const edge = sorted[Math.floor((bin * sorted.length) / wanted)];
    const rows = sorted.indexOf(edge);
    // Equal similarities stay together, so a cut can leave too few rows on one side.
    if (rows - below < minRows || sorted.length - rows < minRows) continue;
    edges.push(edge);
    below = rows;
  }
  const groups = edges.map((): number[] => []);
  for (let i = 0; i < residuals.length; i++) {
    groups[binOf(edges, similarities[i])].push(residuals[i] / (spreads?.[i] ?? 1));
  }
  return {
    kind: 'conformal',
    coverage,
    spread: spreads ? 'predicted' : 'constant',
    edges,
    halfWidths: groups.map((group) => conformalQuantile(group, coverage)),
    counts: groups.map((group) => group.length),
  };
}

/** The bin of a similarity. */
function binOf(edges: readonly number[], similarity: number): number {
  return edges.findLastIndex((edge) => similarity >= edge);
}

/** Mean interval score of rows with intervals of this calibration: less is better. */
export function meanIntervalScore(
  { coverage, edges, halfWidths }: ConformalCalibration,
  { residuals, similarities, spreads }: ConformalRows,
): number {
  const highs = Float64Array.from(residuals, (_, i) => {
    return halfWidths[binOf(edges, similarities[i])] * (spreads?.[i] ?? 1);
  });
  return intervalScore(
    residuals,
    highs.map((high) => -high),
    highs,
    coverage,
  );
}
