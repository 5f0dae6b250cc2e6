import { AssayerError } from '../core/errors.ts';
import { FINGERPRINT_BITS, FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import type { SetBits } from './set-bits.ts';

/**
 * Training fingerprints as one byte a bit: the distances between successive set bits of the [N, 3072] matrix read row
 * by row, the first from 0. A distance past 254 begins with bytes 255, each of which goes on by 254 without a set bit:
 *
 *     distance 3 -> 3      254 -> 254      255 -> 255 1      509 -> 255 255 1
 */
export const SKIP = 255;
export const LONGEST = 254;

/**
 * Packs fingerprints into distances.
 * @throws ERR_INTERNAL for a row without bits: its similarity to an empty compound would be 0 / 0
 */
export function packBits(sets: SetBits): Uint8Array {
  const bytes: number[] = [];
  let last = 0;
  for (let i = 0; i < sets.count; i++) {
    if (sets.starts[i] === sets.starts[i + 1]) {
      throw new AssayerError('ERR_INTERNAL', { problem: `training compound ${i} has an empty fingerprint` });
    }
    for (let at = sets.starts[i]; at < sets.starts[i + 1]; at++) {
      const position = i * FINGERPRINT_BITS + sets.bits[at];
      for (; position - last > LONGEST; last += LONGEST) bytes.push(SKIP);
      bytes.push(position - last);
      last = position;
    }
  }
  return Uint8Array.from(bytes);
}

/**
 * Fingerprints from distances; uint8 [rows, 384].
 * @param distances  as packBits makes them; uint16, as files of the first form have them, holds any distance whole
 * @throws RangeError when a bit lies outside the matrix
 */
export function unpackBits(distances: Uint8Array | Uint16Array, rows: number): Uint8Array {
  const out = new Uint8Array(rows * FINGERPRINT_BYTES);
  const skip = distances instanceof Uint8Array ? SKIP : Number.POSITIVE_INFINITY;
  let position = 0;
  for (const distance of distances) {
    position += Math.min(distance, skip - 1);
    if (position >= rows * FINGERPRINT_BITS) throw new RangeError('a training bit lies outside the matrix');
    if (distance < skip) out[position >> 3] |= 1 << (position & 7);
  }
  return out;
}
