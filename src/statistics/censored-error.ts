import { logNormalDistribution, normalHazard } from './standard-normal.ts';

/** What a measured value says: the value itself, or only that the true one is at or above, or at or below it. */
export const CENSORED_BELOW = -1;
export const MEASURED = 0;
export const CENSORED_ABOVE = 1;

/**
 * Tobit log loss: mean negative log-likelihood in nats of normal forecasts, where a value at the assay's bound counts
 * with the probability of everything beyond it.
 * @param actual      float [n], n >= 1, modelled scale
 * @param censoring   int [n]: CENSORED_BELOW, MEASURED or CENSORED_ABOVE
 * @param means       float [n]
 * @param deviations  float [n], > 0
 * @source Tobin 1958, doi:10.2307/1907382
 */
export function censoredLogLoss(
  actual: ArrayLike<number>,
  censoring: ArrayLike<number>,
  means: ArrayLike<number>,
  deviations: ArrayLike<number>,
): number {
  let sum = 0;
  for (let i = 0; i < actual.length; i++) {
    const z = (actual[i] - means[i]) / deviations[i];
    sum +=
      censoring[i] === MEASURED
        ? 0.5 * z * z + Math.log(deviations[i]) + 0.5 * Math.log(2 * Math.PI)
        : -logNormalDistribution(-censoring[i] * z);
  }
  return sum / actual.length;
}

export interface CensoredError {
  /** Mean of predicted less true; positive where the model predicts too high. */
  readonly bias: number;
  /** Standard deviation of predicted less true about that mean. */
  readonly deviation: number;
  /** sqrt(bias^2 + deviation^2) */
  readonly rootMeanSquareError: number;
}

/**
 * Error of predictions where some true values are known only to lie beyond a bound: maximum likelihood for
 * true - predicted ~ N(-bias, deviation^2). Newton's method in theta = 1 / deviation, delta = -bias / deviation, in
 * which the log-likelihood is concave.
 * @param actual     float [n], modelled scale
 * @param censoring  int [n]: CENSORED_BELOW, MEASURED or CENSORED_ABOVE
 * @param predicted  float [n]
 * @returns null where fewer than two different measured errors leave the spread undetermined
 * @source Olsen 1978, doi:10.2307/1913840
 */
export function fitCensoredError(
  actual: ArrayLike<number>,
  censoring: ArrayLike<number>,
  predicted: ArrayLike<number>,
): CensoredError | null {
  const residuals = Float64Array.from(actual, (y, i) => y - predicted[i]);
  const measured = residuals.filter((_, i) => censoring[i] === MEASURED);
  const mean = measured.reduce((sum, r) => sum + r, 0) / measured.length;
  const variance = measured.reduce((sum, r) => sum + (r - mean) ** 2, 0) / measured.length;
  if (!(variance > 0)) return null;

  /** Negative log-likelihood, its gradient and its Hessian. */
  const evaluate = (theta: number, delta: number) => {
    const at = { loss: 0, gTheta: 0, gDelta: 0, hTheta: 0, hBoth: 0, hDelta: 0 };
    for (let i = 0; i < residuals.length; i++) {
      const r = residuals[i];
      const z = theta * r - delta;
      let slope = z;
      let curvature = 1;
      if (censoring[i] === MEASURED) {
        at.loss += 0.5 * z * z - Math.log(theta);
        at.gTheta -= 1 / theta;
        at.hTheta += 1 / theta ** 2;
      } else {
        const side = -censoring[i];
        const hazard = normalHazard(side * z);
        at.loss -= logNormalDistribution(side * z);
        slope = -side * hazard;
        curvature = hazard * (hazard + side * z);
      }
      at.gTheta += slope * r;
      at.gDelta -= slope;
      at.hTheta += curvature * r * r;
      at.hBoth -= curvature * r;
      at.hDelta += curvature;
    }
    return at;
  };

  let theta = 1 / Math.sqrt(variance);
  let delta = mean * theta;
  let at = evaluate(theta, delta);
  for (let iteration = 0; iteration < 200; iteration++) {
    const determinant = at.hTheta * at.hDelta - at.hBoth ** 2;
    const stepTheta = -(at.hDelta * at.gTheta - at.hBoth * at.gDelta) / determinant;
    const stepDelta = -(at.hTheta * at.gDelta - at.hBoth * at.gTheta) / determinant;
    const descent = at.gTheta * stepTheta + at.gDelta * stepDelta;
    if (!(-descent > 1e-20 * residuals.length)) break;
    let step = 1;
    while (theta + step * stepTheta <= 0) step /= 2;
    let next = evaluate(theta + step * stepTheta, delta + step * stepDelta);
    while (next.loss > at.loss + 1e-12 * Math.abs(at.loss) && step > 1e-12) {
      step /= 2;
      next = evaluate(theta + step * stepTheta, delta + step * stepDelta);
    }
    theta += step * stepTheta;
    delta += step * stepDelta;
    at = next;
  }
  const bias = -delta / theta;
  return { bias, deviation: 1 / theta, rootMeanSquareError: Math.hypot(bias, 1 / theta) };
}
