import type { Backend } from '../../src/core/backend.ts';
import type { CudaContext } from '../../src/native/cuda.ts';
import type { Results } from './results.ts';
import type { Sizes } from './sizes.ts';

/** What every part of the bench is given. */
export interface Bench {
  readonly sizes: Sizes;
  /** Every run has inputs of its own; the seed is in its results. */
  readonly seed: number;
  /** As performance.now(): nothing new begins past it. */
  readonly deadline: number;
  /** Asked for the peers. */
  readonly python: string;
  /** Stays open from the start to the end. */
  readonly context: CudaContext;
  readonly results: Results;
  /** Real fingerprints, uint8 [n, 256]. */
  readonly real: Uint8Array;
  /** Another exact backend, fast enough for larger inputs. */
  readonly fast: Backend;
}

/** First compute capability with the matrix instructions that the kernels use. */
export const MATRIX_CAPABILITY = 80;

/** Progress, and what went wrong. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
