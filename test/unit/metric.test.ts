import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  COSINE,
  compareFractions,
  DICE,
  MAX_BINS,
  MAX_BITS,
  similarityBin,
  similarityFraction,
  similarityRank,
  similarityValue,
  TANIMOTO,
  tversky,
} from '../../src/core/metric.ts';

const counts = fc
  .tuple(fc.nat(MAX_BITS), fc.nat(MAX_BITS))
  .chain(([a, b]) => fc.tuple(fc.nat(Math.min(a, b)), fc.constant(a), fc.constant(b)));

test.each([
  ['Tanimoto of 174/300', TANIMOTO, [174, 300, 174], 200, 116],
  ['cosine of 539/3850', COSINE, [539, 3500, 4235], 150, 21],
] as const)(
  'a %s lies on an edge that floating point falls short of',
  (_, metric, [shared, a, b], bins, bin) => {
    expect(similarityBin(metric, shared, a, b, bins)).toBe(bin);
  },
);

describe.each([
  ['Tanimoto', TANIMOTO],
  ['Dice', DICE],
  ['cosine', COSINE],
  ['Tversky with the largest weights', tversky(4, 4)],
  ['Tversky with odd weights', tversky(0.201, 1.503)],
])('%s', (_, metric) => {
  test('a similarity falls into the bin whose ends, as exact big-integer fractions, are round it', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: MAX_BINS }), ([shared, a, b], bins) => {
        const { numerator, denominator } = similarityFraction(metric, shared, a, b);
        const power = metric.kind === 'cosine' ? 2n : 1n;
        const bin = similarityBin(metric, shared, a, b, bins);
        const scaled = BigInt(numerator) * BigInt(bins) ** power;
        expect(scaled >= BigInt(bin) ** power * BigInt(denominator)).toBe(true);
        if (bin < bins - 1) expect(scaled < BigInt(bin + 1) ** power * BigInt(denominator)).toBe(true);
        else expect(bin).toBe(bins - 1);
      }),
      { numRuns: 2000 },
    );
  });

  test('comparisons and float64 ranks agree with exact big-integer fractions', () => {
    fc.assert(
      fc.property(counts, counts, (one, other) => {
        const x = similarityFraction(metric, ...one);
        const y = similarityFraction(metric, ...other);
        const exact =
          BigInt(x.numerator) * BigInt(y.denominator) - BigInt(y.numerator) * BigInt(x.denominator);
        const sign = exact > 0n ? 1 : exact < 0n ? -1 : 0;
        expect(Math.sign(compareFractions(x, y))).toBe(sign);
        expect(Math.sign(similarityRank(metric, ...one) - similarityRank(metric, ...other))).toBe(sign);
      }),
      { numRuns: 2000 },
    );
  });

  test('is 1 for two empty fingerprints and for equal ones', () => {
    expect(similarityValue(metric, 0, 0, 0)).toBe(1);
    expect(similarityValue(metric, 40, 40, 40)).toBe(1);
  });
});

test('neighbouring fractions with the largest terms keep different float64 ranks', () => {
  // 2,000 shared of the longest fingerprints: one bit more in the target changes the 26-bit denominator by 4,000.
  const ranks = Array.from({ length: 400 }, (_, i) =>
    similarityRank(tversky(4, 4), 8000, 8192, 8000 + (i % 192)),
  );
  expect(new Set(ranks).size).toBe(192);
});

test('metrics have their textbook values', () => {
  expect(similarityValue(TANIMOTO, 20, 30, 50)).toBeCloseTo(20 / 60, 15);
  expect(similarityValue(DICE, 20, 30, 50)).toBeCloseTo(40 / 80, 15);
  expect(similarityValue(COSINE, 20, 30, 50)).toBeCloseTo(20 / Math.sqrt(1500), 15);
  expect(similarityValue(tversky(0.5, 0.25), 20, 30, 50)).toBeCloseTo(20 / (20 + 5 + 7.5), 15);
});

test('0 / 0 with one empty fingerprint is 0', () => {
  expect(similarityValue(COSINE, 0, 0, 5)).toBe(0);
  expect(similarityValue(tversky(1, 0), 0, 0, 5)).toBe(0);
  expect(similarityValue(tversky(0, 1), 0, 5, 0)).toBe(0);
});

test.each([-0.1, 4.097, 0.0001, Number.NaN, Number.POSITIVE_INFINITY])(
  'Tversky refuses the weight %s',
  (weight) => {
    expect(() => tversky(weight, 1)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
    expect(() => tversky(1, weight)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  },
);
