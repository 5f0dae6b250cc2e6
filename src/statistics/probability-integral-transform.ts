import { kolmogorovSurvivalOf } from './kolmogorov-distribution.ts';
import { normalDistribution } from './standard-normal.ts';

export interface ProbabilityIntegralTransform {
  /** Phi((actual - mean) / deviation) of each row, float64 [n]; uniform on [0, 1] where the forecasts are right. */
  readonly values: Float64Array;
  /** Rows in each of `bins` equal parts of [0, 1]. */
  readonly histogram: readonly number[];
  /** Largest distance of the values' distribution function from the uniform one. */
  readonly distance: number;
  /** Of the distance by Kolmogorov's test; takes the rows as independent. */
  readonly p: number;
  /** 12 * mean (value - 1/2)^2: 1 where right, above 1 where the stated deviations are too small. */
  readonly dispersion: number;
}

/**
 * Probability integral transform of normal forecasts, against the uniform distribution.
 * @param actual      float [n], n >= 1
 * @param means       float [n], same unit
 * @param deviations  float [n], > 0, same unit
 * @source Dawid 1984, doi:10.2307/2981683
 */
export function probabilityIntegralTransform(
  actual: ArrayLike<number>,
  means: ArrayLike<number>,
  deviations: ArrayLike<number>,
  bins = 10,
): ProbabilityIntegralTransform {
  const n = actual.length;
  const values = Float64Array.from(actual, (y, i) => normalDistribution((y - means[i]) / deviations[i]));
  const histogram = new Array<number>(bins).fill(0);
  let spread = 0;
  for (const value of values) {
    histogram[Math.min(Math.floor(value * bins), bins - 1)]++;
    spread += (value - 0.5) ** 2 / n;
  }
  let distance = 0;
  values
    .slice()
    .sort()
    .forEach((value, i) => {
      distance = Math.max(distance, (i + 1) / n - value, value - i / n);
    });
  return { values, histogram, distance, p: kolmogorovSurvivalOf(n, distance), dispersion: 12 * spread };
}
