import { type TwoSample, walkSteps } from './two-sample.ts';

/**
 * Squared energy distance 2 E|X-Y| - E|X-X'| - E|Y-Y'|, as twice the area of the squared difference of the two
 * empirical distribution functions; in the column's unit.
 * @source Szekely & Rizzo 2013, doi:10.1016/j.jspi.2013.03.018
 */
export function energyDistanceSquared(sample: TwoSample): number {
  const n = sample.x.length;
  const m = sample.y.length;
  let area = 0;
  walkSteps(sample, (i, j, value, next) => {
    if (i + j < n + m) area += (i / n - j / m) ** 2 * (next - value);
  });
  return 2 * area;
}

/** Its square root, which is what SciPy calls `energy_distance`. */
export function energyDistance(sample: TwoSample): number {
  return Math.sqrt(energyDistanceSquared(sample));
}
