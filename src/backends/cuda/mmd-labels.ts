import type { MmdInput } from '../../core/mmd.ts';
import { checkSides, type MmdProblem } from '../../core/mmd-problem.ts';
import { philoxKey } from '../../core/philox.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import type { DeviceScope } from './device-scope.ts';
import { COLUMNS, launchForEach } from './mmd-kernel.ts';
import type { RowPlan } from './mmd-rows.ts';
import { packParameters } from './parameters.ts';

/** sizeof(Counts) in kernels/permutations/permutations.cu. */
const DRAW_BYTES = 9228;
const DRAW_THREADS = 256;
/** Part of the free memory that labels and partial sums take. */
const MEMORY_SHARE = 0.9;

/** Label columns of one batch on the device. */
export interface LabelBatch {
  /** uint32 [paddedRows / 32, stride]: bit i of word w is row 32 w + i; the smaller side of each column is X */
  readonly labels: DeviceMemory;
  /** Columns from one word to the next, a multiple of 128; those past the last column are empty. */
  readonly stride: number;
  /** Number of the batch's first column. */
  readonly first: number;
  /** Rows in X, the smaller side. uint32 [columns of the batch] */
  readonly rowsInX: Uint32Array;
}

/**
 * The label columns of a problem, made on the device as many at a time as there is memory for: columns given are copied
 * there, others drawn there (kernels/permutations).
 *
 * X is the smaller side of each column: the sum within Y is found as a difference, and where Y is small that would
 * leave few digits of it.
 */
export class DeviceLabels {
  readonly columns: number;
  readonly #device: CudaDevice;
  readonly #problem: MmdProblem;
  readonly #request: MmdInput['labels'];
  readonly #words: number;
  readonly #stride: number;
  readonly #labels: DeviceMemory;
  /** Labels of clusters, uint32 [words of clusters, stride], and the cluster of each row. */
  readonly #clusters: { readonly labels: DeviceMemory; readonly ofRows: DeviceMemory } | undefined;
  readonly #counts: DeviceMemory;
  #batch: LabelBatch | undefined;

  /**
   * @param problem        its labels are the columns given, or the true labels alone
   * @param ofRows         cluster of each row on the device
   * @param reservedBytes  left for others
   * @throws ERR_OUT_OF_MEMORY
   */
  constructor(
    device: CudaDevice,
    memory: DeviceScope,
    problem: MmdProblem,
    request: MmdInput['labels'],
    plan: RowPlan,
    ofRows: DeviceMemory | undefined,
    reservedBytes: number,
  ) {
    this.columns = countColumns(problem, request);
    this.#device = device;
    this.#problem = problem;
    this.#request = request;
    this.#words = plan.paddedRows / 32;
    const clusterWords = ofRows ? Math.ceil(problem.units / 32) : 0;
    // Labels, counts, the estimate's sums of every block and of all, and columns as they were given.
    const givenBytes = 'columns' in request ? problem.labels.bytes : 0;
    const columnBytes = (this.#words + clusterWords + 1) * 4 + (plan.blocks + 1) * 8 + givenBytes;
    const free = (device.context.memory().freeBytes - reservedBytes) * MEMORY_SHARE;
    const fit = Math.max(COLUMNS, Math.floor(free / columnBytes / COLUMNS) * COLUMNS);
    this.#stride = Math.min(fit, Math.ceil(this.columns / COLUMNS) * COLUMNS);
    const allocate = (words: number) =>
      memory.allocate(words * this.#stride * 4, `MMD labels of ${this.#stride} columns`);
    this.#labels = allocate(this.#words);
    this.#clusters = ofRows && { labels: allocate(clusterWords), ofRows };
    this.#counts = allocate(1);
  }

  /** Columns of a batch, a multiple of 128. */
  get stride(): number {
    return this.#stride;
  }

  /** The batch that holds a column; it is there until the next call. @throws ERR_USAGE, ERR_OUT_OF_MEMORY */
  async load(column: number): Promise<LabelBatch> {
    const first = column - (column % this.#stride);
    if (this.#batch?.first === first) return this.#batch;
    const count = Math.min(this.#stride, this.columns - first);
    await this.#make(first, count);
    if (this.#clusters) this.#expandClusters(this.#clusters.labels, this.#clusters.ofRows);
    const rows = this.#problem.shape.count;
    const side = [{ address: this.#labels }, { address: this.#counts }, { int: rows }, { int: this.#words }];
    const parameters = packParameters([...side, { int: this.#stride }]);
    launchForEach(this.#device, 'count_rows', this.#stride, parameters);
    launchForEach(this.#device, 'name_smaller_side', this.#words * this.#stride, parameters);
    const rowsInX = new Uint32Array(count);
    await this.#device.read(this.#counts, 0, rowsInX);
    checkSides(rowsInX, rows, first);
    const smaller = rowsInX.map((n) => Math.min(n, rows - n));
    this.#batch = { labels: this.#labels, stride: this.#stride, first, rowsInX: smaller };
    return this.#batch;
  }

  /** Labels of the units of a batch. */
  async #make(first: number, count: number): Promise<void> {
    const labels = this.#clusters?.labels ?? this.#labels;
    this.#device.stream.fill(labels, 0, labels.sizeBytes, 0);
    if ('columns' in this.#request) {
      const { bits, bytes } = this.#problem.labels;
      await this.#layOut(labels, bits.subarray(first * bytes, (first + count) * bytes), count);
      return;
    }
    const drawnFrom = Math.max(first, 1);
    if (first === 0) await this.#layOut(labels, this.#request.observed, 1);
    if (first + count > drawnFrom)
      this.#draw(labels, drawnFrom, drawnFrom - first, first + count - drawnFrom);
  }

  async #layOut(labels: DeviceMemory, columns: Uint8Array, count: number): Promise<void> {
    const { bytes } = this.#problem.labels;
    using given = await this.#device.upload(columns, `MMD labels of ${count} columns`);
    const words = Math.ceil(bytes / 4);
    const ints = [count, bytes, words, this.#stride].map((int) => ({ int }));
    const parameters = packParameters([{ address: given }, { address: labels }, ...ints]);
    launchForEach(this.#device, 'lay_labels', words * count, parameters);
    await this.#device.stream.synchronize();
  }

  #draw(labels: DeviceMemory, column: number, slot: number, count: number): void {
    if ('columns' in this.#request) return;
    const [key0, key1] = philoxKey(this.#request.seed);
    const ints = [key0, key1, this.#problem.units, this.#unitsInX(), column, slot, this.#stride];
    const parameters = packParameters([{ address: labels }, ...ints.map((int) => ({ int }))]);
    const launch = { blocks: count, threads: DRAW_THREADS, sharedBytes: DRAW_BYTES };
    this.#device.kernel('permutations', 'permutations_draw').launch(this.#device.stream, launch, parameters);
  }

  #expandClusters(units: DeviceMemory, ofRows: DeviceMemory): void {
    const addresses = [units, ofRows, this.#labels].map((address) => ({ address }));
    const ints = [this.#problem.shape.count, this.#words, this.#stride].map((int) => ({ int }));
    const parameters = packParameters([...addresses, ...ints]);
    launchForEach(this.#device, 'expand_clusters', this.#words * this.#stride, parameters);
  }

  /** Units in X of the true labels, and so of every column drawn. */
  #unitsInX(): number {
    const { bits, bytes } = this.#problem.labels;
    let count = 0;
    for (const byte of bits.subarray(0, bytes)) for (let left = byte; left > 0; left &= left - 1) count++;
    return count;
  }
}

/** Columns of a problem whose labels are the columns given, or the true labels alone. */
export function countColumns({ labels }: MmdProblem, request: MmdInput['labels']): number {
  return 'columns' in request ? labels.count : request.permutations + 1;
}
