import { popcounts, tanimoto } from '../core/fingerprint.ts';
import type { PackedRows } from '../core/ops.ts';
import { checkRows } from '../core/search-arguments.ts';

/** Similarity of two rows by number, symmetric and positive definite. */
export type PairKernel = (i: number, j: number) => number;

/**
 * Tanimoto similarity of any two rows, computed when asked for: for estimators that look at few of the pairs. About 10 million
 * pairs of 2,048 bits a second; where all pairs are wanted, `mmd` and `intersections` are faster.
 * @returns reads the fingerprints that were given, so keep them unchanged
 * @throws ERR_USAGE
 */
export function tanimotoKernel(samples: PackedRows): PairKernel {
  const { count, bytes, rowBytes } = checkRows(samples);
  const words = bytes / 4;
  // One copy without the bytes between rows, at an address that words can be read from.
  const packed = new Uint8Array(count * bytes);
  for (let row = 0; row < count; row++) {
    packed.set(samples.fingerprints.subarray(row * rowBytes, row * rowBytes + bytes), row * bytes);
  }
  const bits = new Int32Array(packed.buffer);
  const sizes = popcounts(packed, bytes);
  return (i, j) => {
    let shared = 0;
    for (let a = i * words, b = j * words, end = a + words; a < end; a++, b++)
      shared += countBits(bits[a] & bits[b]);
    return tanimoto(shared, sizes[i] + sizes[j] - shared);
  };
}

/** Bits set in a word, all at once. @source Warren 2012, "Hacker's Delight", section 5-1 */
function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Gaussian similarity of float rows.
 * @param features   float64 [rows, dimensions]
 * @param bandwidth  > 0
 */
export function gaussianKernel(features: Float64Array, dimensions: number, bandwidth: number): PairKernel {
  return (i, j) => {
    let square = 0;
    for (let d = 0; d < dimensions; d++) {
      square += (features[i * dimensions + d] - features[j * dimensions + d]) ** 2;
    }
    return Math.exp(-square / (2 * bandwidth ** 2));
  };
}
