import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FINGERPRINT_BYTES, MORGAN_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import { trainingFingerprints } from '../../src/trainers/export-gaussian-process.ts';

const HASHED_BYTES = 2 ** 30;
/** Share of its parent's bits that an analogue keeps, drawn evenly for each. */
const KEPT = { least: 0.7, most: 0.95 };

/**
 * Morgan bits of the compounds that the shipped models were trained on, without repeats: real compounds that are there
 * on every machine. uint8 [n, 256]
 */
export function realFingerprints(): Uint8Array {
  const seen = new Set<string>();
  const rows: Uint8Array[] = [];
  for (const path of modelPaths()) {
    const all = trainingFingerprints(readFileSync(path));
    for (let at = 0; at < all.length; at += FINGERPRINT_BYTES) {
      const row = all.subarray(at, at + MORGAN_BYTES);
      const key = Buffer.from(row).toString('latin1');
      if (seen.has(key)) continue;
      seen.add(key);
      rows.push(row);
    }
  }
  return Buffer.concat(rows);
}

/** The shipped models' ONNX files. */
export function modelPaths(): string[] {
  const models = new URL('../../models', import.meta.url).pathname;
  return globSync('*/*/model.onnx', { cwd: models })
    .sort()
    .map((path) => join(models, path));
}

/**
 * Rows at the number asked for: each keeps 70 to 95 % of the bits of a real compound and takes as many as it lost from
 * another, as in bench/search-set.ts; the numbers of set bits, and how often each bit is set, stay those of real compounds.
 * @param real  uint8 [n, 256]
 * @returns uint8 [count, 256]
 */
export function makeAnalogues(real: Uint8Array, count: number, seed: number): Uint8Array {
  const parents = real.length / MORGAN_BYTES;
  const { offsets, bits } = setBits(real);
  const random = seededRandom(seed);
  const out = new Uint8Array(count * MORGAN_BYTES);
  for (let row = 0; row < count; row++) {
    const at = row * MORGAN_BYTES;
    const parent = Math.floor(random() * parents);
    const donor = Math.floor(random() * parents);
    const donorBits = offsets[donor + 1] - offsets[donor];
    const keep = KEPT.least + (KEPT.most - KEPT.least) * random();
    for (let i = offsets[parent]; i < offsets[parent + 1]; i++) {
      const lost = donorBits > 0 && random() >= keep;
      const bit = bits[lost ? offsets[donor] + Math.floor(random() * donorBits) : i];
      out[at + (bit >> 3)] |= 1 << (bit & 7);
    }
  }
  return out;
}

/** As core's `sha256`, of any number of bytes: a hash takes 2 GiB at once. */
export function sha256OfRows(rows: Uint8Array): string {
  const hash = createHash('sha256');
  for (let at = 0; at < rows.length; at += HASHED_BYTES) hash.update(rows.subarray(at, at + HASHED_BYTES));
  return hash.digest('hex');
}

/** The set bits of row i are bits[offsets[i]] .. bits[offsets[i + 1] - 1]. */
function setBits(rows: Uint8Array): { offsets: Uint32Array; bits: Uint16Array } {
  const offsets = new Uint32Array(rows.length / MORGAN_BYTES + 1);
  const bits: number[] = [];
  for (let row = 0; row < offsets.length - 1; row++) {
    for (let k = 0; k < MORGAN_BYTES; k++) {
      for (let left = rows[row * MORGAN_BYTES + k]; left; left &= left - 1) {
        bits.push(k * 8 + 31 - Math.clz32(left & -left));
      }
    }
    offsets[row + 1] = bits.length;
  }
  return { offsets, bits: Uint16Array.from(bits) };
}
