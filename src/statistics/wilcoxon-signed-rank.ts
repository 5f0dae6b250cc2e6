import type { PairedDifferences } from './paired-differences.ts';
import { midRanks } from './ranks.ts';
import { normalDistribution } from './standard-normal.ts';

export interface WilcoxonSignedRank {
  /** Sum of the ranks of positive differences. */
  readonly statistic: number;
  /** Pairs that differ; equal pairs are left out (Wilcoxon's way). */
  readonly pairs: number;
  /** Two-sided; 1 where no pair differs. */
  readonly p: number;
  readonly method: 'exact' | 'normal';
}

/** Pairs up to which all 2^pairs signs are counted. */
const EXACT_PAIRS = 50;

/**
 * Wilcoxon's signed-rank test that differences are symmetric about 0. Up to 50 pairs the p is exact, given the ranks, with
 * ties too; above, normal with the variance corrected for ties and no continuity correction.
 * @source Wilcoxon 1945, doi:10.2307/3001968; exact with ties: Pratt & Gibbons 1981, doi:10.1007/978-1-4612-5931-2
 */
export function wilcoxonSignedRank({ values, rounding }: PairedDifferences): WilcoxonSignedRank {
  const differing = values.filter((value) => Math.abs(value) > rounding);
  const pairs = differing.length;
  // 0.3 - 0.2 and 0.2 - 0.1 are equal for a chemist, and must be for ranks.
  const sizes = differing.map((value) =>
    rounding > 0 ? Math.round(Math.abs(value) / rounding / 4) : Math.abs(value),
  );
  const ranks = midRanks(sizes);
  const statistic = ranks.reduce((sum, rank, i) => (differing[i] > 0 ? sum + rank : sum), 0);
  if (pairs === 0) return { statistic, pairs, p: 1, method: 'exact' };
  if (pairs <= EXACT_PAIRS) return { statistic, pairs, p: exactP(ranks, statistic), method: 'exact' };
  const mean = (pairs * (pairs + 1)) / 4;
  // A sum of squared mid-ranks is the variance with its tie correction.
  const variance = ranks.reduce((sum, rank) => sum + rank * rank, 0) / 4;
  const z = Math.abs(statistic - mean) / Math.sqrt(variance);
  return { statistic, pairs, p: Math.min(1, 2 * normalDistribution(-z)), method: 'normal' };
}

/** Twice the smaller tail of the sum of a random half of the ranks; ranks are doubled to be whole. */
function exactP(ranks: Float64Array, statistic: number): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const ways = new Float64Array(2 * total + 1);
  ways[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    const doubled = Math.round(2 * rank);
    reached += doubled;
    for (let sum = reached; sum >= doubled; sum--) ways[sum] += ways[sum - doubled];
  }
  // The distribution is symmetric, so the lower tail of the smaller sum is enough.
  const smaller = Math.round(2 * Math.min(statistic, total - statistic));
  let tail = 0;
  for (let sum = 0; sum <= smaller; sum++) tail += ways[sum];
  return Math.min(1, (2 * tail) / 2 ** ranks.length);
}
