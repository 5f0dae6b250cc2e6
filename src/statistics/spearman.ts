import { midRanks } from './ranks.ts';

/**
 * Spearman's rank correlation: Pearson's correlation of mid-ranks.
 * @param x  float [n], n >= 2
 * @param y  float [n]
 * @returns in [-1, 1]; NaN when either is constant
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const a = midRanks(x);
  const b = midRanks(y);
  const mean = (a.length + 1) / 2;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - mean) * (b[i] - mean);
    aa += (a[i] - mean) ** 2;
    bb += (b[i] - mean) ** 2;
  }
  return aa === 0 || bb === 0 ? Number.NaN : ab / Math.sqrt(aa * bb);
}
