import { categoryCounts } from './category-counts.ts';
import { upperGamma } from './incomplete-gamma.ts';

export interface ChiSquare {
  /** NaN with fewer than two categories that have rows. */
  readonly statistic: number;
  /** Categories with rows, less one. */
  readonly df: number;
  /** NaN with fewer than two categories that have rows. */
  readonly p: number;
  /** Smallest expected count; below about 5 the p is rough, and permutation is the way. */
  readonly smallestExpected: number;
  /** Rows of both sides. */
  readonly rows: number;
}

/**
 * Pearson's test that two sides have the same shares of categories, without continuity correction.
 * @param reference  whole [k], rows by category
 * @param batch      whole [k], the same categories
 * @throws ERR_USAGE, as categoryCounts
 * @source Pearson 1900, doi:10.1080/14786440009463897
 */
export function chiSquare(reference: ArrayLike<number>, batch: ArrayLike<number>): ChiSquare {
  const counts = categoryCounts(reference, batch);
  const rows = counts.n + counts.m;
  const df = counts.reference.length - 1;
  let statistic = 0;
  let smallestExpected = Number.POSITIVE_INFINITY;
  for (let k = 0; k <= df; k++) {
    const both = counts.reference[k] + counts.batch[k];
    const expectedX = (both * counts.n) / rows;
    const expectedY = (both * counts.m) / rows;
    statistic += (counts.reference[k] - expectedX) ** 2 / expectedX;
    statistic += (counts.batch[k] - expectedY) ** 2 / expectedY;
    smallestExpected = Math.min(smallestExpected, expectedX, expectedY);
  }
  if (df === 0) return { statistic: Number.NaN, df, p: Number.NaN, smallestExpected, rows };
  return { statistic, df, p: upperGamma(df / 2, statistic / 2), smallestExpected, rows };
}
