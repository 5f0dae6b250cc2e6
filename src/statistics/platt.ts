import type { PlattCalibration } from '../core/artifact.ts';

/**
 * Fits the sigmoid p = 1 / (1 + exp(slope * score + offset)) by Newton's method with backtracking. Targets are
 * (N+ + 1) / (N+ + 2) and 1 / (N- + 2), which keep the fit finite when the scores separate the classes.
 * @param scores  float [n], raw scores of rows the model has not seen
 * @param labels  0 or 1 [n]
 * @source Platt 1999; Lin, Lin & Weng 2007, doi:10.1007/s10994-007-5018-6
 */
export function fitPlatt(scores: ArrayLike<number>, labels: ArrayLike<number>): PlattCalibration {
  const n = labels.length;
  let positives = 0;
  for (let i = 0; i < n; i++) positives += labels[i];
  const negatives = n - positives;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);

  /** Cross entropy, written so that neither exponential overflows. */
  const loss = (slope: number, offset: number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const target = labels[i] === 1 ? high : low;
      const f = slope * scores[i] + offset;
      sum += f >= 0 ? target * f + Math.log1p(Math.exp(-f)) : (target - 1) * f + Math.log1p(Math.exp(f));
    }
    return sum;
  };

  let slope = 0;
  let offset = Math.log((negatives + 1) / (positives + 1));
  let current = loss(slope, offset);
  for (let iteration = 0; iteration < 100; iteration++) {
    // A small ridge keeps the Hessian invertible when all scores are equal.
    let h11 = 1e-12;
    let h22 = 1e-12;
    let h12 = 0;
    let g1 = 0;
    let g2 = 0;
    for (let i = 0; i < n; i++) {
      const p = sigmoid(slope, offset, scores[i]);
      const weight = p * (1 - p);
      const error = (labels[i] === 1 ? high : low) - p;
      h11 += scores[i] * scores[i] * weight;
      h22 += weight;
      h12 += scores[i] * weight;
      g1 += scores[i] * error;
      g2 += error;
    }
    if (Math.abs(g1) < 1e-9 * n && Math.abs(g2) < 1e-9 * n) break;
    const determinant = h11 * h22 - h12 * h12;
    const stepSlope = -(h22 * g1 - h12 * g2) / determinant;
    const stepOffset = -(h11 * g2 - h12 * g1) / determinant;
    const descent = g1 * stepSlope + g2 * stepOffset;
    let step = 1;
    let next = loss(slope + stepSlope, offset + stepOffset);
    // Near the optimum the loss changes by less than its own rounding error.
    const slack = 1e-12 * Math.abs(current);
    while (next > current + 1e-4 * step * descent + slack && step > 1e-10) {
      step /= 2;
      next = loss(slope + step * stepSlope, offset + step * stepOffset);
    }
    if (step <= 1e-10) break;
    slope += step * stepSlope;
    offset += step * stepOffset;
    current = next;
  }
  return { kind: 'platt', slope, offset };
}

/** The calibrated probability of each raw score, float64 [n]. */
export function applyPlatt(calibration: PlattCalibration, scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(scores, (score) => sigmoid(calibration.slope, calibration.offset, score));
}

function sigmoid(slope: number, offset: number, score: number): number {
  const f = slope * score + offset;
  if (f < 0) return 1 / (1 + Math.exp(f));
  const e = Math.exp(-f);
  return e / (1 + e);
}
