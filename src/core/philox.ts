/**
 * Philox4x32-10, a counter-based generator: the same four words for the same counter and key, in any order and on any
 * device. A permutation needs no shuffle: its label (b, i) is found from (seed, b, i) alone.
 * @source Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405
 */

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Added to the key after each round: the golden ratio, and the square root of 3 less 1. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High word of a product of two words. Every step stays below 2^53. */
function highWord(word: number, multiplier: number): number {
  const low = Math.floor(((word & 0xffff) * multiplier) / 65536);
  return Math.floor(((word >>> 16) * multiplier + low) / 65536);
}

/**
 * One draw of four words.
 * @param counter  uint32 [4]
 * @param key      uint32 [2]
 * @param out      uint32 [4], overwritten; may be the counter
 */
export function philox(counter: Uint32Array, key: Uint32Array, out: Uint32Array): void {
  let [x0, x1, x2, x3] = counter;
  let [key0, key1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = highWord(x0, MULTIPLIER_0);
    const high1 = highWord(x2, MULTIPLIER_1);
    const low0 = Math.imul(x0, MULTIPLIER_0);
    const low1 = Math.imul(x2, MULTIPLIER_1);
    x0 = (high1 ^ x1 ^ key0) >>> 0;
    x1 = low1 >>> 0;
    x2 = (high0 ^ x3 ^ key1) >>> 0;
    x3 = low0 >>> 0;
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

/** The two words of the key for a seed of at most 53 bits. */
export function philoxKey(seed: number): Uint32Array {
  return Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32));
}
