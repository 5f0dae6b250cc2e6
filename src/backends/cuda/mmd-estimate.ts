import type { MmdKernel } from '../../core/mmd.ts';
import { MMD_TIE } from '../../core/mmd.ts';
import { centredScale, centringShift, hundredthOfSpread } from '../../core/mmd-sums.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import type { DeviceScope } from './device-scope.ts';
import { COLUMNS, ESTIMATE_BYTES, launchForEach, launchPairs } from './mmd-kernel.ts';
import type { LabelBatch } from './mmd-labels.ts';
import {
  type DeviceRows,
  type KernelData,
  kernelName,
  rowParameters,
  stagedBytes,
  stagedPlan,
} from './mmd-rows.ts';
import { packParameters } from './parameters.ts';

/** Every column in half precision (kernels/mmd/estimate.h). */
export class Estimate {
  readonly #device: CudaDevice;
  readonly #rows: DeviceRows;
  readonly #dimensions: number;
  /** float64 [blocks, stride], and float64 [stride] */
  readonly #partial: DeviceMemory;
  readonly #out: DeviceMemory;

  /** @param stride columns of a batch. @throws ERR_OUT_OF_MEMORY */
  constructor(device: CudaDevice, memory: DeviceScope, rows: DeviceRows, dimensions: number, stride: number) {
    const allocate = (sizeBytes: number) => memory.allocate(sizeBytes, 'MMD sums on the GPU');
    this.#device = device;
    this.#rows = rows;
    this.#dimensions = dimensions;
    this.#partial = allocate(rows.plan.blocks * stride * 8);
    this.#out = allocate(stride * 8);
  }

  /** Makes the centring terms of a kernel. @param rowSums float64 [rows] @param total of all row sums */
  centre(rowSums: DeviceMemory, total: number): void {
    const { plan, terms } = this.#rows;
    const addresses = [{ address: rowSums }, { address: terms }];
    const shift = { double: centringShift(total, plan.rows) };
    launchForEach(
      this.#device,
      'centre',
      plan.rows,
      packParameters([...addresses, shift, { int: plan.rows }]),
    );
  }

  /** @param out  float64 [columns of the batch], set to the estimates. @throws ERR_CANCELLED */
  async run(
    kernel: MmdKernel,
    data: KernelData,
    batch: LabelBatch,
    out: Float64Array,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { plan } = this.#rows;
    const spans = Math.floor(plan.blocks / 2) + 1;
    const rows = rowParameters(this.#rows, kernel, data, this.#dimensions, spans);
    const addresses = [{ address: batch.labels }, { address: this.#partial }];
    await launchPairs(
      this.#device,
      {
        kernel: this.#device.kernel('mmd', kernelName('estimate', kernel, plan)),
        blocks: plan.blocks * (batch.stride / COLUMNS),
        threads: plan.blockRows,
        sharedBytes: stagedBytes(stagedPlan(plan, kernel)) + ESTIMATE_BYTES,
        pairsPerBlock: spans * plan.blockRows ** 2,
        parameters: (first) => packParameters([...rows, ...addresses, { int: batch.stride }, { int: first }]),
      },
      signal,
    );
    const sums = [{ address: this.#partial }, { address: this.#out }];
    const ints = [{ int: plan.blocks }, { int: batch.stride }];
    launchForEach(this.#device, 'sum_blocks', batch.stride, packParameters([...sums, ...ints]));
    await this.#device.read(this.#out, 0, out);
    for (const [i, n] of batch.rowsInX.entries()) out[i] *= centredScale(n, plan.rows - n);
  }
}

/**
 * How many times the largest error of the 15 columns that were computed both ways another column's error may be: to
 * say on which side of the observed value it is, and to say that it keeps the tolerance.
 */
const SIDE_MARGIN = 16;
const TOLERANCE_MARGIN = 4;
/** Largest error that a permuted column may have (core/ops.ts). */
const PERMUTED_TOLERANCE = 1e-5;

/**
 * Permuted columns whose estimate will not do, because it is too near the observed value to say on which side of it
 * they are: by 0.01 standard deviations, or by 16 times the largest error that was seen. An error is a sum of very
 * many roundings to half precision, 0.035 % of a standard deviation in trials, so 15 of them show how large it is.
 * Where there are few rows, or few kinds of them, roundings do not cancel; if so much that a value may be off by more
 * than 1e-5, no estimate will do.
 * @param estimates  float64 [columns]
 * @param exact      the first columns, the observed one at their head
 */
export function columnsToRecompute(estimates: Float64Array, exact: Float64Array): number[] {
  const seen = exact.reduce((most, value, i) => Math.max(most, Math.abs(value - estimates[i])), 0);
  const margin = Math.max(SIDE_MARGIN * seen, hundredthOfSpread(estimates.subarray(1))) + 2 * MMD_TIE;
  const tolerated = TOLERANCE_MARGIN * seen <= PERMUTED_TOLERANCE;
  const doubtful: number[] = [];
  for (let column = exact.length; column < estimates.length; column++) {
    const near = Math.abs(estimates[column] - exact[0]) <= margin;
    if (near || !tolerated) doubtful.push(column);
  }
  return doubtful;
}
