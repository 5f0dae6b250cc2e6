import { AssayerError } from '../../core/errors.ts';
import type { MmdInput, MmdResult } from '../../core/mmd.ts';
import { prepareMmd } from '../../core/mmd-problem.ts';
import { refineMmd } from '../../core/mmd-refine.ts';
import type { Operations } from '../../core/ops.ts';
import { withinMemory } from './device-memory.ts';
import { estimateMmd } from './mmd-estimate.ts';
import { MmdFeatures } from './mmd-features.ts';
import { sizeMmdTiles } from './mmd-tiles.ts';
import type { TensorEngine } from './tensor-engine.ts';

/**
 * MMD estimated on the engine in float32; columns that a verdict hangs on come from the exact backend (core/mmd-refine.ts), and
 * so does all where features spread over too many bandwidths for float32.
 * @param tileBytes  memory for tiles on the device
 */
export async function tfjsMmd(
  engine: TensorEngine,
  input: MmdInput,
  exact: Operations['mmd'],
  tileBytes: number,
  signal?: AbortSignal,
): Promise<MmdResult> {
  if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
  const options = signal ? { signal } : {};
  const problem = prepareMmd(input);
  const readsFeatures = problem.kernels.some(({ kind }) => kind === 'rbf-features');
  const features = readsFeatures ? new MmdFeatures(problem) : undefined;
  if (features && !features.fit) return exact(input, options);
  const sizes = sizeMmdTiles(tileBytes, problem);
  const estimate = () =>
    withinMemory('a tile of MMD on TensorFlow.js', tileBytes, () =>
      estimateMmd(engine, problem, features, sizes, signal),
    );
  return refineMmd(input, problem, estimate, exact, options);
}
