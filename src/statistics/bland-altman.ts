import type { PairedDifferences } from './paired-differences.ts';
import { normalQuantile } from './standard-normal.ts';
import { studentQuantile } from './student-t.ts';

/** A limit of agreement with its confidence interval. */
export interface AgreementLimit {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface BlandAltman {
  /** Mean of after - before. */
  readonly bias: number;
  readonly deviation: number;
  /** Between these, 95 % of single differences are expected; NaN with one pair. */
  readonly lower: AgreementLimit;
  readonly upper: AgreementLimit;
}

/**
 * Limits of agreement of two measurements of the same compounds: what one compound's value may change by, where the mean
 * difference says what all change by.
 * @param level  share of differences within the limits, and confidence of the limits' own intervals
 * @source Bland & Altman 1986, doi:10.1016/S0140-6736(86)90837-8; intervals: 1999, doi:10.1177/096228029900800204
 */
export function blandAltman({ values, mean, deviation }: PairedDifferences, level = 0.95): BlandAltman {
  const n = values.length;
  const z = normalQuantile((1 + level) / 2);
  const error = deviation * Math.sqrt(1 / n + (z * z) / (2 * (n - 1)));
  const half = studentQuantile((1 + level) / 2, n - 1) * error;
  const limit = (value: number): AgreementLimit => ({ value, low: value - half, high: value + half });
  return { bias: mean, deviation, lower: limit(mean - z * deviation), upper: limit(mean + z * deviation) };
}
