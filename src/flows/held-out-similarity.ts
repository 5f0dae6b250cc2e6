import { FINGERPRINT_BYTES, MORGAN_BYTES, popcounts } from '../core/fingerprint.ts';

const WORDS = MORGAN_BYTES / 4;

/**
 * How near each training compound is to the training compounds of all other scaffolds: what a new scaffold will
 * look like to the model. Exact, all pairs.
 * @param fingerprints uint8 [n, 384]; the 2,048 Morgan bits are compared
 * @param groups       int32 [n], scaffold numbers
 * @returns float64 [n], the largest Tanimoto similarity to a row of another group; 0 where there is none
 */
export function heldOutSimilarities(fingerprints: Uint8Array, groups: Int32Array): Float64Array {
  const n = groups.length;
  const counts = popcounts(fingerprints, FINGERPRINT_BYTES, MORGAN_BYTES);
  const words = new Uint32Array(n * WORDS);
  const bytes = new Uint8Array(words.buffer);
  for (let i = 0; i < n; i++) {
    bytes.set(
      fingerprints.subarray(i * FINGERPRINT_BYTES, i * FINGERPRINT_BYTES + MORGAN_BYTES),
      i * MORGAN_BYTES,
    );
  }
  const best = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      if (groups[i] === groups[j]) continue;
      // No similarity can pass min / max of the counts: most pairs end here.
      const low = Math.min(counts[i], counts[j]);
      const high = Math.max(counts[i], counts[j]);
      if (high > 0 && low / high <= best[i] && low / high <= best[j]) continue;
      const shared = sharedBits(words, i * WORDS, j * WORDS);
      const union = low + high - shared;
      const similarity = union === 0 ? 1 : shared / union;
      if (similarity > best[i]) best[i] = similarity;
      if (similarity > best[j]) best[j] = similarity;
    }
  }
  return best;
}

function sharedBits(words: Uint32Array, a: number, b: number): number {
  let count = 0;
  for (let w = 0; w < WORDS; w++) {
    let x = words[a + w] & words[b + w];
    if (x === 0) continue;
    x -= (x >>> 1) & 0x55555555;
    x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
    count += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
