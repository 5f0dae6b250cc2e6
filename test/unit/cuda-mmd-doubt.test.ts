import { describe, expect, test } from 'vitest';
import { columnsToRecompute as columns } from '../../src/backends/cuda/mmd-rounding.ts';

/** 3 columns computed both ways and 200 estimated ones, 0.001 apart; the observed value is 0.1. */
const OBSERVED = 0.1;
const spread = (change: (values: Float64Array) => void = () => undefined): Float64Array => {
  const values = Float64Array.from({ length: 203 }, (_, i) => OBSERVED + (i < 3 ? 0 : (i - 102.5) * 0.001));
  change(values);
  return values;
};
const columnsToRecompute = (
  estimates: Float64Array,
  both: Float64Array,
  deviations = new Float64Array(203),
) => columns(estimates, deviations, both);
const exact = (error: number) => Float64Array.of(OBSERVED, OBSERVED + error, OBSERVED);

describe('columns that estimates do not decide', () => {
  test('are those within 0.01 standard deviations of the observed value', () => {
    // A standard deviation is 0.058, and the nearest are 0.0005 away.
    expect(columnsToRecompute(spread(), exact(0))).toEqual([102, 103]);
    // Further apart, a hundredth of it reaches none.
    const wide = spread().map((value) =>
      value === OBSERVED ? value : value + Math.sign(value - OBSERVED) / 10,
    );
    expect(columnsToRecompute(wide, exact(0))).toEqual([]);
  });

  test('are those within 16 times the largest error seen, either way', () => {
    for (const error of [2e-6, -2e-6]) {
      // Nearly all are alike, so that the spread is small.
      const near = new Float64Array(203).fill(OBSERVED + 1e-4);
      near.fill(OBSERVED, 0, 3);
      near.set([OBSERVED + 31e-6, OBSERVED - 31e-6, OBSERVED + 33e-6], 50);
      expect(columnsToRecompute(near, exact(error))).toEqual([50, 51]);
    }
  });

  test('are all that tie, where nothing differs', () => {
    const found = columnsToRecompute(new Float64Array(203).fill(OBSERVED), exact(0));
    expect(found).toEqual(Array.from({ length: 200 }, (_, i) => i + 3));
  });

  test('are all, where an error was seen that others may exceed the tolerance by', () => {
    expect(columnsToRecompute(spread(), exact(2.6e-6))).toHaveLength(200);
    expect(columnsToRecompute(spread(), exact(2.4e-6))).toEqual([102, 103]);
  });

  test('are those within 8 of their own deviations, and those whose 8 exceed the tolerance', () => {
    const near = new Float64Array(203).fill(OBSERVED + 1e-4);
    near.fill(OBSERVED, 0, 3);
    near.set([OBSERVED + 7.9e-6, OBSERVED - 7.9e-6, OBSERVED + 8.1e-6, OBSERVED + 7.9e-6], 50);
    const deviations = new Float64Array(203).fill(1e-6, 50, 53);
    deviations.set([1.2e-6, 1.3e-6], 60);
    // Nearly all are alike, so that the spread is small; column 53 has no deviation of its own.
    expect(columnsToRecompute(near, exact(0), deviations)).toEqual([50, 51, 61]);
  });
});
