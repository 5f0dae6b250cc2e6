import { setImmediate } from 'node:timers/promises';
import { DESCRIPTOR_COUNT, DESCRIPTOR_NAMES } from '../core/descriptors.ts';
import { AssayerError } from '../core/errors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import type { LinearAlgebra } from '../core/ports.ts';
import { seededRandom } from '../core/random.ts';
import { boundSites } from './bound-sites.ts';
import { type DescriptorEncoding, encodeDescriptors, fitDescriptorEncoding } from './descriptor-encoding.ts';
import { roundToFloat16 } from './float16.ts';
import { heldOutPredictions } from './held-out.ts';
import { type KernelParameters, kernelInputs, kernelRow, tanimotoRow } from './kernel.ts';
import { minimize } from './lbfgs.ts';
import { negativeLogPosterior, parametersOf, solve, startingParameters } from './marginal-likelihood.ts';
import { dealFolds, FOLDS } from './scaffold-folds.ts';
import { listPostings, listSetBits } from './set-bits.ts';
import type { Features, FitOptions, TrainingData } from './training-data.ts';

/** Rows that the kernel's parameters are chosen on. */
const TUNING_ROWS = 2000;
const TUNING_ITERATIONS = 80;

/** A fitted model: prediction(x) = mean + sum_j weights_j k(x, x_j). */
export interface GaussianProcess {
  readonly kind: 'regression' | 'classification';
  /** For the manifest's trainer.parameters. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** Rows the model keeps, uint8 [n, 384]. */
  readonly fingerprints: Uint8Array;
  /** Their encoded descriptors, rounded to half precision, float64 [n, 43]. */
  readonly z: Float64Array;
  readonly encoding: DescriptorEncoding;
  readonly kernel: KernelParameters;
  readonly mean: number;
  /** float64 [n] */
  readonly weights: Float64Array;
  /**
   * float64 [n]: every training row predicted by a model that has not seen its group; raw score for classes. Large
   * scaffolds are left out whole as well: cutting them into parts (of 500 rows down to 5) made intervals that
   * covered less of the test rows, whose scaffolds the model has not seen either.
   */
  readonly heldOut: Float64Array;
  /** float64 [n]: the same with whole folds of scaffolds left out, as models that must be refitted are held out. */
  readonly foldHeldOut: Float64Array;
}

/**
 * Fits an exact Gaussian process with a constant mean and Gaussian noise. The kernel's parameters maximize the
 * marginal likelihood of a seeded subset; the weights are closed form. Bounds enter as the measurements that
 * bound-sites.ts puts in their place. Classes are regressed on as 0 and 1, and
 * the raw score waits for a calibration. Same data and seed, same bytes.
 * @throws ERR_NOT_POSITIVE_DEFINITE, ERR_CANCELLED
 * @source Rasmussen & Williams 2006, ISBN 0-262-18253-X, chapters 2 and 5
 */
export async function fitGaussianProcess(
  data: TrainingData,
  options: FitOptions,
  linearAlgebra: LinearAlgebra,
): Promise<GaussianProcess> {
  const step = async (name: string, share: number) => {
    options.onProgress?.(name, share);
    // Lets an interrupt be seen between two long computations.
    await setImmediate();
    if (options.signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
  };
  const n = data.y.length;
  const encoding = fitDescriptorEncoding(data.descriptors);
  const z = roundToFloat16(encodeDescriptors(encoding, data.descriptors));
  const tuned = await tune({ ...data, z }, options.seed, linearAlgebra, (share) => step('tune', 0.5 * share));
  const { kernel } = tuned;

  await step('kernel matrix', 0.5);
  const inputs = kernelInputs(data.fingerprints, z, kernel);
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) kernelRow(kernel, inputs, i, inputs, i + 1, matrix, i * n);
  await step('bounds', 0.55);
  const { relation = new Int8Array(n) } = data;
  const sites = boundSites({ kernel: matrix, y: data.y, relation, noise: kernel.noise }, linearAlgebra);
  await step('factor', 0.6);
  for (let i = 0; i < n; i++) matrix[i * n + i] += sites.noise[i];
  linearAlgebra.cholesky(matrix, n);
  await step('inverse', 0.7);
  const inverse = linearAlgebra.inverseFromCholesky(matrix, n);
  await step('held-out predictions', 0.95);
  const { weights, mean, rowSums } = solve(inverse, sites.y);
  const leftOut = (groups: Int32Array | Uint8Array) =>
    heldOutPredictions(inverse, rowSums, weights, sites.y, groups, linearAlgebra);
  return {
    kind: options.kind,
    parameters: {
      rows: n,
      bounds: relation.filter((side) => side !== 0).length,
      boundSweeps: sites.sweeps,
      tuningRows: tuned.rows,
      tuningIterations: tuned.iterations,
      negativeLogPosterior: tuned.value,
      mean,
      radial: kernel.radial,
      product: kernel.product,
      noise: kernel.noise,
      ...Object.fromEntries(DESCRIPTOR_NAMES.map((name, d) => [`relevance.${name}`, kernel.relevance[d]])),
    },
    fingerprints: data.fingerprints,
    z,
    encoding,
    kernel,
    mean,
    weights,
    heldOut: leftOut(data.groups),
    foldHeldOut: leftOut(dealFolds(data.groups, FOLDS)),
  };
}

/** The kernel's parameters that maximize the marginal likelihood of a seeded subset of the rows with exact values. */
async function tune(
  data: TrainingData & { z: Float64Array },
  seed: number,
  linearAlgebra: LinearAlgebra,
  onShare: (share: number) => Promise<void>,
): Promise<{ kernel: KernelParameters; rows: number; iterations: number; value: number }> {
  const exact = Uint32Array.from(data.y.keys()).filter((row) => !data.relation?.[row]);
  const drawn = drawRows(exact.length, TUNING_ROWS, seed).map((at) => exact[at]);
  const rows = distinctRows(data.fingerprints, drawn);
  const sets = listSetBits(gather(data.fingerprints, FINGERPRINT_BYTES, rows));
  const subset = { sets, postings: listPostings(sets) };
  const n = rows.length;
  const similarities = new Float64Array(n * n);
  for (let i = 0; i < n; i++) tanimotoRow(sets, i, subset, i + 1, similarities, i * n);
  const problem = {
    similarities,
    z: gather(data.z, DESCRIPTOR_COUNT, rows),
    y: gather(data.y, 1, rows),
  };
  const start = startingParameters(problem.y);
  const minimum = await minimize(
    (logs) => {
      try {
        return negativeLogPosterior(logs, start, problem, linearAlgebra);
      } catch (error) {
        if (!(error instanceof AssayerError) || error.code !== 'ERR_NOT_POSITIVE_DEFINITE') throw error;
        // A step too far, to almost no noise: the line search takes a shorter one.
        return { value: Number.POSITIVE_INFINITY, gradient: logs };
      }
    },
    start,
    TUNING_ITERATIONS,
    (iteration) => onShare(iteration / TUNING_ITERATIONS),
  );
  return {
    kernel: parametersOf(minimum.x),
    rows: n,
    iterations: minimum.iterations,
    value: minimum.value,
  };
}

/** `count` of the numbers below `n` (all, if fewer), drawn without replacement, ascending. */
function drawRows(n: number, count: number, seed: number): Uint32Array {
  const rows = Uint32Array.from({ length: n }, (_, i) => i);
  const random = seededRandom(seed);
  const drawn = Math.min(n, count);
  for (let i = 0; i < drawn; i++) {
    const j = i + Math.floor(random() * (n - i));
    [rows[i], rows[j]] = [rows[j], rows[i]];
  }
  return rows.subarray(0, drawn).sort();
}

/**
 * The rows whose fingerprint no row before them has. Isomers that the features cannot tell apart and that carry the
 * same class would make the likelihood grow without bound as the noise goes to zero.
 */
function distinctRows(fingerprints: Uint8Array, rows: Uint32Array): Uint32Array {
  const seen = new Set<string>();
  return rows.filter((row) => {
    const key = Buffer.from(gather(fingerprints, FINGERPRINT_BYTES, Uint32Array.of(row))).toString('latin1');
    return !seen.has(key) && seen.add(key);
  });
}

/** The named rows of a row-major array. */
function gather<T extends Uint8Array | Float64Array>(values: T, width: number, rows: Uint32Array): T {
  const out = values.slice(0, rows.length * width) as T;
  rows.forEach((row, i) => {
    out.set(values.subarray(row * width, (row + 1) * width), i * width);
  });
  return out;
}

/** Predictions in float64, on the modelled scale; the raw score for classes. float64 [n] */
export function predictGaussianProcess(model: GaussianProcess, features: Features): Float64Array {
  const training = kernelInputs(model.fingerprints, model.z, model.kernel);
  const queries = kernelInputs(
    features.fingerprints,
    encodeDescriptors(model.encoding, features.descriptors),
    model.kernel,
  );
  const row = new Float64Array(training.sets.count);
  return Float64Array.from({ length: queries.sets.count }, (_, i) => {
    kernelRow(model.kernel, queries, i, training, row.length, row, 0);
    let sum = 0;
    for (let j = 0; j < row.length; j++) sum += model.weights[j] * row[j];
    return model.mean + sum;
  });
}
