import type { PairedDifferences } from './paired-differences.ts';
import { studentQuantile, studentTwoSided } from './student-t.ts';

export interface PairedT {
  /** after - before */
  readonly mean: number;
  /** Confidence interval of the mean. */
  readonly low: number;
  readonly high: number;
  readonly t: number;
  readonly df: number;
  /** Two-sided. */
  readonly p: number;
}

/**
 * Student's paired t-test. With one pair, or where all differences are equal, there is no spread to judge the mean by:
 * t, p and the interval are NaN.
 * @param level  confidence, 0.95 for 95 %
 * @source Student 1908, doi:10.1093/biomet/6.1.1
 */
export function pairedT({ values, mean, deviation }: PairedDifferences, level = 0.95): PairedT {
  const df = values.length - 1;
  if (!(deviation > 0)) return { mean, low: Number.NaN, high: Number.NaN, t: Number.NaN, df, p: Number.NaN };
  const error = deviation / Math.sqrt(values.length);
  const half = studentQuantile((1 + level) / 2, df) * error;
  const t = mean / error;
  return { mean, low: mean - half, high: mean + half, t, df, p: studentTwoSided(t, df) };
}
