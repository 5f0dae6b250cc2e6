import { refuse } from './finite-values.ts';
import { sortedOrder } from './ranks.ts';

/**
 * Adjusted p-values that bound the false discovery rate: of independent (or positively dependent) tests.
 * @param p  float [k] in [0, 1]
 * @returns float64 [k], in the given order
 * @throws ERR_USAGE where a p is NaN or outside [0, 1]
 * @source Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  return stepUp(p, 1);
}

/** The same under any dependence. @source Benjamini & Yekutieli 2001, doi:10.1214/aos/1013699998 */
export function benjaminiYekutieli(p: ArrayLike<number>): Float64Array {
  let harmonic = 0;
  for (let i = 1; i <= p.length; i++) harmonic += 1 / i;
  return stepUp(p, harmonic);
}

function stepUp(p: ArrayLike<number>, factor: number): Float64Array {
  const bad = Array.from(p).findIndex((value) => !(value >= 0 && value <= 1));
  if (bad >= 0) refuse(`p-value ${bad} is ${p[bad]}. Leave out the tests that have none, then adjust.`);
  const order = sortedOrder(p);
  const adjusted = new Float64Array(p.length);
  let least = 1;
  for (let rank = p.length; rank >= 1; rank--) {
    const at = order[rank - 1];
    least = Math.min(least, (p[at] * p.length * factor) / rank);
    adjusted[at] = least;
  }
  return adjusted;
}
