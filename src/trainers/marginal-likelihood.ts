import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import type { LinearAlgebra } from '../core/ports.ts';
import { type KernelParameters, scaleDescriptors, squaredDistance } from './kernel.ts';

/** Parameters before the relevances in a vector of log parameters. */
const AMPLITUDES = 3;
/** Precision of the Gaussian prior that holds each log parameter near its start: weak, against freak optima. */
const PRIOR_PRECISION = 0.05;

/** The start of the search: amplitudes and noise as shares of the variance of y, one length for all descriptors. */
export function startingParameters(y: Float64Array): Float64Array {
  const mean = y.reduce((sum, v) => sum + v, 0) / y.length;
  const variance = y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / y.length || 1;
  const start = new Float64Array(AMPLITUDES + DESCRIPTOR_COUNT).fill(Math.log(1 / DESCRIPTOR_COUNT));
  start.set([0.4 * variance, 0.4 * variance, 0.2 * variance].map(Math.log));
  return start;
}

export function parametersOf(logs: Float64Array): KernelParameters {
  const [radial, product, noise] = logs.map(Math.exp);
  return { radial, product, noise, relevance: logs.slice(AMPLITUDES).map(Math.exp) };
}

/**
 * Negative log posterior of the kernel's log parameters and its gradient, with the constant mean at its best value
 * for the parameters (generalized least squares).
 * @param similarities  Tanimoto, float64 [n, n], lower triangle
 * @param z             encoded descriptors, float64 [n, 43]
 * @source Rasmussen & Williams 2006, equations 5.8 and 5.9
 */
export function negativeLogPosterior(
  logs: Float64Array,
  start: Float64Array,
  { similarities, z, y }: { similarities: Float64Array; z: Float64Array; y: Float64Array },
  linearAlgebra: LinearAlgebra,
): { value: number; gradient: Float64Array } {
  const n = y.length;
  const { radial, product, noise, relevance } = parametersOf(logs);
  const scaled = scaleDescriptors(z, relevance);
  const decay = new Float64Array(n * n);
  const kernel = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const at = i * n + j;
      decay[at] = 1 / (1 + 0.5 * squaredDistance(scaled, i, scaled, j));
      kernel[at] = (radial + product * similarities[at]) * decay[at];
    }
    kernel[i * n + i] += noise;
  }
  linearAlgebra.cholesky(kernel, n);
  const inverse = linearAlgebra.inverseFromCholesky(kernel, n);
  const { weights, mean } = solve(inverse, y);

  let value = 0;
  for (let i = 0; i < n; i++) value += 0.5 * weights[i] * (y[i] - mean) + Math.log(kernel[i * n + i]);
  const gradient = new Float64Array(logs.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const at = i * n + j;
      // Pairs off the diagonal stand for both (i, j) and (j, i).
      const slope = (inverse[at] - weights[i] * weights[j]) * (i === j ? 0.5 : 1);
      gradient[0] += slope * radial * decay[at];
      gradient[1] += slope * product * similarities[at] * decay[at];
      if (i === j) {
        gradient[2] += slope * noise;
        continue;
      }
      const byDistance = -0.5 * slope * (radial + product * similarities[at]) * decay[at] * decay[at];
      for (let d = 0, p = i * DESCRIPTOR_COUNT, q = j * DESCRIPTOR_COUNT; d < DESCRIPTOR_COUNT; d++) {
        const difference = scaled[p + d] - scaled[q + d];
        gradient[AMPLITUDES + d] += byDistance * difference * difference;
      }
    }
  }
  for (let k = 0; k < logs.length; k++) {
    value += 0.5 * PRIOR_PRECISION * (logs[k] - start[k]) ** 2;
    gradient[k] += PRIOR_PRECISION * (logs[k] - start[k]);
  }
  return { value, gradient };
}

/**
 * The constant mean by generalized least squares, and the weights inverse * (y - mean).
 * @param inverse  of the kernel matrix with noise, float64 [n, n], symmetric
 * @returns rowSums: inverse * 1, float64 [n]
 */
export function solve(
  inverse: Float64Array,
  y: Float64Array,
): { weights: Float64Array; mean: number; rowSums: Float64Array } {
  const n = y.length;
  const rowSums = new Float64Array(n);
  const products = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const value = inverse[i * n + j];
      rowSums[i] += value;
      products[i] += value * y[j];
    }
  }
  let above = 0;
  let below = 0;
  for (let i = 0; i < n; i++) {
    above += products[i];
    below += rowSums[i];
  }
  const mean = above / below;
  return { mean, rowSums, weights: products.map((value, i) => value - mean * rowSums[i]) };
}
