const BYTE_POPCOUNT = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let b = byte; b; b &= b - 1) count++;
  return count;
});

/** Number of bits set in a row. */
export function countBits(row: Uint8Array): number {
  let count = 0;
  for (const byte of row) count += BYTE_POPCOUNT[byte];
  return count;
}

/** Number of bits set in both of two rows of equal length. */
export function countSharedBits(x: Uint8Array, y: Uint8Array): number {
  let count = 0;
  for (let k = 0; k < x.length; k++) count += BYTE_POPCOUNT[x[k] & y[k]];
  return count;
}
