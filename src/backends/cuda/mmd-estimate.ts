import type { MmdKernel } from '../../core/mmd.ts';
import { centredScale, centringShift } from '../../core/mmd-sums.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import type { DeviceScope } from './device-scope.ts';
import { makeHostArray } from './host-array.ts';
import type { ExactSums } from './mmd-exact.ts';
import { COLUMNS, ESTIMATE_BYTES, featureCost, launchForEach, launchPairs } from './mmd-kernel.ts';
import type { LabelBatch } from './mmd-labels.ts';
import { deviationOfColumn, roundingsOfRows } from './mmd-rounding.ts';
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
  readonly #exact: ExactSums;
  readonly #mostPairs: number;
  /** Of all rows together, of the kernel that was centred last. */
  #roundings = 0;

  /**
   * @param stride     columns of a batch
   * @param mostPairs  as in launchPairs
   * @throws ERR_OUT_OF_MEMORY
   */
  constructor(
    device: CudaDevice,
    memory: DeviceScope,
    rows: DeviceRows,
    exact: ExactSums,
    dimensions: number,
    stride: number,
    mostPairs: number,
  ) {
    const allocate = (sizeBytes: number) => memory.allocate(sizeBytes, 'MMD sums on the GPU');
    this.#device = device;
    this.#rows = rows;
    this.#exact = exact;
    this.#dimensions = dimensions;
    this.#partial = allocate(rows.plan.blocks * stride * 8);
    this.#out = allocate(stride * 8);
    this.#mostPairs = mostPairs;
  }

  /**
   * Makes the centring terms of a kernel, and what its roundings may do (q in mmd-rounding.ts), in place of the sums
   * of squares of the rows.
   * @param total  of all row sums
   * @throws ERR_OUT_OF_MEMORY
   */
  async centre(total: number): Promise<void> {
    const { rowSums, rowSquares } = this.#exact;
    const { plan, terms } = this.#rows;
    const addresses = [{ address: rowSums }, { address: terms }];
    const shift = { double: centringShift(total, plan.rows) };
    launchForEach(
      this.#device,
      'centre',
      plan.rows,
      packParameters([...addresses, shift, { int: plan.rows }]),
    );
    const [sums, squares] = makeHostArray(plan.rows * 16, `sums of ${plan.rows} rows`, () => [
      new Float64Array(plan.rows),
      new Float64Array(plan.rows),
    ]);
    await this.#device.read(rowSums, 0, sums);
    await this.#device.read(rowSquares, 0, squares);
    this.#roundings = roundingsOfRows(sums, squares, total);
    await this.#device.write(rowSquares, 0, squares);
  }

  /**
   * @param out         float64 [columns of the batch], set to the estimates
   * @param deviations  float64 [columns of the batch], set to deviations of their errors
   * @throws ERR_CANCELLED
   */
  async run(
    kernel: MmdKernel,
    data: KernelData,
    batch: LabelBatch,
    out: Float64Array,
    deviations: Float64Array,
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
        cost: featureCost(kernel, this.#dimensions),
        mostPairs: this.#mostPairs,
        parameters: (first) => packParameters([...rows, ...addresses, { int: batch.stride }, { int: first }]),
      },
      signal,
    );
    const sums = [{ address: this.#partial }, { address: this.#out }];
    const ints = [{ int: plan.blocks }, { int: batch.stride }];
    launchForEach(this.#device, 'sum_blocks', batch.stride, packParameters([...sums, ...ints]));
    await this.#device.read(this.#out, 0, out);
    const weigh = [this.#exact.rowSquares, batch.labels, this.#out].map((address) => ({ address }));
    const sizes = [{ int: plan.rows }, { int: batch.stride }];
    launchForEach(this.#device, 'weigh_rows', batch.stride, packParameters([...weigh, ...sizes]));
    await this.#device.read(this.#out, 0, deviations);
    for (const [i, n] of batch.rowsInX.entries()) {
      const scale = centredScale(n, plan.rows - n);
      out[i] *= scale;
      deviations[i] = deviationOfColumn(scale, Math.min(deviations[i], this.#roundings));
    }
  }
}
