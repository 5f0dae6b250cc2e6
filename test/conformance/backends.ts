import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { Backend } from '../../src/core/backend.ts';

const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);

/** Every backend, each in the forms that could differ; all are compared with the reference. */
export const BACKENDS: readonly { readonly form: string; readonly backend: Backend }[] = [
  { form: 'wasm, one thread', backend: createWasmBackend({ workerUrl, threads: 1 }) },
  {
    form: 'wasm, three threads, memories of one block',
    backend: createWasmBackend({ workerUrl, threads: 3, maxShardBytes: 1 }),
  },
];
