import type { ConformalCalibration, Metric } from '../core/artifact.ts';
import { areaUnderRoc } from '../statistics/area-under-roc.ts';
import { averagePrecision } from '../statistics/average-precision.ts';
import { brierScore } from '../statistics/brier-score.ts';
import { calibrationError } from '../statistics/calibration-error.ts';
import { clusterBootstrap } from '../statistics/cluster-bootstrap.ts';
import { meanAbsoluteError } from '../statistics/mean-absolute-error.ts';
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
  /** Scaffold number; intervals draw whole scaffolds. */
  readonly groups: Int32Array;
}

type Statistic = (actual: Float64Array, predicted: Float64Array) => number;

const CLASSIFICATION: Readonly<Record<string, Statistic>> = {
  AUROC: areaUnderRoc,
  AUPRC: averagePrecision,
  Brier: brierScore,
  ECE: (actual, predicted) => calibrationError(actual, predicted, RELIABILITY_BINS).ece,
};

const REGRESSION: Readonly<Record<string, Statistic>> = {
  MAE: meanAbsoluteError,
  RMSE: rootMeanSquareError,
  R2: rSquared,
  Spearman: spearman,
};

/** Figures of a class endpoint, each with its 95 % interval. */
export function evaluateClassification(rows: ScoredRows): Record<string, Metric> {
  return withIntervals(rows, CLASSIFICATION);
}

/** Figures of a regression, with the coverage and mean width of its intervals, each with its 95 % interval. */
export function evaluateRegression(
  rows: ScoredRows,
  calibration: ConformalCalibration,
): Record<string, Metric> {
  const widths = rows.similarities.map((similarity) => 2 * halfWidth(calibration, similarity));
  const covered = rows.actual.map((y, i) => (Math.abs(y - rows.predicted[i]) <= widths[i] / 2 ? 1 : 0));
  const mean = (values: Float64Array) => (at: Uint32Array) => {
    let sum = 0;
    for (const i of at) sum += values[i];
    return sum / at.length;
  };
  const percent = Math.round(calibration.coverage * 100);
  return {
    ...withIntervals(rows, REGRESSION),
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
