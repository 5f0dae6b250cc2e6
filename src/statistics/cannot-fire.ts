/**
 * The least p that a permutation test can be counted on to reach: 1 / (B + 1), and no less than 1 / labellings, since the
 * observed labelling is drawn that often.
 * @param permutations  B
 * @param labellings    of the null; `PermutationLabels.labellings`
 */
export function smallestP(permutations: number, labellings = Infinity): number {
  return Math.max(1 / (permutations + 1), 1 / labellings);
}

/** Whether a test at level alpha would stay silent whatever the data: the state `cannot-fire-at-this-alpha`. */
export function cannotFire(alpha: number, permutations: number, labellings = Infinity): boolean {
  // Levels are quotients of decimals: at equality, but for rounding, the test can fire.
  return smallestP(permutations, labellings) > alpha * (1 + 1e-12);
}
