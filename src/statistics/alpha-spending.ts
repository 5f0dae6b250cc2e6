/**
 * Level of look t when a budget is spread over endlessly many looks: 6 alpha / (pi^2 t^2), which sums to alpha. The
 * levels fall fast, so this is only for few looks; `lastLookThatCanFire` says how few.
 * @param look   t, from 1
 * @param alpha  budget of all looks together
 * @source sum 1 / t^2 = pi^2 / 6 (Euler 1735)
 */
export function spentLevel(look: number, alpha: number): number {
  return (6 * alpha) / (Math.PI * look) ** 2;
}

/**
 * The last look whose level a permutation test of B permutations can reach; later looks are silent whatever the data,
 * and `judgeLook` says so of each. 0 where even the first cannot fire.
 */
export function lastLookThatCanFire(alpha: number, permutations: number): number {
  return Math.floor(Math.sqrt(6 * alpha * (permutations + 1)) / Math.PI + 1e-12);
}
