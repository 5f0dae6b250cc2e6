import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { referenceLinearAlgebra } from '../../src/backends/reference/linear-algebra.ts';
import { loadLinearAlgebra } from '../../src/backends/wasm/linear-algebra.ts';
import { seededRandom } from '../../src/core/random.ts';

const kernels = new URL('../../kernels/', import.meta.url).pathname;
const linearAlgebra = loadLinearAlgebra();

/** exp(-distance) of random points, with noise: a kernel matrix. NaN above the diagonal, which nobody may read. */
function kernelMatrix(n: number): Float64Array {
  const random = seededRandom(n);
  const points = Array.from({ length: n }, () => [random() * 5, random() * 5]);
  const matrix = new Float64Array(n * n).fill(Number.NaN);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const distance = Math.hypot(points[i][0] - points[j][0], points[i][1] - points[j][1]);
      matrix[i * n + j] = Math.exp(-distance) + (i === j ? 0.1 : 0);
    }
  }
  return matrix;
}

// The kernel works in blocks of 128 and tiles of 4 by 4.
describe.each([0, 1, 2, 3, 5, 127, 128, 129, 257, 391])('WebAssembly linear algebra of order %i', (n) => {
  const matrix = kernelMatrix(n);
  const factor = matrix.slice();
  linearAlgebra.cholesky(factor, n);
  const inverse = linearAlgebra.inverseFromCholesky(factor, n);

  it('factors and inverts as the textbook does', () => {
    const expected = matrix.slice();
    referenceLinearAlgebra.cholesky(expected, n);
    const expectedInverse = referenceLinearAlgebra.inverseFromCholesky(expected, n);
    let worst = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) worst = Math.max(worst, Math.abs(factor[i * n + j] - expected[i * n + j]));
      for (let j = 0; j < n; j++) {
        worst = Math.max(worst, Math.abs(inverse[i * n + j] - expectedInverse[i * n + j]));
      }
    }
    expect(worst).toBeLessThan(1e-11);
  });

  it('leaves the upper triangle of the factor alone and gives a symmetric inverse', () => {
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        if (!Number.isNaN(factor[i * n + j])) throw new Error(`(${i}, ${j}) of the factor was written`);
        if (inverse[i * n + j] !== inverse[j * n + i]) throw new Error(`(${i}, ${j}) is not symmetric`);
      }
    }
    expect(inverse.length).toBe(n * n);
  });

  it('gives the same bytes again', () => {
    const again = matrix.slice();
    linearAlgebra.cholesky(again, n);
    expect(Buffer.compare(Buffer.from(again.buffer), Buffer.from(factor.buffer))).toBe(0);
  });
});

describe.each([
  ['WebAssembly', linearAlgebra],
  ['reference', referenceLinearAlgebra],
])('%s linear algebra', (_, backend) => {
  it.each([0, 3, 130])('names row %i where a matrix is not positive definite', (row) => {
    const n = 140;
    const matrix = kernelMatrix(n);
    matrix[row * n + row] = -1;
    expect(() => backend.cholesky(matrix, n)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_POSITIVE_DEFINITE', details: { row } }),
    );
  });

  it('refuses a matrix that holds NaN', () => {
    const matrix = kernelMatrix(5);
    matrix[6] = Number.NaN;
    expect(() => backend.cholesky(matrix, 5)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_POSITIVE_DEFINITE' }),
    );
  });
});

it('says so when a matrix is too large for the kernel', () => {
  expect(() => linearAlgebra.cholesky(new Float64Array(0), 20_000)).toThrow(
    expect.objectContaining({ code: 'ERR_NO_BACKEND' }),
  );
});

describe('committed kernels', () => {
  const build = readFileSync(join(kernels, 'BUILD.txt'), 'utf8');
  const wanted = build.split('\n')[0];
  let found = 'no clang';
  try {
    found = execFileSync(process.env.CLANG ?? 'clang', ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    // Most machines have no compiler; the kernels are committed for them.
  }
  if (found !== wanted) console.warn(`not rebuilding the kernels: ${wanted} is needed, found ${found}`);

  it.skipIf(found !== wanted)('are what their sources compile to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
    try {
      execFileSync('bash', [join(kernels, 'build.sh'), folder]);
      for (const file of ['BUILD.txt', 'cholesky/cholesky.wasm']) {
        expect(Buffer.compare(readFileSync(join(folder, file)), readFileSync(join(kernels, file)))).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
