import type { ChiSquare } from './chi-square.ts';

/**
 * Cramer's V of a table of two sides: chi-square's effect size, whatever the number of rows. Without drift its square
 * is about df / rows, not 0.
 * @returns in [0, 1]; NaN with one category
 * @source Cramer 1946, Mathematical Methods of Statistics, 21.9
 */
export function cramersV({ statistic, rows }: ChiSquare): number {
  // Two sides: the smaller of rows - 1 and columns - 1 is 1.
  return Math.min(1, Math.sqrt(statistic / rows));
}
