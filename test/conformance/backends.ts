import { createCudaBackend } from '../../src/backends/cuda/backend.ts';
import { createTfjsBackend } from '../../src/backends/tfjs/backend.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { Backend } from '../../src/core/backend.ts';
import type { OperationName } from '../../src/core/ops.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openEngine } from '../unit/tfjs-engines.ts';

const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);

export interface BackendForm {
  readonly form: string;
  readonly backend: Backend;
  /** An operation that it lacks, and why. */
  readonly without?: { readonly operation: OperationName; readonly reason: string };
}

/** Every backend, each in the forms that could differ; all are compared with the reference. */
export async function openBackends(): Promise<BackendForm[]> {
  const wasm = createWasmBackend({ workerUrl, threads: 1 });
  const { engine } = await openEngine('wasm');
  const forms: BackendForm[] = [
    { form: 'wasm, one thread', backend: wasm },
    {
      form: 'wasm, three threads, memories of one block',
      backend: createWasmBackend({ workerUrl, threads: 3, maxShardBytes: 1 }),
    },
    {
      form: 'tfjs on its WebAssembly engine',
      backend: await createTfjsBackend({ engine, exactMmd: wasm.ops.mmd! }),
      without: {
        operation: 'intersections',
        reason: 'it writes q x t numbers that other backends make faster',
      },
    },
  ];
  const { library, reason } = await buildStub();
  if (library) forms.push({ form: 'cuda, emulated', backend: await createCudaBackend({ library }) });
  else console.warn(`skipping conformance of cuda: ${reason}`);
  return forms;
}
