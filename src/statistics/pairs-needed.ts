import type { EquivalenceMargin } from './equivalence-test.ts';
import { refuse } from './finite-values.ts';
import { logGamma } from './incomplete-beta.ts';
import { normalDistribution } from './standard-normal.ts';
import { studentQuantile } from './student-t.ts';
import { detectablePairedMean, type PowerTarget } from './univariate-power.ts';

/** More pairs than any laboratory measures twice; past it the answer is Infinity. */
const MOST_PAIRS = 1_000_000;
/** Beyond so many standard deviations, a chi distribution (deviation below 0.71) has nothing left. */
const REACH = 9;
const STEPS = 500;

/**
 * Least number of pairs by which two one-sided t-tests show with the wanted power that the mean lies within the margin, where
 * nothing has changed (the true mean is 0). Exact for normal differences.
 * @param deviation  standard deviation of the differences, > 0, in the margin's unit
 * @returns at least 2; Infinity past a million
 * @throws ERR_USAGE
 * @source Phillips 1990, doi:10.1007/BF01063556
 */
export function pairsForEquivalence(deviation: number, limits: EquivalenceMargin, power = 0.8): number {
  const { margin, alpha } = limits;
  if (!(deviation > 0 && margin > 0 && alpha > 0 && alpha < 0.5 && power > 0 && power < 1)) {
    refuse(
      `Pairs cannot be counted for deviation ${deviation}, margin ${margin}, alpha ${alpha}, power ${power}.`,
    );
  }
  return leastPairs((pairs) => equivalencePower(margin / deviation, alpha, pairs) >= power);
}

/**
 * Least number of pairs by which a two-sided paired t-test finds a mean difference of this size with the wanted power.
 * @param deviation   standard deviation of the differences, > 0
 * @param difference  > 0, in the same unit
 * @returns at least 2; Infinity past a million
 * @throws ERR_USAGE
 * @source Lehr's form with t quantiles: Machin et al. 2018, ISBN 978-1-118-87494-4
 */
export function pairsForChange(deviation: number, difference: number, target: PowerTarget): number {
  if (!(deviation > 0 && difference > 0)) {
    refuse(`Pairs cannot be counted for deviation ${deviation} and difference ${difference}.`);
  }
  return leastPairs((pairs) => detectablePairedMean(deviation, pairs, target) <= difference);
}

/** By doubling and halving; once enough, more are enough too. */
function leastPairs(isEnough: (pairs: number) => boolean): number {
  let enough = 2;
  while (!isEnough(enough)) {
    if (enough >= MOST_PAIRS) return Number.POSITIVE_INFINITY;
    enough *= 2;
  }
  let tooFew = enough === 2 ? 1 : enough / 2;
  while (enough - tooFew > 1) {
    const middle = (enough + tooFew) >> 1;
    if (isEnough(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/**
 * P(|D| <= margin - t S / sqrt(n)) of the mean D and standard deviation S of n normal differences about 0, which are
 * independent: over S, whose sqrt(n - 1) S / sigma is chi distributed, by the midpoint rule.
 * @param ratio  margin / sigma
 */
function equivalencePower(ratio: number, alpha: number, pairs: number): number {
  const df = pairs - 1;
  const scaled = ratio * Math.sqrt(pairs);
  const t = studentQuantile(1 - alpha, df);
  const low = Math.max(0, Math.sqrt(df) - REACH);
  const high = Math.min(Math.sqrt(df) + REACH, (scaled / t) * Math.sqrt(df));
  if (high <= low) return 0;
  const logScale = (df / 2 - 1) * Math.LN2 + logGamma(df / 2);
  const width = (high - low) / STEPS;
  let power = 0;
  for (let step = 0; step < STEPS; step++) {
    const chi = low + (step + 0.5) * width;
    const density = Math.exp((df - 1) * Math.log(chi) - (chi * chi) / 2 - logScale);
    power += density * (2 * normalDistribution(scaled - (t * chi) / Math.sqrt(df)) - 1);
  }
  return power * width;
}
