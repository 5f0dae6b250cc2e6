import type { MmdKernel } from '../../core/mmd.ts';
import type { MmdProblem } from '../../core/mmd-problem.ts';
import type { DeviceScope } from './device-scope.ts';
import { makeHostArray } from './host-array.ts';
import type { KernelData, RowPlan } from './mmd-rows.ts';

/** Features in units of the bandwidth end here: squares of differences stay numbers, and kernels are 0 far before. */
const MOST_SCALED = 1e18;
/** Rows of distance 1 have the kernel 0 far before; empty rows, 2e-20 apart (Term in kernels/mmd/tiles.h), keep 1. */
const MOST_SCALE = 1e10;

const NONE: KernelData = { features: null, table: null, scale: 0 };

function makeFeatures<T>(
  Kind: { readonly BYTES_PER_ELEMENT: number; new (length: number): T },
  length: number,
): T {
  return makeHostArray(length * Kind.BYTES_PER_ELEMENT, 'MMD features', () => new Kind(length));
}

/**
 * What the exact sums read: float64 [dimensions, paddedRows], or the values by squared distance. @throws
 * ERR_OUT_OF_MEMORY
 */
export async function exactData(
  memory: DeviceScope,
  problem: MmdProblem,
  kernel: MmdKernel,
  plan: RowPlan,
): Promise<KernelData> {
  if (kernel.kind === 'tanimoto') return NONE;
  const scale = 1 / (2 * kernel.bandwidth ** 2);
  if (kernel.kind === 'rbf-bits') {
    const values = Float64Array.from({ length: problem.shape.bits + 1 }, (_, d) => Math.exp(-d * scale));
    return { ...NONE, table: await memory.upload(values, 'MMD kernel values on the GPU') };
  }
  const { features, dimensions } = problem;
  const byDimension = makeFeatures(Float64Array, dimensions * plan.paddedRows);
  for (const [i, value] of features.entries()) {
    byDimension[(i % dimensions) * plan.paddedRows + Math.floor(i / dimensions)] = value;
  }
  return {
    ...NONE,
    features: await memory.upload(byDimension, 'MMD features on the GPU'),
    scale,
  };
}

/**
 * What the estimate reads: exp(-d / (2 w^2)) = 2^-(scale d); features come in units in which that scale is 1, less
 * those of the first row, each as the sum of two float32. float32 [dimensions, paddedRows, 2]
 * @throws ERR_OUT_OF_MEMORY
 */
export async function estimateData(
  memory: DeviceScope,
  problem: MmdProblem,
  kernel: MmdKernel,
  plan: RowPlan,
): Promise<KernelData> {
  if (kernel.kind === 'tanimoto') return NONE;
  const scale = Math.LOG2E / (2 * kernel.bandwidth ** 2);
  if (kernel.kind === 'rbf-bits') return { ...NONE, scale: Math.min(scale, MOST_SCALE) };
  const { features, dimensions } = problem;
  const unit = Math.sqrt(Math.LOG2E / 2) / kernel.bandwidth;
  const pairs = makeFeatures(Float32Array, dimensions * plan.paddedRows * 2);
  for (const [i, value] of features.entries()) {
    const scaled = (value - features[i % dimensions]) * unit;
    const bounded = Math.max(-MOST_SCALED, Math.min(MOST_SCALED, scaled));
    const at = ((i % dimensions) * plan.paddedRows + Math.floor(i / dimensions)) * 2;
    pairs[at] = bounded;
    pairs[at + 1] = bounded - pairs[at];
  }
  return { ...NONE, features: await memory.upload(pairs, 'MMD features on the GPU') };
}
