import { incompleteBeta } from './incomplete-beta.ts';

/**
 * Exact binomial interval of a proportion.
 * @param successes  k, 0 <= k <= trials
 * @param trials     n >= 1
 * @param level      confidence, 0.95 for 95 %
 * @returns [low, high] in [0, 1]
 * @source Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404
 */
export function clopperPearson(successes: number, trials: number, level = 0.95): [number, number] {
  const tail = (1 - level) / 2;
  const low = successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1);
  const high = successes === trials ? 1 : betaQuantile(1 - tail, successes + 1, trials - successes);
  return [low, high];
}

/** Quantile of the beta distribution, by bisection down to neighbouring doubles. */
function betaQuantile(probability: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) return middle;
    if (incompleteBeta(middle, a, b) < probability) low = middle;
    else high = middle;
  }
}
