import type { MmdKernel } from '../../core/mmd.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import type { DeviceScope } from './device-scope.ts';
import {
  ALL_ROWS,
  CHOSEN,
  featureCost,
  float64Cost,
  launchForEach,
  launchPairs,
  MOST_THREADS,
  TILE,
} from './mmd-kernel.ts';
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

/** Sums of the kernel matrix for some columns. */
export interface ColumnSums {
  /** a'Ka. float64 [CHOSEN] */
  readonly within: Float64Array;
  /** a'r, the sum of the row sums of X. float64 [CHOSEN] */
  readonly rows: Float64Array;
}

/** Sums in float64, 16 columns a pass (kernels/mmd/exact.h). */
export class ExactSums {
  /** Of the last kernel whose first pass was made. float64 [rows] */
  readonly rowSums: DeviceMemory;
  /** Sums of K_ij^2, made with them; an estimate overwrites them. float64 [rows] */
  readonly rowSquares: DeviceMemory;
  readonly #device: CudaDevice;
  readonly #rows: DeviceRows;
  readonly #dimensions: number;
  readonly #chosen: DeviceMemory;
  /** float64 [blocks, CHOSEN] */
  readonly #partial: DeviceMemory;
  /** float64 [2, CHOSEN] */
  readonly #out: DeviceMemory;

  readonly #mostPairs: number;

  /** @param mostPairs as in launchPairs. @throws ERR_OUT_OF_MEMORY */
  constructor(
    device: CudaDevice,
    memory: DeviceScope,
    rows: DeviceRows,
    dimensions: number,
    mostPairs: number,
  ) {
    const allocate = (sizeBytes: number) => memory.allocate(sizeBytes, 'MMD sums on the GPU');
    this.#device = device;
    this.#rows = rows;
    this.#dimensions = dimensions;
    this.#mostPairs = mostPairs;
    this.rowSums = allocate(rows.plan.paddedRows * 8);
    this.rowSquares = allocate(rows.plan.paddedRows * 8);
    this.#chosen = allocate(CHOSEN * 4);
    this.#partial = allocate(rows.plan.blocks * CHOSEN * 8);
    this.#out = allocate(2 * CHOSEN * 8);
  }

  /**
   * @param chosen  columns of the batch, at most CHOSEN; the first may be ALL_ROWS, and then `rowSums` and `rowSquares` are made
   * @throws ERR_CANCELLED
   */
  async sum(
    kernel: MmdKernel,
    data: KernelData,
    batch: LabelBatch,
    chosen: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<ColumnSums> {
    const { plan } = this.#rows;
    const slots = chosen.map((column) => (column === ALL_ROWS ? ALL_ROWS : column - batch.first));
    await this.#device.write(
      this.#chosen,
      0,
      Int32Array.from({ length: CHOSEN }, (_, i) => slots[i] ?? slots[0]),
    );
    // Row sums need each pair from both sides.
    const spans = chosen[0] === ALL_ROWS ? plan.blocks : Math.floor(plan.blocks / 2) + 1;
    const rows = rowParameters(this.#rows, kernel, data, this.#dimensions, spans);
    const { rowSums, rowSquares } = this;
    const sums = [batch.labels, this.#chosen, rowSums, rowSquares, this.#partial].map((address) => ({
      address,
    }));
    await launchPairs(
      this.#device,
      {
        kernel: this.#device.kernel('mmd', kernelName('exact', kernel, plan)),
        blocks: plan.blocks,
        threads: plan.blockRows,
        sharedBytes: stagedBytes(stagedPlan(plan, kernel)) + (plan.blockRows / TILE) * CHOSEN * 8,
        pairsPerBlock: spans * plan.blockRows ** 2,
        cost: featureCost(kernel, this.#dimensions) * float64Cost(this.#device),
        mostPairs: this.#mostPairs,
        parameters: (first) => packParameters([...rows, ...sums, { int: batch.stride }, { int: first }]),
      },
      signal,
    );
    this.#reduce(batch);
    const out = new Float64Array(2 * CHOSEN);
    await this.#device.read(this.#out, 0, out);
    return { within: out.subarray(0, CHOSEN), rows: out.subarray(CHOSEN) };
  }

  #reduce({ labels, stride }: LabelBatch): void {
    const { blocks, rows } = this.#rows.plan;
    const addresses = [{ address: this.#partial }, { address: this.#out }];
    launchForEach(
      this.#device,
      'sum_blocks',
      CHOSEN,
      packParameters([...addresses, { int: blocks }, { int: CHOSEN }]),
    );
    const from = [this.rowSums, labels, this.#chosen].map((address) => ({ address }));
    const dots = { address: this.#out, offsetBytes: CHOSEN * 8 };
    const launch = { blocks: CHOSEN, threads: MOST_THREADS, sharedBytes: MOST_THREADS * 8 };
    const parameters = packParameters([...from, dots, { int: stride }, { int: rows }]);
    this.#device.kernel('mmd', 'mmd_dot_rows').launch(this.#device.stream, launch, parameters);
  }
}
