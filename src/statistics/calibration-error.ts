import { sortedOrder } from './ranks.ts';

export interface CalibrationError {
  /** Expected calibration error: sum n_b/n |mean p - mean y|. */
  readonly ece: number;
  /** sum n_b/n [(mean p - mean y)^2 - ybar (1 - ybar)/(n_b - 1)]; unbiased, so it can be negative. */
  readonly squaredDebiased: number;
  /** Root of the debiased square, 0 where that is negative: the debiased ECE that policies bound. */
  readonly debiased: number;
}

/**
 * Calibration error over bins of equal mass: rows in order of probability (equal ones in row order) are cut into
 * `bins` runs of which the first n mod `bins` hold one more. Runs of one row do not enter the debiased sum.
 * @param labels         0 or 1 [n]
 * @param probabilities  float [n] in [0, 1]
 * @source Kumar, Liang & Ma 2019, arXiv:1909.10155
 */
export function calibrationError(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  bins = 15,
): CalibrationError {
  const order = sortedOrder(probabilities);
  const n = order.length;
  let ece = 0;
  let squaredDebiased = 0;
  for (let bin = 0, from = 0; bin < bins; bin++) {
    const size = Math.floor(n / bins) + (bin < n % bins ? 1 : 0);
    if (size === 0) continue;
    let p = 0;
    let y = 0;
    for (const row of order.subarray(from, from + size)) {
      p += probabilities[row] / size;
      y += labels[row] / size;
    }
    from += size;
    ece += (size / n) * Math.abs(p - y);
    if (size > 1) squaredDebiased += (size / n) * ((p - y) ** 2 - (y * (1 - y)) / (size - 1));
  }
  return { ece, squaredDebiased, debiased: Math.sqrt(Math.max(0, squaredDebiased)) };
}
