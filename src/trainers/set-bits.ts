import { FINGERPRINT_BITS, FINGERPRINT_BYTES } from '../core/fingerprint.ts';

/** Fingerprints as lists: row i has the bits `bits[starts[i]] .. bits[starts[i + 1] - 1]`, ascending. */
export interface SetBits {
  readonly count: number;
  readonly starts: Uint32Array;
  readonly bits: Uint16Array;
}

/** Lists the set bits of packed fingerprints. @param fingerprints uint8 [n, 384] */
export function listSetBits(fingerprints: Uint8Array): SetBits {
  const count = fingerprints.length / FINGERPRINT_BYTES;
  const starts = new Uint32Array(count + 1);
  const bits: number[] = [];
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < FINGERPRINT_BYTES; k++) {
      const byte = fingerprints[i * FINGERPRINT_BYTES + k];
      for (let b = 0; b < 8; b++) if ((byte >> b) & 1) bits.push(k * 8 + b);
    }
    starts[i + 1] = bits.length;
  }
  return { count, starts, bits: Uint16Array.from(bits) };
}

/** For each bit the rows that have it, ascending: row numbers `rows[starts[bit]] .. rows[starts[bit + 1] - 1]`. */
export interface Postings {
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

/** Turns lists by row into lists by bit. */
export function listPostings(sets: SetBits): Postings {
  const bitCount = FINGERPRINT_BITS;
  const starts = new Uint32Array(bitCount + 1);
  for (const bit of sets.bits) starts[bit + 1]++;
  for (let bit = 0; bit < bitCount; bit++) starts[bit + 1] += starts[bit];
  const next = starts.slice(0, bitCount);
  const rows = new Uint32Array(sets.bits.length);
  for (let i = 0; i < sets.count; i++) {
    for (let at = sets.starts[i]; at < sets.starts[i + 1]; at++) rows[next[sets.bits[at]]++] = i;
  }
  return { starts, rows };
}

/** Adds 1 to `shared[j]` for every bit that set `row` shares with posting row j. @param shared [posting rows], zeroed */
export function countShared(sets: SetBits, row: number, postings: Postings, shared: Uint16Array): void {
  const { starts, rows } = postings;
  for (let at = sets.starts[row]; at < sets.starts[row + 1]; at++) {
    const bit = sets.bits[at];
    for (let p = starts[bit]; p < starts[bit + 1]; p++) shared[rows[p]]++;
  }
}

/** Tanimoto similarity from sizes and shared bits; 1 when both are empty. */
export function tanimoto(sizeA: number, sizeB: number, shared: number): number {
  const union = sizeA + sizeB - shared;
  return union === 0 ? 1 : shared / union;
}
