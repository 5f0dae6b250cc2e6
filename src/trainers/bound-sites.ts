import type { LinearAlgebra } from '../core/ports.ts';
import { inverseMills } from './normal.ts';

/**
 * Sweeps at most; the share of each new site that is taken; and how far (in deviations of the noise) the mean under a
 * site may differ from the one under its likelihood at the end.
 */
const SWEEPS = 40;
const DAMPING = 0.8;
const TOLERANCE = 1e-4;
/** A bound that says nothing keeps this share of the precision of a measurement, so that divisions stay sound. */
const LEAST_PRECISION = 1e-6;

/** Gaussian measurements that stand for the rows: of a bound, what it does to the process. */
export interface Sites {
  /** float64 [n]: the measured values; for bounds, where the bound pulls to. */
  readonly y: Float64Array;
  /** float64 [n]: variance of each. */
  readonly noise: Float64Array;
  readonly sweeps: number;
}

/**
 * Reads bounds as what they are: a true value f + e at or beyond y, with e of the noise's variance, has the likelihood
 * Phi(+-(f - y) / deviation). Expectation propagation gives each bound the Gaussian measurement with the same first
 * two moments; with those the process is exact again. The exact rows are taken in first, in one factor, so that a
 * sweep costs an inverse of the order of the bounds only.
 * @param kernel    float64 [n, n], lower triangle, without noise
 * @param relation  int8 [n], as TrainingData has it
 * @throws ERR_NOT_POSITIVE_DEFINITE
 * @source Rasmussen & Williams 2006, section 3.6 (expectation propagation); Tobin 1958, doi:10.2307/1907382 (the
 *   likelihood)
 */
export function boundSites(
  {
    kernel,
    y,
    relation,
    noise,
  }: { kernel: Float64Array; y: Float64Array; relation: Int8Array; noise: number },
  linearAlgebra: LinearAlgebra,
): Sites {
  const sites = { y: y.slice(), noise: new Float64Array(y.length).fill(noise), sweeps: 0 };
  const rows = Uint32Array.from(y.keys());
  const exact = rows.filter((row) => relation[row] === 0);
  const bounds = rows.filter((row) => relation[row] !== 0);
  const m = bounds.length;
  if (m === 0) return sites;
  const prior = givenExact(kernel, y, exact, bounds, noise, linearAlgebra);

  const precision = new Float64Array(m).fill(LEAST_PRECISION / noise);
  const shift = new Float64Array(m);
  let sweeps = 0;
  for (let apart = Number.POSITIVE_INFINITY; sweeps < SWEEPS && apart > TOLERANCE; sweeps++) {
    const posterior = withSites(prior, precision, shift, linearAlgebra);
    apart = 0;
    for (let i = 0; i < m; i++) {
      const cavityPrecision = 1 / posterior.variances[i] - precision[i];
      const cavityVariance = 1 / cavityPrecision;
      const cavityMean =
        prior.means[i] +
        cavityVariance * ((posterior.means[i] - prior.means[i]) / posterior.variances[i] - shift[i]);
      const side = relation[bounds[i]];
      const spread = Math.sqrt(noise + cavityVariance);
      const z = (side * (cavityMean - y[bounds[i]])) / spread;
      const ratio = inverseMills(z);
      const mean = cavityMean + (side * cavityVariance * ratio) / spread;
      apart = Math.max(apart, Math.abs(mean - posterior.means[i]) / Math.sqrt(noise));
      const shrink = (cavityVariance * ratio * (z + ratio)) / (spread * spread);
      // 1 / (variance (1 - shrink)) - 1 / variance, without the difference of large numbers.
      const wanted = Math.max(cavityPrecision * (shrink / (1 - shrink)), LEAST_PRECISION / noise);
      const wantedShift =
        (wanted + cavityPrecision) * (mean - prior.means[i]) -
        cavityPrecision * (cavityMean - prior.means[i]);
      precision[i] += DAMPING * (wanted - precision[i]);
      shift[i] += DAMPING * (wantedShift - shift[i]);
    }
  }
  bounds.forEach((row, i) => {
    sites.y[row] = prior.means[i] + shift[i] / precision[i];
    sites.noise[row] = 1 / precision[i];
  });
  return { ...sites, sweeps };
}

/** The process at the bounds. */
interface Gaussian {
  /** float64 [m] */
  readonly means: Float64Array;
  /** float64 [m, m], symmetric */
  readonly covariance: Float64Array;
}

/** The process at the bounds given the exact rows, with their constant mean at its best value. */
function givenExact(
  kernel: Float64Array,
  y: Float64Array,
  exact: Uint32Array,
  bounds: Uint32Array,
  noise: number,
  linearAlgebra: LinearAlgebra,
): Gaussian {
  const [e, m] = [exact.length, bounds.length];
  const order = Uint32Array.of(...exact, ...bounds);
  const n = order.length;
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      factor[i * n + j] = kernel[Math.max(order[i], order[j]) * n + Math.min(order[i], order[j])];
    }
    // On the bounds' rows too: it keeps the factor sound, and is taken off below.
    factor[i * n + i] += noise;
  }
  linearAlgebra.cholesky(factor, n);

  const ones = forward(factor, n, new Float64Array(e).fill(1));
  const values = forward(
    factor,
    n,
    Float64Array.from(exact, (row) => y[row]),
  );
  const mean = product(ones, values, e) / product(ones, ones, e);
  const residuals = values.map((value, i) => value - mean * ones[i]);
  const means = new Float64Array(m);
  const covariance = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    const row = factor.subarray((e + i) * n, (e + i + 1) * n);
    means[i] = mean + product(row, residuals, e);
    for (let j = 0; j <= i; j++) {
      const at = (e + j) * n + e;
      const value = product(row.subarray(e), factor.subarray(at, at + j + 1), j + 1);
      covariance[i * m + j] = value - (i === j ? noise : 0);
      covariance[j * m + i] = covariance[i * m + j];
    }
  }
  return { means, covariance };
}

/**
 * Means and variances with the sites taken in: with s the roots of the precisions and B = I + s S s, the covariance is
 * S - S s B^-1 s S, and its diagonal (1 - diag B^-1) / precision.
 */
function withSites(
  { means, covariance }: Gaussian,
  precision: Float64Array,
  shift: Float64Array,
  linearAlgebra: LinearAlgebra,
): { means: Float64Array; variances: Float64Array } {
  const m = means.length;
  const roots = precision.map(Math.sqrt);
  const matrix = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) matrix[i * m + j] = roots[i] * covariance[i * m + j] * roots[j];
    matrix[i * m + i] += 1;
  }
  linearAlgebra.cholesky(matrix, m);
  const inverse = linearAlgebra.inverseFromCholesky(matrix, m);
  const times = (a: Float64Array, x: Float64Array) =>
    Float64Array.from({ length: m }, (_, i) => product(a.subarray(i * m, (i + 1) * m), x, m));
  const pulled = times(covariance, shift).map((value, i) => value * roots[i]);
  const solved = times(inverse, pulled).map((value, i) => value * roots[i]);
  const moved = times(
    covariance,
    shift.map((value, i) => value - solved[i]),
  );
  return {
    means: means.map((value, i) => value + moved[i]),
    variances: precision.map((value, i) => (1 - inverse[i * m + i]) / value),
  };
}

/** Solves L x = b with the leading block of a lower factor. @param n leading dimension */
function forward(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = 0; i < b.length; i++) {
    b[i] = (b[i] - product(factor.subarray(i * n, i * n + i), b, i)) / factor[i * n + i];
  }
  return b;
}

function product(a: Float64Array, b: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}
