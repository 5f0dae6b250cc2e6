/**
 * Log loss: mean negative log-likelihood of the labels, in nats. Probabilities are held to [2^-52, 1 - 2^-52], so
 * that one certain and wrong answer costs 36 nats and not infinity.
 * @param labels         0 or 1 [n], n >= 1
 * @param probabilities  float [n] in [0, 1]
 * @source Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x
 */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const p = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probabilities[i]));
    sum -= Math.log(labels[i] === 1 ? p : 1 - p);
  }
  return sum / labels.length;
}
