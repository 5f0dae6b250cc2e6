import { type TwoSample, walkSteps } from './two-sample.ts';

/**
 * Wasserstein-1 distance: the area between the two empirical distribution functions, in the column's unit.
 * @source Vallender 1974, doi:10.1137/1118101
 */
export function wasserstein(sample: TwoSample): number {
  const n = sample.x.length;
  const m = sample.y.length;
  let area = 0;
  walkSteps(sample, (i, j, value, next) => {
    // Past the last value both functions are 1.
    if (i + j < n + m) area += Math.abs(i / n - j / m) * (next - value);
  });
  return area;
}

/**
 * Wasserstein-1 over the reference's standard deviation, without a unit. Without drift it is not 0 but about
 * `wassersteinNull`, so it is judged against that, never against a fixed threshold.
 * @returns NaN where the reference is constant or a single row
 */
export function standardizedWasserstein(sample: TwoSample): number {
  const { x } = sample;
  if (x.length < 2 || x[0] === x[x.length - 1]) return Number.NaN;
  let mean = 0;
  for (const value of x) mean += value / x.length;
  let squares = 0;
  for (const value of x) squares += (value - mean) ** 2;
  return wasserstein(sample) / Math.sqrt(squares / (x.length - 1));
}
