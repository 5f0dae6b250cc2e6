import { AssayerError } from '../../core/errors.ts';
import { type MmdKernel, summarizeMmd } from '../../core/mmd.ts';
import { isInX, type MmdProblem, prepareMmd } from '../../core/mmd-problem.ts';
import type { Operations } from '../../core/ops.ts';
import { countSharedBits } from './nearest-shared-bits.ts';

/**
 * MMD2u of every column by its definition: the mean kernel value within X, plus that within Y, less twice the mean
 * between them; a row is not compared with itself.
 * @source Gretton et al. 2012, "A kernel two-sample test", JMLR 13:723-773, lemma 6
 */
export const referenceMmd: Operations['mmd'] = async (input, { signal } = {}) => {
  const problem = prepareMmd(input);
  const { shape, labels, rowsInX, kernels, clusters } = problem;
  const columns = labels.count;
  const within = new Float64Array(kernels.length * columns * 2);
  const between = new Float64Array(kernels.length * columns);
  const unitOf = (row: number) => (clusters ? clusters[row] : row);
  const bitsOf = (row: number) => countSharedBits(packedRow(problem, row), packedRow(problem, row));
  const popcounts = Uint32Array.from({ length: shape.count }, (_, row) => bitsOf(row));

  for (let i = 0; i < shape.count; i++) {
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    for (let j = 0; j < i; j++) {
      const shared = countSharedBits(packedRow(problem, i), packedRow(problem, j));
      for (const [k, kernel] of kernels.entries()) {
        const value = kernelValue(kernel, problem, i, j, popcounts[i], popcounts[j], shared);
        for (let b = 0; b < columns; b++) {
          const x = isInX(labels, b, unitOf(i));
          const at = k * columns + b;
          if (x !== isInX(labels, b, unitOf(j))) between[at] += value;
          else within[at * 2 + (x ? 0 : 1)] += value;
        }
      }
    }
  }

  const values = between.map((sum, at) => {
    const n = rowsInX[at % columns];
    const m = shape.count - n;
    const inX = (2 * within[at * 2]) / (n * (n - 1));
    const inY = (2 * within[at * 2 + 1]) / (m * (m - 1));
    return inX + inY - (2 * sum) / (n * m);
  });
  return summarizeMmd(values, columns);
};

function packedRow({ fingerprints, shape }: MmdProblem, row: number): Uint8Array {
  return fingerprints.subarray(row * shape.rowBytes, row * shape.rowBytes + shape.bytes);
}

function kernelValue(
  kernel: MmdKernel,
  { features, dimensions }: MmdProblem,
  i: number,
  j: number,
  a: number,
  b: number,
  shared: number,
): number {
  if (kernel.kind === 'tanimoto') return a + b === 0 ? 1 : shared / (a + b - shared);
  let squaredDistance = a + b - 2 * shared;
  if (kernel.kind === 'rbf-features') {
    squaredDistance = 0;
    for (let d = 0; d < dimensions; d++) {
      squaredDistance += (features[i * dimensions + d] - features[j * dimensions + d]) ** 2;
    }
  }
  return Math.exp(-squaredDistance / (2 * kernel.bandwidth ** 2));
}
