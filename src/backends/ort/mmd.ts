import { AssayerError, describeCause } from '../../core/errors.ts';
import type { MmdKernel } from '../../core/mmd.ts';
import type { DrawColumns } from '../../core/mmd-labels.ts';
import { type MmdProblem, prepareMmd } from '../../core/mmd-problem.ts';
import { refineMmd } from '../../core/mmd-refine.ts';
import { centredScale, centringTerms } from '../../core/mmd-sums.ts';
import type { Operations } from '../../core/ops.ts';
import { openTileGraphs } from './mmd-graphs.ts';
import { planTiles } from './mmd-plan.ts';
import { labelRows } from './mmd-row-labels.ts';
import { MmdSweep } from './mmd-sweep.ts';
import { refusalText } from './refusal.ts';

export interface OrtMmdOptions {
  /** cpu, webgpu, cuda or cuda:1 */
  readonly device: string;
  /** Threads of ONNX Runtime where the processor computes. */
  readonly threads: number;
  /** A backend's operation that is exact: for the columns that a verdict hangs on. */
  readonly exact: Operations['mmd'];
  /** A faster way to the same labels. */
  readonly draw?: DrawColumns;
  /** Memory of the device that tiles may take. */
  readonly memoryBytes?: number;
}

const MEMORY_BYTES = 2 ** 30;
/** Features further apart than this, in bandwidths, have squares that float32 does not hold. */
const WIDEST_FEATURES = 1e18;

/**
 * MMD by ONNX graphs over tiles of rows (kernels/mmd/*.onnx), so that it runs wherever ONNX Runtime has a provider: a first
 * pass for the row sums of K, a second for every column on U-centred K; both in float32, summed over tiles in float64. What
 * float32 cannot decide goes to the exact operation (core/mmd-refine).
 */
export function createOrtMmd({ exact, draw, ...options }: OrtMmdOptions): Operations['mmd'] {
  return async (input, { signal } = {}) => {
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    const problem = prepareMmd(input, draw);
    if (!problem.kernels.every((kernel) => fitsFloat32(problem, kernel))) {
      return exact(input, { ...(signal && { signal }) });
    }
    const estimate = () => estimateMmd(problem, options, signal).catch((cause) => refuse(cause, options));
    return refineMmd(input, problem, estimate, exact, { ...(signal && { signal }) });
  };
}

/**
 * Every column's value from float32.
 * @returns float64 [kernels, columns], within 1e-5
 * @throws ERR_CANCELLED, and what ONNX Runtime throws
 */
export async function estimateMmd(
  problem: MmdProblem,
  { device, threads, memoryBytes = MEMORY_BYTES }: Omit<OrtMmdOptions, 'exact' | 'draw'>,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { kernels, labels, shape } = problem;
  const rowLabels = labelRows(problem);
  const values = new Float64Array(kernels.length * labels.count);
  for (const [k, kernel] of kernels.entries()) {
    const dimensions = kernel.kind === 'rbf-features' ? problem.dimensions : 0;
    const plan = planTiles({ bits: shape.bits, columns: labels.count, dimensions }, memoryBytes);
    await using graphs = await openTileGraphs(kernel.kind, device, threads);
    const sweep = new MmdSweep(problem, kernel, graphs, plan.rows, signal);
    const rowSums = await sweep.sumRows();
    const total = rowSums.reduce((sum, row) => sum + row, 0);
    const terms = centringTerms(rowSums, total, shape.count);
    for (let from = 0; from < labels.count; from += plan.columns) {
      const to = Math.min(from + plan.columns, labels.count);
      values.set(await sweep.sumColumns(rowLabels, terms, from, to), k * labels.count + from);
    }
    for (const [column, n] of rowLabels.rowsInX.entries()) {
      values[k * labels.count + column] *= centredScale(n, shape.count - n);
    }
  }
  return values;
}

/** Whether the kernel's distances can be had in float32. */
function fitsFloat32({ features, dimensions }: MmdProblem, kernel: MmdKernel): boolean {
  if (kernel.kind !== 'rbf-features') return true;
  const least = new Float64Array(dimensions).fill(Infinity);
  const most = new Float64Array(dimensions).fill(-Infinity);
  for (const [i, value] of features.entries()) {
    least[i % dimensions] = Math.min(least[i % dimensions], value);
    most[i % dimensions] = Math.max(most[i % dimensions], value);
  }
  return most.every((value, d) => (value - least[d]) / kernel.bandwidth < WIDEST_FEATURES);
}

/** Tells a failure of the device as one of ours. */
function refuse(cause: unknown, { device, memoryBytes = MEMORY_BYTES }: Omit<OrtMmdOptions, 'exact'>): never {
  if (cause instanceof AssayerError) throw cause;
  const reason = refusalText(cause);
  if (/out of memory|failed to allocate/i.test(describeCause(cause))) {
    const purpose = `MMD on ${device} (${reason})`;
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes: memoryBytes }, { cause });
  }
  throw new AssayerError('ERR_NO_BACKEND', { operation: 'mmd', reasons: `${device}: ${reason}` }, { cause });
}
