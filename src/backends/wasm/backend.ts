import type { Backend } from '../../core/backend.ts';
import { intersections } from './intersections.ts';
import { type MmdOnThreadsOptions, wasmMmd } from './mmd.ts';
import { createSearchIndex, type SearchOnThreadsOptions } from './search-index.ts';

/** Operations by WebAssembly SIMD on worker threads. */
export function createWasmBackend(options: SearchOnThreadsOptions & MmdOnThreadsOptions): Backend {
  return {
    name: 'wasm',
    ops: {
      search: (references, { signal } = {}) =>
        createSearchIndex(references, options, { ...(signal && { signal }) }),
      intersections,
      mmd: (input, { signal } = {}) => wasmMmd(input, options, signal),
    },
  };
}
