/**
 * Root of the mean squared error.
 * @param actual     float [n], n >= 1
 * @param predicted  float [n], same unit
 */
export function rootMeanSquareError(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < actual.length; i++) sum += (actual[i] - predicted[i]) ** 2;
  return Math.sqrt(sum / actual.length);
}
