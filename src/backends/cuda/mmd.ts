import { type MmdInput, type MmdKernel, type MmdResult, summarizeMmd } from '../../core/mmd.ts';
import type { DrawColumns } from '../../core/mmd-labels.ts';
import { type MmdProblem, prepareMmd } from '../../core/mmd-problem.ts';
import { COLUMNS_FOR_SPREAD, mmdFromSums } from '../../core/mmd-sums.ts';
import type { CudaDevice } from './cuda-device.ts';
import { DeviceScope } from './device-scope.ts';
import { makeHostArray } from './host-array.ts';
import { Estimate } from './mmd-estimate.ts';
import { type ColumnSums, ExactSums } from './mmd-exact.ts';
import { ALL_ROWS, CHOSEN, LAUNCH_PAIRS } from './mmd-kernel.ts';
import { estimateData, exactData } from './mmd-kernel-data.ts';
import { countColumns, DeviceLabels, type LabelBatch } from './mmd-labels.ts';
import { columnsToRecompute } from './mmd-rounding.ts';
import { type DeviceRows, planRows, uploadRows } from './mmd-rows.ts';
import { throwIfCancelled } from './sorted-rows.ts';

/** Older devices lack the matrix instructions. */
export const MMD_CAPABILITY = 80;

/**
 * MMD by tiles of pairs of rows (kernels/mmd), kernel by kernel:
 *
 * 1. float64: row sums of K, the observed column and the first 14 permuted ones
 * 2. U-centred K in half precision: every column
 * 3. float64: the columns that came too near the observed one to tell (columnsToRecompute)
 *
 * With fewer than 100 permuted columns all are made as in 1 and 3.
 * @param mostPairs  of rows, of one launch (launchPairs)
 * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY, ERR_GPU_CALL
 */
export async function cudaMmd(
  device: CudaDevice,
  input: MmdInput,
  signal?: AbortSignal,
  mostPairs: number = LAUNCH_PAIRS,
): Promise<MmdResult> {
  throwIfCancelled(signal);
  const problem = prepareMmd(input, keepTrueLabels);
  const columns = countColumns(problem, input.labels);
  const values = allocateValues(problem.kernels.length, columns);
  await device.exclusive(async () => {
    await using memory = new DeviceScope(device);
    const run = await MmdRun.start(device, memory, problem, input.labels, mostPairs, signal);
    for (const [k, kernel] of problem.kernels.entries()) {
      await run.compute(kernel, values.subarray(k * columns, (k + 1) * columns));
    }
  });
  return summarizeMmd(values, columns);
}

/** The others are drawn on the device. */
const keepTrueLabels: DrawColumns = ({ observed }) => ({ bits: observed, count: 1, bytes: observed.length });

function allocateValues(kernels: number, columns: number): Float64Array {
  const purpose = `the values of ${columns - 1} permutations`;
  return makeHostArray(kernels * columns * 8, purpose, () => new Float64Array(kernels * columns));
}

/** One problem on the device; one kernel after the other. */
class MmdRun {
  readonly #device: CudaDevice;
  readonly #problem: MmdProblem;
  readonly #rows: DeviceRows;
  readonly #labels: DeviceLabels;
  readonly #exact: ExactSums;
  readonly #estimate: Estimate;
  readonly #signal: AbortSignal | undefined;

  private constructor(
    device: CudaDevice,
    problem: MmdProblem,
    rows: DeviceRows,
    labels: DeviceLabels,
    exact: ExactSums,
    estimate: Estimate,
    signal: AbortSignal | undefined,
  ) {
    this.#device = device;
    this.#problem = problem;
    this.#rows = rows;
    this.#labels = labels;
    this.#exact = exact;
    this.#estimate = estimate;
    this.#signal = signal;
  }

  /** @param memory owns what is allocated. @throws ERR_OUT_OF_MEMORY */
  static async start(
    device: CudaDevice,
    memory: DeviceScope,
    problem: MmdProblem,
    request: MmdInput['labels'],
    mostPairs: number,
    signal: AbortSignal | undefined,
  ): Promise<MmdRun> {
    throwIfCancelled(signal);
    const { shape, clusters, kernels, dimensions } = problem;
    const plan = planRows(shape.count, shape.bits, device.info.sharedBytesPerBlock);
    const rows = await uploadRows(device, memory, problem, plan);
    const ofRows = clusters && (await memory.upload(clusters, 'MMD clusters on the GPU'));
    const exact = new ExactSums(device, memory, rows, dimensions, mostPairs);
    const hasFeatures = kernels.some(({ kind }) => kind === 'rbf-features');
    const reserved = hasFeatures ? 2 * plan.paddedRows * dimensions * 8 : 0;
    const labels = new DeviceLabels(device, memory, problem, request, plan, ofRows, reserved);
    const estimate = new Estimate(device, memory, rows, exact, dimensions, labels.stride, mostPairs);
    return new MmdRun(device, problem, rows, labels, exact, estimate, signal);
  }

  /** @param values  float64 [columns], set */
  async compute(kernel: MmdKernel, values: Float64Array): Promise<void> {
    await using memory = new DeviceScope(this.#device);
    const data = await exactData(memory, this.#problem, kernel, this.#rows.plan);
    const firstBatch = await this.#labels.load(0);
    const columns = this.#labels.columns;
    const first = Array.from({ length: Math.min(columns, CHOSEN - 1) }, (_, column) => column);
    const sums = await this.#exact.sum(kernel, data, firstBatch, [ALL_ROWS, ...first], this.#signal);
    const total = sums.rows[0];
    const exact = Float64Array.from(first, (column, i) =>
      this.#value(firstBatch, column, sums, i + 1, total),
    );
    let doubtful: number[];
    if (columns - 1 < COLUMNS_FOR_SPREAD) {
      doubtful = Array.from({ length: columns - exact.length }, (_, i) => exact.length + i);
    } else {
      const deviations = await this.#estimateAll(kernel, total, values, memory);
      doubtful = columnsToRecompute(values, deviations, exact);
    }
    values.set(exact);
    while (doubtful.length > 0) {
      const batch = await this.#labels.load(doubtful[0]);
      const end = batch.first + batch.rowsInX.length;
      const chosen = doubtful.slice(0, CHOSEN).filter((column) => column < end);
      const found = await this.#exact.sum(kernel, data, batch, chosen, this.#signal);
      for (const [i, column] of chosen.entries()) {
        values[column] = this.#value(batch, column, found, i, total);
      }
      doubtful = doubtful.slice(chosen.length);
    }
  }

  /** @returns deviations of the errors. float64 [columns] */
  async #estimateAll(
    kernel: MmdKernel,
    total: number,
    values: Float64Array,
    memory: DeviceScope,
  ): Promise<Float64Array> {
    const deviations = allocateValues(1, values.length);
    const data = await estimateData(memory, this.#problem, kernel, this.#rows.plan);
    await this.#estimate.centre(total);
    for (let first = 0; first < values.length; first += this.#labels.stride) {
      const batch = await this.#labels.load(first);
      const [out, errors] = [values, deviations].map((all) =>
        all.subarray(first, first + batch.rowsInX.length),
      );
      await this.#estimate.run(kernel, data, batch, out, errors, this.#signal);
    }
    return deviations;
  }

  /** MMD2u of a column whose sums are at `i`. */
  #value({ rowsInX, first }: LabelBatch, column: number, sums: ColumnSums, i: number, total: number): number {
    const n = rowsInX[column - first];
    return mmdFromSums(n, this.#problem.shape.count - n, sums.within[i], sums.rows[i], total);
  }
}
