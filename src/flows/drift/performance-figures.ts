import type { DriftFigure } from '../../core/drift.ts';
import { areaUnderRoc } from '../../statistics/area-under-roc.ts';
import { averagePrecision } from '../../statistics/average-precision.ts';
import { brierDecomposition } from '../../statistics/brier-decomposition.ts';
import { calibrationError } from '../../statistics/calibration-error.ts';
import { clusterBootstrap } from '../../statistics/cluster-bootstrap.ts';
import { combineCorrelations, type RankCorrelation, seriesCorrelations } from '../../statistics/fisher-z.ts';
import { intervalCoverage } from '../../statistics/interval-coverage.ts';
import { meanBias } from '../../statistics/mean-bias.ts';
import { rootMeanSquareError } from '../../statistics/root-mean-square-error.ts';

/** With fewer labels none of these figures is given; they have to be exact values. */
const LEAST_LABELS = 20;
/** Of each class, for what compares the classes. */
const LEAST_OF_CLASS = 5;
/** Of each reliability bin, on average. */
const LEAST_IN_BIN = 10;
const BINS = 10;
/** Series with fewer compounds have no rank correlation. */
const LEAST_IN_SERIES = 8;

/** Labels that have arrived, and what was answered; all arrays are of the same rows. */
export interface Answered {
  readonly actual: Float64Array;
  /** Modelled scale, or probabilities. */
  readonly predicted: Float64Array;
  /** Cluster of each row. */
  readonly groups: Int32Array;
  /** Half of each interval's width; null where the model has none. */
  readonly halfWidths: Float64Array | null;
  /** What the intervals are meant to cover; null with them. */
  readonly coverage: number | null;
  readonly unit: string;
  readonly seed: number;
}

/** Errors of values: their size, direction, what intervals cover, and ranks within series. [] with too few labels. */
export function regressionFigures(answered: Answered): DriftFigure[] {
  const { actual, predicted, halfWidths, coverage, groups, unit } = answered;
  const n = actual.length;
  if (n < LEAST_LABELS) return [];
  const figures = [
    drawn(answered, 'root mean square error', rootMeanSquareError, unit),
    drawn(answered, 'mean of predicted less measured', (y, p) => meanBias(y, p), unit),
  ];
  if (halfWidths && coverage !== null) {
    const lows = predicted.map((value, row) => value - halfWidths[row]);
    const highs = predicted.map((value, row) => value + halfWidths[row]);
    const { coverage: value, low, high } = intervalCoverage(actual, lows, highs);
    figures.push({ name: `share within the ${100 * coverage} % intervals`, value, low, high, unit: '', n });
  }
  return [
    ...figures,
    ...ranksWithin(groups, actual, predicted, 'spearman', 'Spearman correlation'),
    ...ranksWithin(groups, actual, predicted, 'kendall', 'Kendall tau-b'),
  ];
}

/** How well classes are told apart, and what their probabilities mean. [] with too few labels. */
export function classFigures(answered: Answered): DriftFigure[] {
  const { actual, predicted } = answered;
  const n = actual.length;
  const positives = actual.reduce((sum, label) => sum + label, 0);
  const figures: DriftFigure[] = [];
  if (n >= LEAST_LABELS && Math.min(positives, n - positives) >= LEAST_OF_CLASS) {
    figures.push(
      drawn(answered, 'AUROC', areaUnderRoc, ''),
      drawn(answered, 'average precision (AUPRC)', averagePrecision, ''),
    );
  }
  if (n < LEAST_IN_BIN * BINS) return figures;
  const parts = brierDecomposition(actual, predicted, { layout: 'equal-mass', bins: BINS });
  const { ece, debiased } = calibrationError(actual, predicted, BINS);
  const told: [string, number][] = [
    ['Brier score, part of reliability', parts.reliability],
    ['Brier score, part of resolution', parts.resolution],
    ['Brier score, part of uncertainty', parts.uncertainty],
    ['expected calibration error', ece],
    ['calibration error, debiased', debiased],
  ];
  return [...figures, ...told.map(([name, value]) => ({ name, value, unit: '', n }))];
}

/** A figure with its 95 % interval by drawing whole clusters. */
function drawn(
  { actual, predicted, groups, seed }: Answered,
  name: string,
  statistic: (actual: Float64Array, predicted: Float64Array) => number,
  unit: string,
): DriftFigure {
  const of = (from: Float64Array, rows: Uint32Array) => Float64Array.from(rows, (row) => from[row]);
  const metric = clusterBootstrap(groups, (rows) => statistic(of(actual, rows), of(predicted, rows)), {
    seed,
  });
  return { name, ...metric, unit, n: actual.length };
}

/** The mean rank correlation over series that are large enough; [] where there is none. */
function ranksWithin(
  groups: Int32Array,
  actual: Float64Array,
  predicted: Float64Array,
  kind: RankCorrelation,
  name: string,
): DriftFigure[] {
  const { used } = seriesCorrelations(groups, actual, predicted, kind, LEAST_IN_SERIES);
  if (used.length === 0) return [];
  const { correlation, low, high, series, rows } = combineCorrelations(used, kind);
  const within = `${series} series of at least ${LEAST_IN_SERIES}`;
  return [{ name: `${name} within ${within}`, value: correlation, low, high, unit: '', n: rows }];
}
