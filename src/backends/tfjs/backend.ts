import type { Backend } from '../../core/backend.ts';
import type { Operations } from '../../core/ops.ts';
import { tfjsMmd } from './mmd.ts';
import { openNodeGpu } from './node-gpu.ts';
import { createTfjsIndex } from './search-index.ts';
import type { TensorEngine, TfjsModule } from './tensor-engine.ts';

export interface TfjsOptions {
  /** `node-gpu` opens @tensorflow/tfjs-node-gpu; or a tfjs engine that is ready, its backend set. */
  readonly engine: 'node-gpu' | TfjsModule;
  /** An exact backend's `mmd`, for the columns that a verdict hangs on. */
  readonly exactMmd: Operations['mmd'];
  /** Memory for the tiles of one call, on the device. */
  readonly tileBytes?: number;
}

const GPU_TILE_BYTES = 2 ** 30;
/** Of engines on the processor: tiles that stay near its caches. */
const PROCESSOR_TILE_BYTES = 2 ** 26;

/**
 * Search and drift statistics on TensorFlow.js. Search is exact; see `Operations` for what MMD is.
 *
 * It has no `close`: an index gives its tensors back itself, and TensorFlow keeps its device memory until the process ends.
 * @throws ERR_TENSORFLOW where tfjs-node-gpu is absent, does not load or has no GPU
 */
export function createTfjsBackend({ engine: wanted, exactMmd, tileBytes }: TfjsOptions): Backend {
  const engine = wanted === 'node-gpu' ? openNodeGpu() : (wanted as TensorEngine);
  const bytes = tileBytes ?? (wanted === 'node-gpu' ? GPU_TILE_BYTES : PROCESSOR_TILE_BYTES);
  return {
    name: 'tfjs',
    ops: {
      search: (references, { signal } = {}) => createTfjsIndex(engine, references, bytes, signal),
      mmd: (input, { signal } = {}) => tfjsMmd(engine, input, exactMmd, bytes, signal),
    },
  };
}
