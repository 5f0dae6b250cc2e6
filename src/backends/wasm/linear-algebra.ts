import { readFileSync } from 'node:fs';
import { AssayerError } from '../../core/errors.ts';
import type { LinearAlgebra } from '../../core/ports.ts';

/** Order of a diagonal block in cholesky.c; matrices are padded to a multiple of it with the identity. */
const BLOCK = 128;
/** Doubles added to each row, so that rows of one tile do not share a cache set. */
const ROW_PAD = 8;
const PAGE_BYTES = 65536;
/** Offsets in the kernel are signed 32-bit: 2 GiB of matrix and panels, an order of about 16,000. */
const MAX_BYTES = 2 ** 31;

interface CholeskyKernel extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  readonly __heap_base: WebAssembly.Global<number>;
  factor(matrix: number, size: number, stride: number): number;
  invert(matrix: number, size: number, stride: number): void;
}

/**
 * Cholesky factor and inverse by blocked WebAssembly SIMD (kernels/cholesky/cholesky.c); one thread, float64 without
 * fused multiply-add, so the same bytes on every machine. Each call takes memory for one copy of the matrix and
 * gives it back: nothing is kept between calls.
 */
export function loadLinearAlgebra(): LinearAlgebra {
  const path = new URL('../../../kernels/cholesky/cholesky.wasm', import.meta.url);
  const module = new WebAssembly.Module(readFileSync(path));

  function run(matrix: Float64Array, n: number, work: 'factor' | 'invert'): PaddedMatrix {
    const kernel = new WebAssembly.Instance(module).exports as CholeskyKernel;
    const padded = load(kernel, matrix, n);
    const row = kernel[work](padded.values.byteOffset, padded.size, padded.stride);
    if (typeof row === 'number' && row >= 0) throw new AssayerError('ERR_NOT_POSITIVE_DEFINITE', { row });
    return padded;
  }

  return {
    cholesky(matrix, n) {
      if (n === 0) return;
      const { values, stride } = run(matrix, n, 'factor');
      for (let i = 0; i < n; i++) matrix.set(values.subarray(i * stride, i * stride + i + 1), i * n);
    },
    inverseFromCholesky(factor, n) {
      const out = new Float64Array(n * n);
      if (n === 0) return out;
      const { values, stride } = run(factor, n, 'invert');
      for (let i = 0; i < n; i++) out.set(values.subarray(i * stride, i * stride + i + 1), i * n);
      mirrorLower(out, n);
      return out;
    },
  };
}

/** A view into the kernel's memory: float64 [size, stride]. */
interface PaddedMatrix {
  readonly values: Float64Array;
  readonly size: number;
  readonly stride: number;
}

/** Lower triangle of a [n, n] matrix into the kernel's memory, padded with the identity. */
function load(kernel: CholeskyKernel, matrix: Float64Array, n: number): PaddedMatrix {
  const size = Math.ceil(n / BLOCK) * BLOCK;
  const stride = size + ROW_PAD;
  const start = Math.ceil(kernel.__heap_base.value / 64) * 64;
  const bytes = start + 8 * (size * stride + 2 * size * BLOCK);
  if (bytes > MAX_BYTES) {
    throw new AssayerError('ERR_NO_BACKEND', {
      operation: `a Cholesky factor of order ${n}`,
      reasons: `it takes ${bytes} bytes and the kernel addresses ${MAX_BYTES}`,
    });
  }
  kernel.memory.grow(Math.ceil((bytes - kernel.memory.buffer.byteLength) / PAGE_BYTES));
  const values = new Float64Array(kernel.memory.buffer, start, size * stride);
  for (let i = 0; i < n; i++) values.set(matrix.subarray(i * n, i * n + i + 1), i * stride);
  for (let i = n; i < size; i++) values[i * stride + i] = 1;
  return { values, size, stride };
}

/** Copies the lower triangle over the upper, in square tiles that stay in cache. */
function mirrorLower(matrix: Float64Array, n: number): void {
  const tile = 64;
  for (let i0 = 0; i0 < n; i0 += tile) {
    for (let j0 = 0; j0 <= i0; j0 += tile) {
      for (let i = i0; i < Math.min(i0 + tile, n); i++) {
        for (let j = j0; j < Math.min(j0 + tile, i); j++) matrix[j * n + i] = matrix[i * n + j];
      }
    }
  }
}
