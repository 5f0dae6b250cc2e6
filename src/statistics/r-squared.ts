/**
 * Coefficient of determination: 1 - residual sum of squares / total sum of squares about the mean of `actual`.
 * @param actual     float [n], n >= 2
 * @param predicted  float [n], same unit
 * @returns at most 1, negative where the mean predicts better; NaN when `actual` is constant
 */
export function rSquared(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let mean = 0;
  for (let i = 0; i < actual.length; i++) mean += actual[i] / actual.length;
  let residual = 0;
  let total = 0;
  for (let i = 0; i < actual.length; i++) {
    residual += (actual[i] - predicted[i]) ** 2;
    total += (actual[i] - mean) ** 2;
  }
  return total === 0 ? Number.NaN : 1 - residual / total;
}
