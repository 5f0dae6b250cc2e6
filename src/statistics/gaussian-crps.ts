import { normalDensity, normalDistribution } from './standard-normal.ts';

/**
 * Continuous ranked probability score of normal forecasts, mean over rows: the absolute error where the forecast is
 * a point, in the unit of the values; lower is better.
 * @param actual      float [n], n >= 1
 * @param means       float [n], same unit
 * @param deviations  float [n], > 0, same unit
 * @source Gneiting & Raftery 2007, doi:10.1198/016214506000001437
 */
export function gaussianCrps(
  actual: ArrayLike<number>,
  means: ArrayLike<number>,
  deviations: ArrayLike<number>,
): number {
  let sum = 0;
  for (let i = 0; i < actual.length; i++) {
    const z = (actual[i] - means[i]) / deviations[i];
    const score = z * (2 * normalDistribution(z) - 1) + 2 * normalDensity(z) - 1 / Math.sqrt(Math.PI);
    sum += deviations[i] * score;
  }
  return sum / actual.length;
}
