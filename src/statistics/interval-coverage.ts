import { clopperPearson } from './clopper-pearson.ts';

export interface IntervalCoverage {
  readonly covered: number;
  readonly rows: number;
  /** covered / rows */
  readonly coverage: number;
  /** Exact binomial bounds of the coverage; they take the rows as independent. */
  readonly low: number;
  readonly high: number;
}

/**
 * Share of values inside their prediction intervals, ends included, with exact binomial bounds.
 * @param actual  float [n], n >= 1
 * @param lows    float [n], may be -Infinity
 * @param highs   float [n], may be Infinity
 * @param level   confidence of the bounds
 * @source Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404
 */
export function intervalCoverage(
  actual: ArrayLike<number>,
  lows: ArrayLike<number>,
  highs: ArrayLike<number>,
  level = 0.95,
): IntervalCoverage {
  const rows = actual.length;
  let covered = 0;
  for (let i = 0; i < rows; i++) if (actual[i] >= lows[i] && actual[i] <= highs[i]) covered++;
  const [low, high] = clopperPearson(covered, rows, level);
  return { covered, rows, coverage: covered / rows, low, high };
}
