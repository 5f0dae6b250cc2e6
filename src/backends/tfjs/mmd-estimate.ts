import { setImmediate as nextTurn } from 'node:timers/promises';
import { AssayerError } from '../../core/errors.ts';
import type { MmdProblem } from '../../core/mmd-problem.ts';
import { centringShift, mmdFromSums } from '../../core/mmd-sums.ts';
import type { MmdFeatures } from './mmd-features.ts';
import { kernelMatrices } from './mmd-kernels.ts';
import {
  type KernelTile,
  labelRows,
  type MmdTileSizes,
  placeKernelTile,
  placeLabels,
  type RowLabels,
} from './mmd-tiles.ts';
import { readAndDispose, type Tensor, type TensorEngine } from './tensor-engine.ts';

/**
 * Every column's MMD2u from float32 tiles, summed over tiles in float64. Two sweeps over the pairs of tiles on and above the
 * diagonal: row sums of each kernel, then for C_ij = K_ij - f_i - f_j the sums that each column needs.
 *
 * MMD2u of C is that of K for any f whatever, as terms of one row cancel between the groups; f is chosen so that rows of C sum
 * to almost 0, for then float32 has the least to round. So C's own row sums are used, and f need not be exact.
 * @param features  where a kernel reads them
 * @returns float64 [kernels, columns]
 * @throws ERR_CANCELLED
 */
export async function estimateMmd(
  engine: TensorEngine,
  problem: MmdProblem,
  features: MmdFeatures | undefined,
  sizes: MmdTileSizes,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { kernels, labels, shape } = problem;
  const sweep = new MmdSweep(engine, problem, features, sizes, signal);
  const terms = await sweep.centringTerms();
  const rowLabels = labelRows(problem);
  const values = new Float64Array(kernels.length * labels.count);
  for (let first = 0; first < labels.count; first += sizes.columns) {
    const count = Math.min(sizes.columns, labels.count - first);
    const sums = await sweep.columnSums(terms, rowLabels, { first, count });
    for (const [k, { within, rows }] of sums.entries()) {
      for (let i = 0; i < count; i++) {
        const n = rowLabels.rowsInX[first + i];
        const value = mmdFromSums(n, shape.count - n, within[i], rows[i], rows[count]);
        values[k * labels.count + first + i] = value;
      }
    }
  }
  return values;
}

/** Sums of one kernel's centred matrix C by column of labels a, and for all ones at the end. */
interface ColumnSums {
  /** a'Ca */
  readonly within: Float64Array;
  /** a'C1 */
  readonly rows: Float64Array;
}

/** One kernel's values between two tiles of rows. */
interface KernelPair {
  readonly x: KernelTile;
  readonly y: KernelTile;
  /** float32 [x.count, y.count] */
  readonly values: Tensor;
  /** 0 where a row meets itself, else 1, of the values' shape; absent where the tiles differ */
  readonly offDiagonal: Tensor | undefined;
}

class MmdSweep {
  readonly #engine: TensorEngine;
  readonly #problem: MmdProblem;
  readonly #features: MmdFeatures | undefined;
  readonly #sizes: MmdTileSizes;
  readonly #signal: AbortSignal | undefined;

  constructor(
    engine: TensorEngine,
    problem: MmdProblem,
    features: MmdFeatures | undefined,
    sizes: MmdTileSizes,
    signal: AbortSignal | undefined,
  ) {
    this.#engine = engine;
    this.#problem = problem;
    this.#features = features;
    this.#sizes = sizes;
    this.#signal = signal;
  }

  /** @returns f of each kernel, float32 [N] */
  async centringTerms(): Promise<Float32Array[]> {
    const { kernels, shape } = this.#problem;
    const engine = this.#engine;
    // Every kernel is 1 between a row and itself, which does not belong to K.
    const sums = kernels.map(() => new Float64Array(shape.count).fill(-1));
    await this.#forEachPair(async (k, { x, y, values, offDiagonal }) => {
      const [ofX, ofY] = engine.tidy(() => [engine.sum(values, 1), engine.sum(values, 0)]);
      const [rowsOfX, rowsOfY] = await Promise.all([ofX, ofY].map(readAndDispose));
      addTo(sums[k], rowsOfX, x.first);
      if (!offDiagonal) addTo(sums[k], rowsOfY, y.first);
    });
    return sums.map((rowSums) => {
      const total = rowSums.reduce((sum, row) => sum + row, 0);
      const shift = centringShift(total, shape.count);
      return Float32Array.from(rowSums, (sum) => sum / (shape.count - 2) - shift);
    });
  }

  /** @param columns  which columns of the labels */
  async columnSums(
    terms: readonly Float32Array[],
    labels: RowLabels,
    columns: { readonly first: number; readonly count: number },
  ): Promise<ColumnSums[]> {
    const engine = this.#engine;
    const sums = terms.map(() => ({
      within: new Float64Array(columns.count + 1),
      rows: new Float64Array(columns.count + 1),
    }));
    await this.#forEachPair(async (k, pair) => {
      const { x, y, offDiagonal } = pair;
      const [within, ofX, ofY] = engine.tidy(() => {
        const inX = placeLabels(engine, labels, columns, x);
        const inY = offDiagonal ? inX : placeLabels(engine, labels, columns, y);
        const centred = centre(engine, pair, terms[k]);
        // [columns + 1, x.count]; its last row is C1
        const product = engine.matMul(inY, centred, false, true);
        const rowSums = engine.slice(product, [columns.count, 0], [1, x.count]);
        return [
          engine.sum(engine.mul(inX, product), 1),
          engine.reshape(engine.matMul(inX, rowSums, false, true), [columns.count + 1]),
          engine.sum(product, 1),
        ];
      });
      const [w, rx, ry] = await Promise.all([within, ofX, ofY].map(readAndDispose));
      addTo(sums[k].within, w, 0, offDiagonal ? 1 : 2);
      addTo(sums[k].rows, rx, 0);
      if (!offDiagonal) addTo(sums[k].rows, ry, 0);
    });
    return sums;
  }

  /** Every kernel's values for every pair of tiles, x never after y; they are disposed afterwards. */
  async #forEachPair(visit: (k: number, pair: KernelPair) => Promise<void>): Promise<void> {
    const { kernels, shape } = this.#problem;
    for (let i = 0; i < shape.count; i += this.#sizes.rows) {
      using x = this.#place(i);
      for (let j = i; j < shape.count; j += this.#sizes.rows) {
        if (this.#signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
        using diagonal = j === i ? zeroDiagonal(this.#engine, x.count) : undefined;
        using other = j === i ? undefined : this.#place(j);
        const tiles = { x, y: other ?? x, offDiagonal: diagonal?.tensor };
        let k = 0;
        for (const values of kernelMatrices(this.#engine, kernels, this.#features, x, tiles.y)) {
          await visit(k++, { ...tiles, values });
        }
        await nextTurn();
      }
    }
  }

  #place(first: number): KernelTile {
    const count = Math.min(this.#sizes.rows, this.#problem.shape.count - first);
    return placeKernelTile(this.#engine, this.#problem, this.#features, first, count);
  }
}

/** C of a pair of tiles, 0 on the matrix's diagonal. */
function centre(
  engine: TensorEngine,
  { x, y, values, offDiagonal }: KernelPair,
  terms: Float32Array,
): Tensor {
  const part = ({ first, count }: KernelTile, shape: number[]) =>
    engine.tensor(terms.slice(first, first + count), shape, 'float32');
  return engine.tidy(() => {
    const centred = engine.sub(engine.sub(values, part(x, [x.count, 1])), part(y, [1, y.count]));
    return offDiagonal ? engine.mul(centred, offDiagonal) : centred;
  });
}

/** Ones, and 0 on the diagonal. float32 [size, size] */
function zeroDiagonal(engine: TensorEngine, size: number): { readonly tensor: Tensor } & Disposable {
  const ones = new Float32Array(size * size).fill(1);
  for (let i = 0; i < size; i++) ones[i * size + i] = 0;
  const tensor = engine.tensor(ones, [size, size], 'float32');
  return { tensor, [Symbol.dispose]: () => tensor.dispose() };
}

function addTo(out: Float64Array, values: ArrayLike<number>, start: number, factor: number = 1): void {
  for (let i = 0; i < values.length; i++) out[start + i] += factor * values[i];
}
