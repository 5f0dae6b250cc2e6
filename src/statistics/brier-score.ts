/**
 * Brier score: mean squared difference of probability and outcome.
 * @param labels         0 or 1 [n], n >= 1
 * @param probabilities  float [n] in [0, 1]
 * @source Brier 1950
 */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += (probabilities[i] - labels[i]) ** 2;
  return sum / labels.length;
}
