import { expect, test } from 'vitest';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES, MORGAN_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import { fitDomain } from '../../src/flows/domain.ts';
import { heldOutSimilarities } from '../../src/flows/held-out-similarity.ts';

/** Random fingerprints with about 40 Morgan bits each; the level bits are noise that must not matter. */
function randomFingerprints(n: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const rows = new Uint8Array(n * FINGERPRINT_BYTES);
  for (let i = 0; i < n; i++) {
    for (let b = 0; b < 40; b++) {
      const bit = Math.floor(random() ** 2 * 2048);
      rows[i * FINGERPRINT_BYTES + (bit >> 3)] |= 1 << (bit & 7);
    }
    rows.fill(Math.floor(random() * 256), i * FINGERPRINT_BYTES + MORGAN_BYTES, (i + 1) * FINGERPRINT_BYTES);
  }
  return rows;
}

function tanimoto(rows: Uint8Array, i: number, j: number): number {
  let both = 0;
  let either = 0;
  for (let bit = 0; bit < 2048; bit++) {
    const a = (rows[i * FINGERPRINT_BYTES + (bit >> 3)] >> (bit & 7)) & 1;
    const b = (rows[j * FINGERPRINT_BYTES + (bit >> 3)] >> (bit & 7)) & 1;
    both += a & b;
    either += a | b;
  }
  return either === 0 ? 1 : both / either;
}

test('each row gets its largest similarity to a row of another group', () => {
  const n = 61;
  const rows = randomFingerprints(n, 3);
  const groups = Int32Array.from({ length: n }, (_, i) => i % 7);
  const expected = Array.from({ length: n }, (_, i) =>
    Math.max(...Array.from({ length: n }, (_, j) => (groups[i] === groups[j] ? 0 : tanimoto(rows, i, j)))),
  );
  expect([...heldOutSimilarities(rows, groups)]).toEqual(expected);
});

test('a row whose group is the whole set has similarity 0, two empty rows of different groups 1', () => {
  expect([...heldOutSimilarities(randomFingerprints(3, 1), Int32Array.of(4, 4, 4))]).toEqual([0, 0, 0]);
  expect([...heldOutSimilarities(new Uint8Array(2 * FINGERPRINT_BYTES), Int32Array.of(0, 1))]).toEqual([
    1, 1,
  ]);
});

test('the domain leaves out 5 % by similarity and 1 % by descriptors', () => {
  const n = 1000;
  const random = seededRandom(5);
  const similarities = Float64Array.from({ length: n }, () => random());
  const descriptors = Float32Array.from({ length: n * DESCRIPTOR_COUNT }, () => random() ** 3);
  const domain = fitDomain(similarities, descriptors);
  expect(similarities.filter((s) => s < domain.minSimilarity)).toHaveLength(50);
  const outside = Array.from({ length: n }, (_, i) =>
    Math.max(
      ...domain.descriptorMeans.map(
        (mean, d) => Math.abs(descriptors[i * DESCRIPTOR_COUNT + d] - mean) / domain.descriptorDeviations[d],
      ),
    ),
  ).filter((z) => z > domain.maxDescriptorZ);
  expect(outside).toHaveLength(9);
});
