import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { LabelledRows } from '../../src/flows/dataset.ts';
import type { Pool } from '../../src/flows/validation/pool.ts';
import type { Provenance } from '../../src/flows/validation/provenance-rule.ts';

/** Rows with random fingerprints, three rows to a scaffold; the last tenth have only a bound. */
export function makePool(n: number, labelOf: (i: number) => number): Pool {
  const random = seededRandom(7);
  const fingerprints = new Uint8Array(n * FINGERPRINT_BYTES);
  const group = (i: number) => Math.floor(i / 3);
  for (let i = 0; i < n; i++) {
    for (let bit = 0; bit < 40; bit++) {
      const at = Math.floor(random() * 2048);
      fingerprints[i * FINGERPRINT_BYTES + (at >> 3)] |= 1 << (at & 7);
    }
  }
  const values = n - Math.floor(n / 10);
  const rows: LabelledRows = {
    inchikeys: Array.from({ length: n }, (_, i) => `KEY${i}`),
    scaffolds: Array.from({ length: n }, (_, i) => (group(i) % 5 === 0 ? '' : `scaffold${group(i)}`)),
    whole: Array.from({ length: n }, () => true),
    fingerprints,
    descriptors: new Float32Array(n * 43),
    y: Float64Array.from({ length: n }, (_, i) => labelOf(i)),
    relation: Int8Array.from({ length: n }, (_, i) => (i < values ? 0 : 1)),
    groups: Int32Array.from({ length: n }, (_, i) => group(i)),
  };
  // Raw rows in reverse, so that a mix-up of row numbers shows.
  return { rows, values, rawRows: Int32Array.from({ length: n }, (_, i) => n - 1 - i) };
}

export const NOTHING_KNOWN: Provenance = { years: 'no dates here', origin: [], source: 'one laboratory' };
