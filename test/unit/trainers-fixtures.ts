import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { TrainingData } from '../../src/trainers/training-data.ts';

/** Series of compounds: each has a base pattern with a few bits changed; y depends on descriptors and series. */
export function series(count: number, seed: number): TrainingData {
  const random = seededRandom(seed);
  const fingerprints = new Uint8Array(count * FINGERPRINT_BYTES);
  const descriptors = new Float32Array(count * DESCRIPTOR_COUNT);
  const y = new Float64Array(count);
  const groups = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const group = Math.floor(random() * 12);
    groups[i] = group;
    const own = seededRandom(1000 + group);
    for (let b = 0; b < 40; b++) {
      const bit = Math.floor((random() < 0.8 ? own() : random()) * 3072);
      fingerprints[i * FINGERPRINT_BYTES + (bit >> 3)] |= 1 << (bit & 7);
    }
    for (let d = 0; d < DESCRIPTOR_COUNT; d++) {
      descriptors[i * DESCRIPTOR_COUNT + d] = d === 7 ? 3 : random() * (d + 1) - (d % 5 === 0 ? 2 : 0);
    }
    y[i] = descriptors[i * DESCRIPTOR_COUNT + 26] / 8 + Math.sin(group) + 0.1 * random();
  }
  return { fingerprints, descriptors, y, groups };
}
