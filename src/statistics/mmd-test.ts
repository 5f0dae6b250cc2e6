import type { MmdKernel } from '../core/mmd.ts';
import type { Operations, PackedRows } from '../core/ops.ts';
import { medianDistance } from './median-distance.ts';
import { mmdLabels, type PermutationLabels } from './permutation-labels.ts';
import { scaleFeatures } from './scale-features.ts';
import { westfallYoungMinP } from './westfall-young.ts';

/** Bandwidths of a view's Gaussian kernels, as parts of the median distance. */
export const BANDWIDTHS = [0.5, 1, 2] as const;

/** Numbers that rows are compared by, beside their fingerprints: descriptors, a model's outputs. */
export interface MmdView {
  readonly name: string;
  /** float64 [rows, dimensions], finite; columns are scaled here */
  readonly features: Float64Array;
  readonly dimensions: number;
}

interface Job {
  features?: Float64Array;
  readonly kernels: MmdKernel[];
}

export interface MmdTestInput {
  /** Both sides' rows. */
  readonly samples: PackedRows;
  readonly views?: readonly MmdView[];
  /** Sides of the rows under the null that is tested. */
  readonly labels: PermutationLabels;
  /** Of the sample that median distances are made from, where rows are many. */
  readonly seed: number;
}

/** What one kernel says. */
export interface MmdKernelTest {
  /** `tanimoto`, or the view that a Gaussian kernel compares. */
  readonly view: string;
  /** Of a Gaussian kernel, on scaled columns; absent for tanimoto. */
  readonly bandwidth?: number;
  /** Unbiased squared MMD; can be negative. */
  readonly value: number;
  readonly exceedances: number;
  readonly p: number;
  /** p corrected for there being several kernels. */
  readonly adjusted: number;
}

export interface MmdTest {
  readonly kernels: readonly MmdKernelTest[];
  /** Least p of the kernels, tested over the same permutations. */
  readonly p: number;
  /** Place of the kernel that has it, the first of equal ones. */
  readonly least: number;
  /** Smallest combined p that so many permutations can be relied on to reach: kernels / (B + 1). */
  readonly smallestP: number;
  /** Every kernel's values, column 0 observed. float64 [kernels, B + 1] */
  readonly values: Float64Array;
  /** Views whose rows are all alike: nothing to compare. */
  readonly constantViews: readonly string[];
}

/**
 * Tests whether two samples are of one population by maximum mean discrepancy: Tanimoto on fingerprints, and Gaussian kernels
 * on each view at 0.5, 1 and 2 times the pooled median distance, together over the same permutations.
 *
 * Kernels' values, exceedances and p are as equal between backends as `mmd` makes them. The combined p (`westfallYoungMinP`) ranks permuted columns
 * among themselves, whose values may differ by 1e-5 between backends, so it can differ there by one or two columns.
 * @param mmd  the operation of any backend
 * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY
 * @source Gretton et al. 2012, JMLR 13:723-773; the combination as Schrab et al. 2023, JMLR 24(194), with ranks for weights
 */
export async function mmdTest(
  { samples, views = [], labels, seed }: MmdTestInput,
  mmd: Operations['mmd'],
  options: { readonly signal?: AbortSignal } = {},
): Promise<MmdTest> {
  const first: Job = { kernels: [{ kind: 'tanimoto' }] };
  const jobs = [first];
  const named: { view: string; bandwidth?: number }[] = [{ view: 'tanimoto' }];
  const constantViews: string[] = [];
  for (const { name, features, dimensions } of views) {
    const scaled = scaleFeatures(features, dimensions);
    const median = medianDistance(scaled, dimensions, seed);
    if (Number.isNaN(median)) {
      constantViews.push(name);
      continue;
    }
    // The operation takes one set of features at a time; the first goes along with the fingerprints.
    const job: Job = first.features ? { kernels: [] } : first;
    if (job !== first) jobs.push(job);
    job.features = scaled;
    for (const part of BANDWIDTHS) {
      job.kernels.push({ kind: 'rbf-features', bandwidth: part * median });
      named.push({ view: name, bandwidth: part * median });
    }
  }
  const found: Float64Array[] = [];
  for (const job of jobs) found.push((await mmd({ samples, ...mmdLabels(labels), ...job }, options)).values);
  const values = joinValues(found);
  const columns = labels.labels.count;
  const {
    raw,
    singleStep,
    least: smallestP,
  } = westfallYoungMinP({ names: named.map(({ view }) => view), values });
  const tests = named.map((kernel, k) => ({
    ...kernel,
    value: values[k * columns],
    exceedances: Math.round(raw[k] * columns) - 1,
    p: raw[k],
    adjusted: singleStep[k],
  }));
  const least = raw.indexOf(Math.min(...raw));
  return { kernels: tests, p: singleStep[least], least, smallestP, values, constantViews };
}

function joinValues(parts: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
