/**
 * The fingerprint's layout, 384 bytes a compound:
 *
 *     byte 0                          256                383
 *     | 2,048 Morgan bits (radius 2)  | 1,024 level bits |
 *
 * Bit k is `(bytes[k >> 3] >> (k & 7)) & 1`, so on a little-endian machine bit k is also bit `k & 31` of
 * uint32 word `k >> 5`. The Morgan bits are the classical fingerprint: neighbours, domain and MMD read only those.
 * A level bit stands for "Morgan bucket b was counted at least l times", l >= 2, so that a binary Tanimoto over all
 * 3,072 bits approximates the min-max Tanimoto on counts.
 */
export const MORGAN_BITS = 2048;
export const MORGAN_BYTES = MORGAN_BITS / 8;
export const LEVEL_BITS = 1024;
export const FINGERPRINT_BITS = MORGAN_BITS + LEVEL_BITS;
export const FINGERPRINT_BYTES = FINGERPRINT_BITS / 8;

/**
 * The level bit of (bucket, level): murmur3's 32-bit finalizer over `bucket + 2048 * level`, low 10 bits.
 * @param bucket  folded Morgan bit, 0..2047
 * @param level   count threshold, >= 2
 * @returns bit number in the whole fingerprint, 2048..3071
 */
export function levelBit(bucket: number, level: number): number {
  let h = (bucket + MORGAN_BITS * level) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return MORGAN_BITS + (h & (LEVEL_BITS - 1));
}

/** Tanimoto similarity from shared bits and bits set in either; 1 when both fingerprints are empty. */
export function tanimoto(shared: number, union: number): number {
  return union === 0 ? 1 : shared / union;
}

/** Number of set bits of each row. @param rows uint8 [n, rowBytes] @param bytes how many leading bytes to count */
export function popcounts(rows: Uint8Array, rowBytes: number, bytes: number = rowBytes): Uint16Array {
  const n = rows.length / rowBytes;
  const out = new Uint16Array(n);
  for (let i = 0; i < n; i++) {
    let count = 0;
    for (let k = i * rowBytes; k < i * rowBytes + bytes; k++) count += BYTE_POPCOUNT[rows[k]];
    out[i] = count;
  }
  return out;
}

const BYTE_POPCOUNT = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let b = byte; b; b &= b - 1) count++;
  return count;
});
