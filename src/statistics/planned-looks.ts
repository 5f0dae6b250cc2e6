import { refuse } from './finite-values.ts';

export interface PlannedLooks {
  /** A look alarms at p <= level. */
  readonly level: number;
  /** Permutations B that each look needs, K / alpha: with fewer the smallest p, 1 / (B + 1), can stay above the level. */
  readonly leastPermutations: number;
}

/**
 * A number of looks agreed in advance, each at alpha / K (Bonferroni): at most alpha over all of them, whatever their
 * dependence. Not one look more than planned is covered.
 * @param looks  K >= 1
 * @param alpha  false-alarm budget of all looks together, in (0, 1)
 * @throws ERR_USAGE
 */
export function planLooks(looks: number, alpha: number): PlannedLooks {
  if (!Number.isInteger(looks) || looks < 1)
    refuse(`${looks} looks cannot be planned. Plan a whole number of at least 1.`);
  if (!(alpha > 0 && alpha < 1)) refuse(`A false-alarm budget of ${alpha} is not between 0 and 1.`);
  // The quotient of decimals can fall a rounding error above a whole number.
  return { level: alpha / looks, leastPermutations: Math.ceil(looks / alpha - 1e-9) };
}

export type LookVerdict = 'drift' | 'steady' | 'cannot-fire-at-this-alpha';

/** Verdict of one look at its level. A test whose smallest p-value is above the level says so, and never "steady". */
export function judgeLook(p: number, level: number, permutations: number): LookVerdict {
  // (1 + 0) / (B + 1) and level are both rounded: at equality the look can fire.
  const slack = 1e-12 * level;
  if (1 / (permutations + 1) > level + slack) return 'cannot-fire-at-this-alpha';
  return p <= level + slack ? 'drift' : 'steady';
}
