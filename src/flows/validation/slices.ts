import type { Calibration, Metric } from '../../core/artifact.ts';
import { areaUnderRoc } from '../../statistics/area-under-roc.ts';
import { brierScore } from '../../statistics/brier-score.ts';
import { clopperPearson } from '../../statistics/clopper-pearson.ts';
import { clusterBootstrap } from '../../statistics/cluster-bootstrap.ts';
import { meanAbsoluteError } from '../../statistics/mean-absolute-error.ts';
import { meanBias } from '../../statistics/mean-bias.ts';
import { spearman } from '../../statistics/spearman.ts';
import type { ScoredRows } from '../evaluate.ts';
import { halfWidth } from '../predict.ts';
import type { Figure, Share, Slice } from './report-schema.ts';

const BOOTSTRAP = { seed: 0, draws: 1000 };
/** A percentile interval over fewer clusters is narrower than the truth by too much to be shown. */
const LEAST_CLUSTERS = 5;

type Statistic = (actual: Float64Array, predicted: Float64Array) => number;

const FIGURES: Readonly<Record<'regression' | 'classification', Readonly<Record<string, Statistic>>>> = {
  regression: { MAE: meanAbsoluteError, bias: meanBias, Spearman: spearman },
  classification: { AUROC: areaUnderRoc, Brier: brierScore, bias: meanBias },
};

/** Scored rows of one model with its calibration. */
export interface ScoredModel {
  readonly kind: 'regression' | 'classification';
  readonly rows: ScoredRows;
  readonly calibration: Calibration;
}

/**
 * Figures of the rows named.
 * @param at        row numbers, not empty
 * @param clusters  int [n]: what the bootstrap draws as a whole
 */
export function sliceOf(
  name: string,
  { kind, rows, calibration }: ScoredModel,
  at: readonly number[],
  clusters: ArrayLike<number>,
): Slice {
  const actual = Float64Array.from(at, (i) => rows.actual[i]);
  const predicted = Float64Array.from(at, (i) => rows.predicted[i]);
  const drawn = Int32Array.from(at, (i) => clusters[i]);
  const figures = Object.entries(FIGURES[kind]).map(([figure, statistic]): [string, Figure] => [
    figure,
    interval(drawn, (draw) =>
      statistic(
        Float64Array.from(draw, (i) => actual[i]),
        Float64Array.from(draw, (i) => predicted[i]),
      ),
    ),
  ]);
  const slice = { name, rows: at.length, figures: Object.fromEntries(figures) };
  if (kind === 'classification') {
    const positives = actual.reduce((sum, label) => sum + label, 0);
    const promised = predicted.reduce((sum, probability) => sum + probability, 0) / at.length;
    return { ...slice, promised, observed: shareOf(positives, at.length) };
  }
  if (calibration.kind !== 'conformal') return { ...slice, promised: null, observed: null };
  const covered = at.filter((i) => {
    const half = halfWidth(calibration, rows.similarities[i], rows.spreads[i]);
    return Math.abs(rows.actual[i] - rows.predicted[i]) <= half;
  });
  return { ...slice, promised: calibration.coverage, observed: shareOf(covered.length, at.length) };
}

/** A share of at least one row. */
export function shareOf(count: number, rows: number): Share {
  const [low, high] = clopperPearson(count, rows);
  return { count, rows, value: count / rows, low, high };
}

/** A figure of the manifest in the form of a report. */
export function figureOf({ value, low, high }: Metric): Figure {
  return { value: finite(value), low: finite(low), high: finite(high) };
}

function interval(clusters: Int32Array, statistic: (rows: Uint32Array) => number): Figure {
  if (new Set(clusters).size >= LEAST_CLUSTERS) {
    return figureOf(clusterBootstrap(clusters, statistic, BOOTSTRAP));
  }
  const value = statistic(Uint32Array.from(clusters, (_, i) => i));
  return { value: finite(value), low: null, high: null };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
