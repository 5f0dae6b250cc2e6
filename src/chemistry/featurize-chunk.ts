import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { FeatureBatch } from '../core/compound.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { describeCause } from '../core/errors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { rejectReason } from '../core/rejects.ts';
import { emptyBatch } from './feature-batch.ts';
import { featurizeMolecule, type InputKind } from './featurize-molecule.ts';
import type { Limits } from './limits.ts';
import type { Toolkit } from './toolkit.ts';

/** Has a ring, a stereo centre and a salt, so that every part of the recipe runs. */
const WARM_UP_SMILES = 'C[C@H](N)c1ccccc1C(=O)[O-].[Na+]';

/** What a worker is asked. */
export interface ChunkTask {
  readonly inputs: readonly string[];
  readonly kind: InputKind;
  readonly limits: Limits;
  /** int32 [1], shared: the molecule under way, -1 before the first (while the thread starts), inputs.length after the last. */
  readonly progress: Int32Array;
}

/**
 * Features of a chunk of compounds, in the order of the inputs. A molecule that breaks the toolkit is rejected by
 * itself, and the toolkit is rebuilt before the next.
 * @throws ERR_CHEMISTRY when the toolkit cannot be rebuilt
 */
export async function featurizeChunk(toolkit: Toolkit, task: ChunkTask): Promise<FeatureBatch> {
  const { inputs, kind, limits, progress } = task;
  const batch = emptyBatch(inputs.length);
  warmUp(toolkit, limits);
  for (let i = 0; i < inputs.length; i++) {
    Atomics.store(progress, 0, i);
    const fingerprint = batch.fingerprints.subarray(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES);
    const descriptors = batch.descriptors.subarray(i * DESCRIPTOR_COUNT, (i + 1) * DESCRIPTOR_COUNT);
    try {
      const result = featurizeMolecule(toolkit, inputs[i], kind, limits, fingerprint, descriptors);
      if ('code' in result) {
        batch.reasons[i] = rejectReason(result.code, result.detail);
        continue;
      }
      batch.smiles[i] = result.smiles;
      batch.inchikeys[i] = result.inchikey;
      batch.scaffolds[i] = result.scaffold;
      batch.notes[i] = result.notes;
    } catch (cause) {
      fingerprint.fill(0);
      descriptors.fill(0);
      batch.reasons[i] = rejectReason('TOOLKIT_FAILED', describeCause(cause));
      await toolkit.rebuild();
    }
  }
  Atomics.store(progress, 0, inputs.length);
  return batch;
}

const warm = new WeakSet<Toolkit>();

/**
 * V8 compiles most of RDKit when it is first called, which takes many times as long as a molecule. That is the
 * thread's start, so it happens before `progress` names a molecule, and no molecule is late for it.
 */
function warmUp(toolkit: Toolkit, limits: Limits): void {
  if (warm.has(toolkit)) return;
  const fingerprint = new Uint8Array(FINGERPRINT_BYTES);
  featurizeMolecule(
    toolkit,
    WARM_UP_SMILES,
    'smiles',
    limits,
    fingerprint,
    new Float32Array(DESCRIPTOR_COUNT),
  );
  warm.add(toolkit);
}

/** Wraps a result so that its arrays move to the caller's thread instead of being copied. */
export function movable(batch: FeatureBatch): FeatureBatch {
  const wrapped = {
    [transferableSymbol]: [batch.fingerprints.buffer, batch.descriptors.buffer],
    [valueSymbol]: batch,
  };
  return move(wrapped as unknown as Parameters<typeof move>[0]) as unknown as FeatureBatch;
}
