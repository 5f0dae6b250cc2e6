import { describe, expect, test } from 'vitest';
import { referenceMmd } from '../../src/backends/reference/mmd.ts';
import type { MmdInput } from '../../src/core/mmd.ts';
import { emulateMmd, expectNoProblems, TANIMOTO, whyNot } from './cuda-mmd-device.ts';

/** Columns of labels, each with these rows in X. */
function columnsOf(rows: number, columns: readonly (readonly number[])[]): Uint8Array {
  const bytes = Math.ceil(rows / 8);
  const bits = new Uint8Array(columns.length * bytes);
  for (const [column, inX] of columns.entries()) {
    for (const row of inX) bits[column * bytes + (row >> 3)] |= 1 << (row & 7);
  }
  return bits;
}

/**
 * Rows far from one another but for three pairs, of the values k. Column 0 has the first pair in X, column 500 the two
 * others, which together are all but the first's value; no other column has any.
 */
function farRows(rows: number, permutations: number, k: readonly number[]): MmdInput {
  const features = Float64Array.from({ length: rows }, (_, i) => 100 * i);
  for (const [i, value] of k.entries())
    features[2 * i + 1] = features[2 * i] + Math.sqrt(-2 * Math.log(value));
  const columns = Array.from({ length: permutations + 1 }, (_, column) => {
    const first = 8 + (column % (rows - 11));
    return [first, first + 1, first + 2, first + 3];
  });
  columns[0] = [0, 1, 6, 7];
  columns[500] = [2, 3, 4, 5];
  return {
    samples: { fingerprints: new Uint8Array(rows * 32), bits: 256 },
    features,
    labels: { columns: columnsOf(rows, columns) },
    kernels: [{ kind: 'rbf-features', bandwidth: 1 }],
  };
}

/** Rows without a shared bit, but for pairs that are the same. */
function duplicates(rows: number, pairs: number): Uint8Array {
  const fingerprints = new Uint8Array(rows * 256);
  for (let row = 0; row < rows; row++) {
    const kind = row < 2 * pairs ? row >> 1 : row;
    fingerprints[row * 256 + (kind >> 3)] |= 1 << (kind & 7);
    fingerprints[row * 256 + 128 + (kind >> 3)] |= 1 << (kind & 7);
  }
  return fingerprints;
}

async function expectReference(input: MmdInput): Promise<void> {
  const found = await emulateMmd({}, input);
  const expected = await referenceMmd(input);
  expect(found.exceedances).toEqual(expected.exceedances);
  for (const [i, value] of expected.values.entries()) {
    expect(Math.abs(found.values[i] - value), `value ${i}`).toBeLessThanOrEqual(1e-5);
  }
}

describe.skipIf(whyNot !== undefined)(`MMD on emulated CUDA of few large values ${whyNot ?? ''}`, () => {
  expectNoProblems();

  test.each([
    [60, 3000, [0.9854606628417969, 0.665100988727645, 0.32032727018871815]],
    [120, 2000, [0.9777001738548279, 0.6372788784987762, 0.3403379545395609]],
  ])('pairs that only one column has: %i rows', async (rows, permutations, k) => {
    await expectReference(farRows(rows, permutations, k));
  });

  test('three rows in X, and six pairs of duplicates', async () => {
    const labels = { observed: columnsOf(130, [[50, 51, 52]]), permutations: 999, seed: 5 };
    const samples = { fingerprints: duplicates(130, 6), bits: 2048 };
    await expectReference({ samples, labels, kernels: [TANIMOTO] });
  });

  test('a group of rows all alike, whose roundings to the nearest would all be the same', async () => {
    // Rows 0 to 199 have one bit in common and 5 of their own, the other 400 two of their own.
    const [rows, size, permutations] = [600, 200, 150];
    const fingerprints = new Uint8Array(rows * 256);
    const setBit = (row: number, bit: number) => {
      fingerprints[row * 256 + (bit >> 3)] |= 1 << (bit & 7);
    };
    for (let row = 0; row < rows; row++) {
      if (row < size) for (const bit of [0, 1, 2, 3, 4]) setBit(row, row * 5 + bit);
      if (row < size) setBit(row, 2000);
      else for (const bit of [0, 1]) setBit(row, 1000 + (row - size) * 2 + bit);
    }
    // The first columns have none of the group in X, the others all of it but for a few rows.
    const columns = Array.from({ length: permutations + 1 }, (_, column) => {
      const from = column < 16 ? size + column : column % 5;
      return Array.from({ length: size }, (_, i) => from + i);
    });
    const samples = { fingerprints, bits: 2048 };
    const input: MmdInput = { samples, labels: { columns: columnsOf(rows, columns) }, kernels: [TANIMOTO] };
    await expectReference(input);
  });
});
