import type { FeatureBatch } from '../core/compound.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../core/fingerprint.ts';

/** A batch of `count` rows that hold nothing yet. */
export function emptyBatch(count: number): FeatureBatch {
  const texts = () => new Array<string>(count).fill('');
  return {
    count,
    reasons: new Array<string | null>(count).fill(null),
    smiles: texts(),
    inchikeys: texts(),
    scaffolds: texts(),
    notes: texts(),
    fingerprints: new Uint8Array(count * FINGERPRINT_BYTES),
    descriptors: new Float32Array(count * DESCRIPTOR_COUNT),
  };
}

/** Copies `part` into `batch` from row `start` on. */
export function placeBatch(batch: FeatureBatch, part: FeatureBatch, start: number): void {
  for (const column of ['reasons', 'smiles', 'inchikeys', 'scaffolds', 'notes'] as const) {
    const target: (string | null)[] = batch[column];
    for (let i = 0; i < part.count; i++) target[start + i] = part[column][i];
  }
  batch.fingerprints.set(part.fingerprints, start * FINGERPRINT_BYTES);
  batch.descriptors.set(part.descriptors, start * DESCRIPTOR_COUNT);
}
