import { readFileSync } from 'node:fs';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';

/** A shipped model and 33 made-up compounds, the same in each process. */
export function predictionInput() {
  const random = seededRandom(9);
  const count = 33;
  return {
    model: readFileSync(new URL('../../models/herg/1/model.onnx', import.meta.url)),
    count,
    fingerprints: new Uint8Array(count * FINGERPRINT_BYTES).map(() => 256 * random() ** 4),
    descriptors: new Float32Array(count * DESCRIPTOR_COUNT).map(() => 50 * random()),
  };
}
