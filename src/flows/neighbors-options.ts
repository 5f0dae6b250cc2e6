import { AssayerError } from '../core/errors.ts';
import {
  COSINE,
  DICE,
  type Fraction,
  MAX_THRESHOLD_DENOMINATOR,
  type Metric,
  TANIMOTO,
  tversky,
} from '../core/metric.ts';

export const METRICS = ['tanimoto', 'dice', 'cosine', 'tversky'] as const;

/** How similarity is measured, as people name it. */
export interface MetricChoice {
  readonly metric?: (typeof METRICS)[number];
  /** Tversky's weights of the query's and of the neighbour's own bits; needed for it, and for it alone. */
  readonly alpha?: number;
  readonly beta?: number;
}

/** @throws ERR_USAGE */
export function chooseMetric({ metric = 'tanimoto', alpha, beta }: MetricChoice): Metric {
  if (metric === 'tversky') {
    if (alpha === undefined || beta === undefined) throw usage('Tversky needs both alpha and beta.');
    return tversky(alpha, beta);
  }
  if (alpha !== undefined || beta !== undefined)
    throw usage(`alpha and beta belong to tversky, not to ${metric}.`);
  return { tanimoto: TANIMOTO, dice: DICE, cosine: COSINE }[metric];
}

/** A least similarity as the exact fraction that is compared. @throws ERR_USAGE */
export function thresholdOf(threshold: number): Fraction {
  const numerator = Math.round(threshold * MAX_THRESHOLD_DENOMINATOR);
  const isExact = Math.abs(threshold * MAX_THRESHOLD_DENOMINATOR - numerator) < 1e-6;
  if (!(threshold >= 0 && threshold <= 1 && isExact)) {
    throw usage(`The threshold is ${threshold}. Give a similarity from 0 to 1 with at most four decimals.`);
  }
  return { numerator, denominator: MAX_THRESHOLD_DENOMINATOR };
}

function usage(problem: string): AssayerError {
  return new AssayerError('ERR_USAGE', { problem });
}
