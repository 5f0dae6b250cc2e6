/**
 * Mean of predicted less actual: positive where the model predicts too high.
 * @param actual     float [n], n >= 1
 * @param predicted  float [n], same unit
 */
export function meanBias(actual: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < actual.length; i++) sum += predicted[i] - actual[i];
  return sum / actual.length;
}
