import { refuse } from './finite-values.ts';

/**
 * Fisher's exact test of two shares, two-sided: the probability, given both margins, of a table no more likely than the
 * one seen.
 * @param successesX  whole, 0 .. n
 * @param n           rows of the reference, >= 1
 * @param successesY  whole, 0 .. m
 * @param m           rows of the batch, >= 1
 * @returns p in [0, 1]; 0 only where it is below the smallest double
 * @throws ERR_USAGE
 * @source Fisher 1935, doi:10.2307/2342435
 */
export function fisherExact(successesX: number, n: number, successesY: number, m: number): number {
  for (const [successes, rows] of [
    [successesX, n],
    [successesY, m],
  ]) {
    if (
      !(
        Number.isSafeInteger(successes) &&
        Number.isSafeInteger(rows) &&
        successes >= 0 &&
        successes <= rows &&
        rows > 0
      )
    ) {
      refuse(`${successes} of ${rows} rows is no share. Give whole numbers, and at least one row.`);
    }
  }
  const successes = successesX + successesY;
  const least = Math.max(0, successes - m);
  const most = Math.min(n, successes);
  const mode = Math.min(most, Math.max(least, Math.floor(((successes + 1) * (n + 1)) / (n + m + 2))));
  // Probabilities relative to the most likely table, by the ratio of neighbours.
  const weights = new Float64Array(most - least + 1);
  weights[mode - least] = 1;
  for (let k = mode; k < most; k++) {
    weights[k + 1 - least] =
      (weights[k - least] * (successes - k) * (n - k)) / ((k + 1) * (m - successes + k + 1));
  }
  for (let k = mode; k > least; k--) {
    weights[k - 1 - least] =
      (weights[k - least] * k * (m - successes + k)) / ((successes - k + 1) * (n - k + 1));
  }
  // Equally likely tables differ by rounding; R and SciPy allow for it alike.
  const seen = weights[successesX - least] * (1 + 1e-7);
  let total = 0;
  let extreme = 0;
  for (const weight of weights.sort()) {
    total += weight;
    if (weight <= seen) extreme += weight;
  }
  return extreme / total;
}
