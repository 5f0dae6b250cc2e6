import { AssayerError } from '../../core/errors.ts';
import { type MmdInput, type MmdResult, summarizeMmd } from '../../core/mmd.ts';
import type { LabelColumns } from '../../core/mmd-labels.ts';
import { isInX, type MmdProblem, prepareMmd } from '../../core/mmd-problem.ts';
import { centredScale, centringShift, mmdFromSums } from '../../core/mmd-sums.ts';
import { columnsNear } from './mmd-estimate.ts';
import { layOutMmd, type MmdLayout, MOST_CHOSEN } from './mmd-layout.ts';
import { drawColumnsByKernel } from './mmd-permutations.ts';
import { type MmdPlan, planMmd, samplePlaces } from './mmd-plan.ts';
import type { MmdPart, MmdTask } from './mmd-sweep.ts';
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
 * MMD by tiles of 128 x 512 (kernels/mmd/mmd.c), in sweeps over the pairs of rows:
 *
 * 1. a sample of rows: about what K is to be centred by
 * 2. row sums of K and the observed column in float64, and every column in float32 from K centred so
 * 3. float64: the columns that came too near the observed one to tell (columnsNear), where there are any
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
    bits: problem.shape.bits,
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
interface KernelSums {
  /** Row sums of K, summed over each unit. float64 [units] */
  readonly rows: Float64Array;
  readonly total: number;
  /** a'Ka of each chosen column. */
  readonly within: Float64Array;
  /** a'Ca of every column in float32, and the sum of |C|; where they were asked for. */
  readonly centred: Float64Array;
  readonly magnitude: number;
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
    const { labels, kernels } = this.#problem;
    const columns = labels.count;
    const estimate = columns > 1;
    const terms = estimate ? await this.#sampleTerms() : [];
    const first = await this.#sumPairs([0], estimate);
    const values = new Float64Array(kernels.length * columns);
    const near = new Set<number>();
    for (const [k, sums] of first.entries()) {
      const own = values.subarray(k * columns, (k + 1) * columns);
      const observed = this.#value(0, sums.within[0], sums);
      if (estimate) {
        own.set(this.#estimates(sums, terms[k]));
        for (const column of columnsNear(own, observed, sums.magnitude, this.#problem)) near.add(column);
      }
      own[0] = observed;
    }
    const doubtful = [...near].sort((i, j) => i - j);
    for (let at = 0; at < doubtful.length; at += MOST_CHOSEN) {
      const chosen = doubtful.slice(at, at + MOST_CHOSEN);
      for (const [k, within] of (await this.#sumChosen(chosen)).entries()) {
        for (const [i, column] of chosen.entries()) {
          values[k * columns + column] = this.#value(column, within[i], first[k]);
        }
      }
    }
    return summarizeMmd(values, columns);
  }

  /** a'Ka of columns in float64: the pairs within X of each one for itself, or of all in one sweep, whichever are fewer. */
  async #sumChosen(chosen: readonly number[]): Promise<Float64Array[]> {
    const { shape, rowsInX } = this.#problem;
    const wholeBlocks = (rows: number) => (Math.ceil(rows / BLOCK) * BLOCK) ** 2;
    const apart = chosen.reduce((pairs, column) => pairs + wholeBlocks(rowsInX[column]), 0);
    if (apart >= wholeBlocks(shape.count))
      return (await this.#sumPairs(chosen, false)).map(({ within }) => within);
    const sums = Array.from({ length: this.#layout.kernels }, () => new Float64Array(chosen.length));
    const tasks = chosen.map((column): MmdTask => ({ work: 'within', places: this.#placesInX(column) }));
    let taken = 0;
    await this.#runTasks(tasks, ({ within }) => {
      for (const [k, sum] of within.entries()) sums[k][taken] = sum;
      taken++;
    });
    return sums;
  }

  #placesInX(column: number): Uint32Array {
    const { labels, clusters } = this.#problem;
    const inX = (row: number) => row >= 0 && isInX(labels, column, clusters ? clusters[row] : row);
    return Uint32Array.from([...this.#plan.rowAt.keys()].filter((place) => inX(this.#plan.rowAt[place])));
  }

  /**
   * Centring terms of each kernel by unit, from the row sums over a sample, written where threads read them. MMD of
   * K_ij - g_i - g_j is that of K whatever g is; g near the U-centring terms keeps these values, and what rounding loses of
   * them, small.
   * @returns float64 [kernels][units]
   */
  async #sampleTerms(): Promise<Float64Array[]> {
    const { memory, at, slabs, kernels } = this.#layout;
    const { rowAt } = this.#plan;
    const { count } = this.#problem.shape;
    const places = samplePlaces(rowAt, count);
    const sums = Array.from({ length: kernels }, () => new Float64Array(rowAt.length));
    const tasks = slabs.map((_, targets) => ({ work: 'sample' as const, places, targets }));
    await this.#runTasks(tasks, (part, { targets }) => {
      for (const [k, rows] of sums.entries()) addRow(rows, slabs[targets].start, part.targetRows, k, kernels);
    });
    const others = new Float64Array(rowAt.length).fill(places.length);
    for (const place of places) others[place]--;
    return sums.map((rows, k) => {
      const whole = rows.map((sum, place) => (sum * (count - 1)) / others[place]);
      const terms = this.#centringTerms(this.#sumUnits(whole));
      new Float64Array(memory.buffer, at.terms + k * slabs.length * BLOCK * 8, terms.length).set(terms);
      return terms;
    });
  }

  /** @returns the sums of each kernel */
  async #sumPairs(chosen: readonly number[], estimate: boolean): Promise<KernelSums[]> {
    const { memory, at, kernels, slabs, columns } = this.#layout;
    new Uint32Array(memory.buffer, at.chosen, chosen.length).set(chosen);
    const sums = Array.from({ length: kernels }, () => ({
      places: new Float64Array(this.#plan.rowAt.length),
      within: new Float64Array(chosen.length),
      centred: new Float64Array(estimate ? columns : 0),
      magnitude: new Float64Array(1),
    }));
    const tasks: (MmdTask & { work: 'pairs' })[] = [];
    for (let targets = 0; targets < slabs.length; targets++) {
      for (let queries = 0; queries <= targets; queries++) {
        tasks.push({ work: 'pairs', queries, targets, chosen: chosen.length, estimate });
      }
    }
    await this.#runTasks(tasks, (part, task) => {
      for (const [k, { places, within, centred, magnitude }] of sums.entries()) {
        addRow(within, 0, part.within, k, kernels);
        addRow(places, slabs[task.queries].start, part.queryRows, k, kernels);
        addRow(places, slabs[task.targets].start, part.targetRows, k, kernels);
        addRow(centred, 0, part.centred, k, kernels);
        addRow(magnitude, 0, part.magnitudes, k, kernels);
      }
    });
    return sums.map(({ places, within, centred, magnitude: [magnitude] }) => {
      const rows = this.#sumUnits(places);
      return { rows, total: sumOf(rows), within, centred, magnitude };
    });
  }

  #runTasks<Task extends MmdTask>(
    tasks: readonly Task[],
    take: (part: MmdPart, task: Task) => void,
  ): Promise<void> {
    return runInOrder(this.#threads, tasks, take, this.#signal);
  }

  /**
   * Every column's value from float32. With d = f - g, the U-centring terms less those that were taken, the U-centred a'Ca
   * is the one found less 2 (n - 1) a'd.
   * @param taken  float64 [units]
   */
  #estimates({ rows, centred }: KernelSums, taken: Float64Array): Float64Array {
    const { shape, rowsInX, labels } = this.#problem;
    const missing = this.#centringTerms(rows).map((term, unit) => term - taken[unit]);
    return Float64Array.from(rowsInX, (n, column) => {
      const within = centred[column] - 2 * (n - 1) * sumInX(labels, column, missing);
      return centredScale(n, shape.count - n) * within;
    });
  }

  /** U-centring terms summed over each unit, from row sums summed so. float64 [units] */
  #centringTerms(rows: Float64Array): Float64Array {
    const { count } = this.#problem.shape;
    const shift = centringShift(sumOf(rows), count);
    const weights = new Float64Array(this.#layout.memory.buffer, this.#layout.at.weights, rows.length);
    return rows.map((sum, unit) => sum / (count - 2) - weights[unit] * shift);
  }

  /** @param places  a number for each place @returns their sums over the rows of each unit */
  #sumUnits(places: Float64Array): Float64Array {
    const { units, clusters } = this.#problem;
    const sums = new Float64Array(units);
    for (const [place, row] of this.#plan.rowAt.entries()) {
      if (row >= 0) sums[clusters ? clusters[row] : row] += places[place];
    }
    return sums;
  }

  /** MMD2u of a column from its sum within X. */
  #value(column: number, within: number, { rows, total }: KernelSums): number {
    const { labels, rowsInX, shape } = this.#problem;
    const n = rowsInX[column];
    return mmdFromSums(n, shape.count - n, within, sumInX(labels, column, rows), total);
  }
}

/** Sum over the units in X of a column. @param values float64 [units] */
function sumInX({ bits, bytes }: LabelColumns, column: number, values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < bytes; i++) {
    for (let byte = bits[column * bytes + i]; byte; byte &= byte - 1) {
      sum += values[i * 8 + 31 - Math.clz32(byte & -byte)];
    }
  }
  return sum;
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Adds row `k` of a [rows, width] matrix to `out` from `start` on. */
function addRow(out: Float64Array, start: number, matrix: Float64Array, k: number, rows: number): void {
  const width = matrix.length / rows;
  for (let i = 0; i < width; i++) out[start + i] += matrix[k * width + i];
}
