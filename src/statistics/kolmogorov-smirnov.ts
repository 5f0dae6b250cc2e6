import { kolmogorovSurvival, kolmogorovSurvivalOf } from './kolmogorov-distribution.ts';
import { type TwoSample, walkSteps } from './two-sample.ts';

export interface KolmogorovSmirnov {
  /** D, the largest distance between the two empirical distribution functions, in [0, 1]. */
  readonly statistic: number;
  /** The first value at which they are so far apart. */
  readonly at: number;
  /**
   * P(D >= statistic) over all orders of the pooled rows, none tied (with ties it is too large, never too small).
   * null past EXACT_CELLS.
   */
  readonly exact: number | null;
  /** From the one-sample law of round(n m / (n + m)) rows, as SciPy's `asymp`; null where that rounds to 0. */
  readonly asymptotic: number | null;
  /** From Kolmogorov's limit for many rows. */
  readonly limit: number;
}

/** Largest n m that the exact p is counted for: it costs as many steps. */
export const EXACT_CELLS = 100_000;

/**
 * Two-sided two-sample Kolmogorov-Smirnov test. Its p-values hold for independent rows only; compounds of one
 * series are not, so a verdict takes its p from permuted clusters and these for orientation.
 * @source Hodges 1958, doi:10.1007/BF02589501
 */
export function kolmogorovSmirnov(sample: TwoSample): KolmogorovSmirnov {
  const n = sample.x.length;
  const m = sample.y.length;
  // In whole numbers, n m times the distance, so that no path is on the wrong side by a rounding error.
  let largest = 0;
  let at = Math.min(sample.x[0], sample.y[0]);
  walkSteps(sample, (i, j, value) => {
    const distance = Math.abs(i * m - j * n);
    if (distance <= largest) return;
    largest = distance;
    at = value;
  });
  const statistic = largest / (n * m);
  const rows = (n * m) / (n + m);
  const whole = roundHalfToEven(rows);
  return {
    statistic,
    at,
    exact: n * m > EXACT_CELLS ? null : shareOfPathsReaching(n, m, largest),
    asymptotic: whole === 0 ? null : kolmogorovSurvivalOf(whole, statistic),
    limit: kolmogorovSurvival(Math.sqrt(rows) * statistic),
  };
}

/**
 * Share of the lattice paths from (0, 0) to (n, m) that touch |i m - j n| >= distance, by the recurrence over the
 * last step. Counting the paths that touch, not those that do not, keeps the digits of a tiny p.
 */
function shareOfPathsReaching(n: number, m: number, distance: number): number {
  if (distance === 0) return 1;
  const share = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * m - j * n) >= distance) share[j] = 1;
      else if (i + j > 0) share[j] = (i * share[j] + (j === 0 ? 0 : j * share[j - 1])) / (i + j);
    }
  }
  return share[m];
}

/** As IEEE 754 rounds, and so NumPy: 0.5 -> 0, 1.5 -> 2, 2.5 -> 2. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
