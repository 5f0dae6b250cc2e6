import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawColumnsByKernel } from '../../src/backends/wasm/mmd-permutations.ts';
import { drawColumns } from '../../src/core/mmd-labels.ts';
import { philox, philoxKey } from '../../src/core/philox.ts';

/** Known answers of Random123 (kat_vectors, philox4x32 10): counter, key, words. */
const KNOWN: [counter: number[], key: number[], words: number[]][] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

test.each(KNOWN)('Philox4x32-10 of %j under %j is the published answer', (counter, key, words) => {
  const out = new Uint32Array(4);
  philox(Uint32Array.from(counter), Uint32Array.from(key), out);
  expect([...out]).toEqual(words);
});

function observedOf(units: number, inX: number): Uint8Array {
  const observed = new Uint8Array(Math.ceil(units / 8));
  for (let unit = 0; unit < inX; unit++) observed[unit >> 3] |= 1 << (unit & 7);
  return observed;
}

/** By sorting every word, as the definition says. */
function sortedColumn(seed: number, b: number, units: number, inX: number): Uint8Array {
  const words = Array.from({ length: units }, (_, i) => {
    const out = new Uint32Array(4);
    philox(Uint32Array.of(i >> 2, b, 0, 0), philoxKey(seed), out);
    return out[i & 3];
  });
  const order = words.map((_, i) => i).sort((i, j) => words[i] - words[j] || i - j);
  const column = new Uint8Array(Math.ceil(units / 8));
  for (const unit of order.slice(0, inX)) column[unit >> 3] |= 1 << (unit & 7);
  return column;
}

describe.each([
  ['core', drawColumns],
  ['wasm', drawColumnsByKernel],
])('columns drawn by %s', (_, draw) => {
  test('hold the units of the smallest words', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 130 }),
        fc.maxSafeNat(),
        (units, part, permutations, seed) => {
          const inX = Math.round(part * units);
          const observed = observedOf(units, inX);
          const { bits, count, bytes } = draw({ observed, permutations, seed }, units, inX);
          expect([count, bytes]).toEqual([permutations + 1, observed.length]);
          expect(bits.subarray(0, bytes)).toEqual(observed);
          for (const b of new Set([Math.min(1, permutations), permutations])) {
            const expected = b === 0 ? observed : sortedColumn(seed, b, units, inX);
            expect(bits.subarray(b * bytes, (b + 1) * bytes)).toEqual(expected);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('put every unit in X about as often as any other', () => {
    const [units, inX, permutations] = [40, 10, 4000];
    const { bits, bytes } = draw({ observed: observedOf(units, inX), permutations, seed: 7 }, units, inX);
    for (let unit = 0; unit < units; unit++) {
      let often = 0;
      for (let b = 1; b <= permutations; b++) often += (bits[b * bytes + (unit >> 3)] >> (unit & 7)) & 1;
      // 1,000 expected with a standard deviation of 27.
      expect(Math.abs(often - 1000)).toBeLessThan(5 * 27);
    }
  });
});

test('the wasm kernel draws the same columns as core for many units', () => {
  const units = 20_011;
  const request = { observed: observedOf(units, 7000), permutations: 5, seed: 2 ** 53 - 1 };
  expect(drawColumnsByKernel(request, units, 7000)).toEqual(drawColumns(request, units, 7000));
});
