import type { Calibration, ConformalCalibration, Metric } from '../core/artifact.ts';
import { areaUnderRoc } from '../statistics/area-under-roc.ts';
import { averagePrecision } from '../statistics/average-precision.ts';
import { brierScore } from '../statistics/brier-score.ts';
import { calibrationError } from '../statistics/calibration-error.ts';
import { clusterBootstrap } from '../statistics/cluster-bootstrap.ts';
import { meanAbsoluteError } from '../statistics/mean-absolute-error.ts';
import { meanBias } from '../statistics/mean-bias.ts';
import { rSquared } from '../statistics/r-squared.ts';
import { rootMeanSquareError } from '../statistics/root-mean-square-error.ts';
import { spearman } from '../statistics/spearman.ts';
import { halfWidth } from './predict.ts';

const BOOTSTRAP = { seed: 0, draws: 1000 };
const RELIABILITY_BINS = 15;

/** Held-out rows with their predictions; arrays of one length, row i is one compound. */
export interface ScoredRows {
  /** Modelled scale, or 0 / 1. */
  readonly actual: Float64Array;
  /** Modelled scale, or probability. */
  readonly predicted: Float64Array;
  /** Similarity to the nearest training compound. */
  readonly similarities: Float64Array;
  /** Predicted spread; 1 where the model predicts none. */
  readonly spreads: Float64Array;
  /** Scaffold number; intervals draw whole scaffolds. */
  readonly groups: Int32Array;
}

type Statistic = (actual: Float64Array, predicted: Float64Array) => number;

const CLASSIFICATION: Readonly<Record<string, Statistic>> = {
  AUROC: areaUnderRoc,
  AUPRC: averagePrecision,
  Brier: brierScore,
  ECE: (actual, predicted) => calibrationError(actual, predicted, RELIABILITY_BINS).ece,
  debiasedECE: (actual, predicted) => calibrationError(actual, predicted, RELIABILITY_BINS).debiased,
};

const REGRESSION: Readonly<Record<string, Statistic>> = {
  MAE: meanAbsoluteError,
  RMSE: rootMeanSquareError,
  R2: rSquared,
  Spearman: spearman,
  bias: meanBias,
};

/**
 * Figures of a model, the one people ask for first, each with its 95 % interval; of a regression with the coverage and
 * mean width of its intervals, where it has any.
 */
export function evaluate(
  kind: 'regression' | 'classification',
  rows: ScoredRows,
  calibration: Calibration,
): Record<string, Metric> {
  if (kind === 'classification') return withIntervals(rows, CLASSIFICATION);
  const figures = withIntervals(rows, REGRESSION);
  return calibration.kind === 'conformal' ? { ...figures, ...intervalFigures(rows, calibration) } : figures;
}

/** Coverage and mean width of the intervals. */
function intervalFigures(rows: ScoredRows, calibration: ConformalCalibration): Record<string, Metric> {
  const widths = rows.similarities.map(
    (similarity, i) => 2 * halfWidth(calibration, similarity, rows.spreads[i]),
  );
  const covered = rows.actual.map((y, i) => (Math.abs(y - rows.predicted[i]) <= widths[i] / 2 ? 1 : 0));
  const mean = (values: Float64Array) => (at: Uint32Array) => {
    let sum = 0;
    for (const i of at) sum += values[i];
    return sum / at.length;
  };
  const percent = Math.round(calibration.coverage * 100);
  return {
    [`coverage${percent}`]: clusterBootstrap(rows.groups, mean(covered), BOOTSTRAP),
    meanWidth: clusterBootstrap(rows.groups, mean(widths), BOOTSTRAP),
  };
}

function withIntervals(
  rows: ScoredRows,
  statistics: Readonly<Record<string, Statistic>>,
): Record<string, Metric> {
  const figures = Object.entries(statistics).map(([name, statistic]): [string, Metric] => [
    name,
    clusterBootstrap(
      rows.groups,
      (at) =>
        statistic(
          Float64Array.from(at, (i) => rows.actual[i]),
          Float64Array.from(at, (i) => rows.predicted[i]),
        ),
      BOOTSTRAP,
    ),
  ]);
  return Object.fromEntries(figures);
}
