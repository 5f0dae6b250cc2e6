import { existsSync, writeFileSync } from 'node:fs';
import type { ChunkTask } from '../../src/chemistry/featurize-chunk.ts';
import { emptyBatch } from '../../src/chemistry/feature-batch.ts';
import type { FeatureBatch } from '../../src/core/compound.ts';

/**
 * A featurizing thread that fails as an input says: "stalls always", "exits always", or "stalls once <path>" and
 * "exits once <path>" until there is a file at the path. The SMILES of what passes is its input or "once".
 */
export default function featurize({ inputs, progress }: ChunkTask): FeatureBatch {
  const batch = emptyBatch(inputs.length);
  for (const [i, input] of inputs.entries()) {
    Atomics.store(progress, 0, i);
    const [what, when, path] = input.split(' ');
    if (when === 'always' || (when === 'once' && !existsSync(path))) {
      if (when === 'once') writeFileSync(path, '');
      if (what === 'exits') process.exit(1);
      while (what === 'stalls');
    }
    batch.smiles[i] = when ?? input;
  }
  Atomics.store(progress, 0, inputs.length);
  return batch;
}
