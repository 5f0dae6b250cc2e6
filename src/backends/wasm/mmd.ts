import { AssayerError } from '../../core/errors.ts';
import { type MmdInput, type MmdResult, summarizeMmd } from '../../core/mmd.ts';
import { isInX, type MmdProblem, prepareMmd } from '../../core/mmd-problem.ts';
import { centredScale, centringTerms, mmdFromSums } from '../../core/mmd-sums.ts';
import { columnsNear } from './mmd-estimate.ts';
import { layOutMmd, type MmdLayout, MOST_CHOSEN } from './mmd-layout.ts';
import { drawColumnsByKernel } from './mmd-permutations.ts';
import { type MmdPlan, planMmd } from './mmd-plan.ts';
import type { MmdTask } from './mmd-sweep.ts';
import { callingThread, type MmdThread, runInOrder, workerThread } from './mmd-threads.ts';
import { placeMmdWorkspace } from './mmd-workspace.ts';
import { BLOCK } from './search-shard.ts';

export interface MmdOnThreadsOptions {
  /** The worker entry file, workers/mmd; without it, or for one thread, the caller's thread does the work. */
  readonly mmdWorkerUrl?: URL;
  readonly threads: number;
  /** Additions below which the caller's thread does the work: starting workers would take longer. */
  readonly mmdAloneBelow?: number;
}

/** What one thread adds in the tenth of a second or so that workers take to start. */
const ALONE_BELOW = 8e9;
/** A pair of rows costs about as much in counts and kernel values as in this many columns. */
const COLUMNS_PER_PAIR = 500;

/**
 * MMD by tiles of 128 x 512 (kernels/mmd/mmd.c), in three sweeps over the pairs of rows:
 *
 * 1. float64: row sums of K and the observed column
 * 2. U-centred K in float32: every column
 * 3. float64: the columns that came too near the observed one to tell (columnsNear)
 */
export async function wasmMmd(
  input: MmdInput,
  { mmdWorkerUrl, threads: wanted, mmdAloneBelow = ALONE_BELOW }: MmdOnThreadsOptions,
  signal?: AbortSignal,
): Promise<MmdResult> {
  if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
  const problem = sumSmallerSides(prepareMmd(input, drawColumnsByKernel));
  const plan = planMmd(problem);
  const count = mmdWorkerUrl ? countThreads(problem, plan, wanted, mmdAloneBelow) : 1;
  const shape = {
    kernels: problem.kernels.length,
    columns: problem.labels.count + (problem.labels.count & 1),
    dimensions: problem.dimensions,
    clustered: problem.clusters !== undefined,
    slabs: plan.slabs,
  };
  const workspaceBytes = placeMmdWorkspace(0, shape).end;
  const layout = layOutMmd(problem, plan, count * workspaceBytes);
  await using stack = new AsyncDisposableStack();
  const threads = Array.from({ length: count }, (_, i) => {
    const data = { layout, workspace: layout.at.workspaces + i * workspaceBytes };
    return stack.use(count > 1 && mmdWorkerUrl ? workerThread(mmdWorkerUrl, data) : callingThread(data));
  });
  // Awaited here: the threads end when this function returns.
  return await new MmdRun(problem, plan, layout, threads, signal).run();
}

/** Threads that are worth starting. */
function countThreads(problem: MmdProblem, { slabs }: MmdPlan, wanted: number, aloneBelow: number): number {
  const { shape, units, labels, kernels } = problem;
  const columns = (units / shape.count) ** 2 * labels.count + COLUMNS_PER_PAIR;
  const additions = (shape.count ** 2 / 2) * columns * kernels.length;
  const tasks = (slabs.length * (slabs.length + 1)) / 2;
  return additions < aloneBelow ? 1 : Math.max(1, Math.min(wanted, tasks));
}

/**
 * Swaps the names of the groups in columns where X is the larger one. MMD stays the same; but the sum within Y is found
 * as a difference, and where Y is small that would leave few digits of it.
 */
function sumSmallerSides(problem: MmdProblem): MmdProblem {
  const { labels, rowsInX, shape, units } = problem;
  const bits = labels.bits.slice();
  const smaller = rowsInX.slice();
  const lastByte = 0xff >> (-units & 7);
  for (const [column, n] of rowsInX.entries()) {
    if (n <= shape.count - n) continue;
    smaller[column] = shape.count - n;
    const end = (column + 1) * labels.bytes;
    for (let i = end - labels.bytes; i < end; i++) bits[i] ^= 0xff;
    bits[end - 1] &= lastByte;
  }
  return { ...problem, labels: { ...labels, bits }, rowsInX: smaller };
}

/** Sums of one kernel's matrix. */
interface ExactSums {
  /** Row sums at each place. */
  readonly rows: Float64Array;
  /** a'Ka of each chosen column. */
  readonly within: Float64Array;
}

class MmdRun {
  readonly #problem: MmdProblem;
  readonly #plan: MmdPlan;
  readonly #layout: MmdLayout;
  readonly #threads: readonly MmdThread[];
  readonly #signal: AbortSignal | undefined;

  constructor(
    problem: MmdProblem,
    plan: MmdPlan,
    layout: MmdLayout,
    threads: readonly MmdThread[],
    signal: AbortSignal | undefined,
  ) {
    this.#problem = problem;
    this.#plan = plan;
    this.#layout = layout;
    this.#threads = threads;
    this.#signal = signal;
  }

  async run(): Promise<MmdResult> {
    const { labels, kernels, shape } = this.#problem;
    const columns = labels.count;
    const first = await this.#sumExactly([0]);
    const totals = first.map(({ rows }) => rows.reduce((sum, row) => sum + row, 0));
    const exact = (k: number, column: number, within: number) =>
      this.#value(column, within, first[k].rows, totals[k]);
    const values = new Float64Array(kernels.length * columns);
    const near = new Set<number>();
    if (columns > 1) {
      for (const [k, { rows }] of first.entries()) {
        this.#writeTerms(k, centringTerms(rows, totals[k], shape.count));
      }
      const magnitudes = await this.#estimate(values);
      for (let k = 0; k < kernels.length; k++) {
        const estimates = values.subarray(k * columns, (k + 1) * columns);
        const observed = exact(k, 0, first[k].within[0]);
        for (const column of columnsNear(estimates, observed, magnitudes[k], this.#problem)) near.add(column);
      }
    }
    for (let k = 0; k < kernels.length; k++) values[k * columns] = exact(k, 0, first[k].within[0]);
    const doubtful = [...near].sort((i, j) => i - j);
    for (let at = 0; at < doubtful.length; at += MOST_CHOSEN) {
      const chosen = doubtful.slice(at, at + MOST_CHOSEN);
      for (const [k, { within }] of (await this.#sumExactly(chosen)).entries()) {
        for (const [i, column] of chosen.entries()) {
          values[k * columns + column] = exact(k, column, within[i]);
        }
      }
    }
    return summarizeMmd(values, columns);
  }

  /** @returns the sums of each kernel */
  async #sumExactly(chosen: readonly number[]): Promise<ExactSums[]> {
    const { memory, at, kernels, slabs, blockCount } = this.#layout;
    new Uint32Array(memory.buffer, at.chosen, chosen.length).set(chosen);
    const sums = kernels.map(() => ({
      rows: new Float64Array(blockCount * BLOCK),
      within: new Float64Array(chosen.length),
    }));
    await this.#runTasks('exact', chosen.length, (part, task) => {
      for (const [k, { rows, within }] of sums.entries()) {
        addRow(within, 0, part.sums, k, kernels.length);
        addRow(rows, slabs[task.queries].start, part.queryRows, k, kernels.length);
        addRow(rows, slabs[task.targets].start, part.targetRows, k, kernels.length);
      }
    });
    return sums;
  }

  /** Every column's value from float32. @returns the sum of |C| of each kernel */
  async #estimate(values: Float64Array): Promise<Float64Array> {
    const { kernels, columns } = this.#layout;
    const { rowsInX, shape } = this.#problem;
    const sums = new Float64Array(kernels.length * columns);
    const magnitudes = new Float64Array(kernels.length);
    await this.#runTasks('columns', 0, (part) => {
      addRow(sums, 0, part.sums, 0, 1);
      addRow(magnitudes, 0, part.magnitudes, 0, 1);
    });
    for (let k = 0; k < kernels.length; k++) {
      for (const [column, n] of rowsInX.entries()) {
        const scale = centredScale(n, shape.count - n);
        values[k * rowsInX.length + column] = scale * sums[k * columns + column];
      }
    }
    return magnitudes;
  }

  #runTasks(work: MmdTask['work'], chosen: number, take: Parameters<typeof runInOrder>[2]): Promise<void> {
    const tasks: MmdTask[] = [];
    for (let targets = 0; targets < this.#layout.slabs.length; targets++) {
      for (let queries = 0; queries <= targets; queries++) tasks.push({ work, queries, targets, chosen });
    }
    return runInOrder(this.#threads, tasks, take, this.#signal);
  }

  /** @param terms by place; behind the last row of a block they stay 0 */
  #writeTerms(k: number, terms: Float64Array): void {
    const { memory, at } = this.#layout;
    const out = new Float64Array(memory.buffer, at.terms + k * terms.length * 8, terms.length);
    for (const [place, row] of this.#plan.rowAt.entries()) if (row >= 0) out[place] = terms[place];
  }

  /** MMD2u of a column from its sum within X. */
  #value(column: number, within: number, rowSums: Float64Array, total: number): number {
    const { labels, rowsInX, shape, clusters } = this.#problem;
    let rows = 0;
    for (const [place, row] of this.#plan.rowAt.entries()) {
      if (row >= 0 && isInX(labels, column, clusters ? clusters[row] : row)) rows += rowSums[place];
    }
    const n = rowsInX[column];
    return mmdFromSums(n, shape.count - n, within, rows, total);
  }
}

/** Adds row `k` of a [rows, width] matrix to `out` from `start` on. */
function addRow(out: Float64Array, start: number, matrix: Float64Array, k: number, rows: number): void {
  const width = matrix.length / rows;
  for (let i = 0; i < width; i++) out[start + i] += matrix[k * width + i];
}
