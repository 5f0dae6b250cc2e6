import { refuse } from './finite-values.ts';
import { normalQuantile } from './standard-normal.ts';

/** Permuted values that a spread can be known from. */
const LEAST_PERMUTED = 20;
/** Past so many an effect's spread grows as fast as the effect. */
const MOST_DOUBLINGS = 100;

export interface EffectSearch {
  /** Level of the test. */
  readonly alpha: number;
  /** Wanted chance to see the effect; 0.8 when not said. */
  readonly power?: number;
}

/**
 * The value that a statistic must pass for p <= alpha: the floor(alpha (B + 1))-th largest of the permuted ones.
 * @param permuted  float [B]
 * @returns Infinity where B is too small for this alpha
 */
export function criticalValue(permuted: ArrayLike<number>, alpha: number): number {
  // The product of a decimal alpha and B + 1 can fall a rounding error below a whole number.
  const rank = Math.floor(alpha * (permuted.length + 1) + 1e-9);
  return rank === 0 ? Infinity : Float64Array.from(permuted).sort()[permuted.length - rank];
}

/**
 * The smallest true effect that a permutation test of these sample sizes sees with the wanted power, for a statistic that is
 * unbiased and normal with the same spread whatever the effect (a difference of means): critical value + z_power times the
 * standard deviation of the permuted values. Those come from the sample at hand, whose own difference widens
 * them a little: measured power for a wanted 0.8 is 0.75 with 30 rows a side.
 * @param permuted  the statistic's permuted values, without the observed one. float [B], B >= 20
 * @returns in the statistic's own unit; Infinity where no effect would be seen
 * @throws ERR_USAGE
 */
export function minimumDetectableEffect(
  permuted: ArrayLike<number>,
  { alpha, power = 0.8 }: EffectSearch,
): number {
  const { spread } = describeNull(permuted);
  // Values that are all alike say nothing of how an effect would show.
  return spread === 0 ? Infinity : criticalValue(permuted, alpha) + normalQuantile(power) * spread;
}

/**
 * The same for an unbiased squared distance such as MMD2u, whose spread grows with the effect.
 *
 * Under the null it is a sum of (Z_k^2 - 1) l_k over independent directions, of variance v = 2 sum l_k^2 and third cumulant
 * t = 8 sum l_k^3. An effect e along one direction adds 2 sqrt(e l) Z to it: variance 4 e l, third cumulant 24 e l^2. No l is above
 * (t / 8)^(1/3) or (v / 2)^(1/2); the smaller is taken, so the effect is rather too large than too small. The lower quantile of the
 * statistic at e, by Cornish and Fisher's first term, must reach the critical value. Measured for a
 * wanted power of 0.8, on average over nulls: 0.76 and 0.81 with one direction, 0.86 and 0.92 with twenty.
 * @param permuted  MMD2u of the permuted columns, without the observed one. float [B], B >= 20; 999 for a good third cumulant
 * @returns a squared distance; Infinity where none would be seen
 * @throws ERR_USAGE
 * @source Gretton et al. 2012, JMLR 13:723-773, theorem 12 (the null); Cornish & Fisher 1938, doi:10.2307/1400905
 */
export function minimumDetectableDistance(
  permuted: ArrayLike<number>,
  { alpha, power = 0.8 }: EffectSearch,
): number {
  const { spread, thirdCumulant } = describeNull(permuted);
  const critical = criticalValue(permuted, alpha);
  if (spread === 0 || critical === Infinity) return Infinity;
  const third = Math.max(0, thirdCumulant);
  const direction = Math.min(Math.cbrt(third / 8), spread / Math.SQRT2);
  const z = normalQuantile(1 - power);
  const reached = (effect: number): boolean => {
    const deviation = Math.sqrt(spread ** 2 + 4 * effect * direction);
    const skewness = (third + 24 * effect * direction ** 2) / deviation ** 3;
    return effect + deviation * (z + (skewness * (z * z - 1)) / 6) >= critical;
  };
  let low = 0;
  let high = Math.max(critical, spread);
  for (let doublings = 0; !reached(high); doublings++) {
    if (doublings === MOST_DOUBLINGS) return Infinity;
    low = high;
    high *= 2;
  }
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function describeNull(permuted: ArrayLike<number>): { spread: number; thirdCumulant: number } {
  if (permuted.length < LEAST_PERMUTED) {
    refuse(
      `${permuted.length} permuted values say too little of the spread. Give ${LEAST_PERMUTED} or more.`,
    );
  }
  const all = Float64Array.from(permuted);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const moment = (order: number) => all.reduce((sum, value) => sum + (value - mean) ** order, 0) / all.length;
  return { spread: Math.sqrt(moment(2)), thirdCumulant: moment(3) };
}
