import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { batchAboveReference } from '../../src/statistics/batch-above-reference.ts';
import { chiSquare } from '../../src/statistics/chi-square.ts';
import { cramersV } from '../../src/statistics/cramers-v.ts';
import { energyDistance } from '../../src/statistics/energy-distance.ts';
import { jensenShannon } from '../../src/statistics/jensen-shannon.ts';
import { kendallTauB } from '../../src/statistics/kendall.ts';
import { kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.ts';
import { populationStabilityIndex } from '../../src/statistics/population-stability-index.ts';
import { quantileBins } from '../../src/statistics/quantile-bins.ts';
import { quantileShifts } from '../../src/statistics/quantile-shifts.ts';
import { twoSample } from '../../src/statistics/two-sample.ts';
import { standardizedWasserstein, wasserstein } from '../../src/statistics/wasserstein.ts';

const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 40 });

describe('two-sample statistics', () => {
  test('do not change when the sides change places, and the AUC turns round', () => {
    fc.assert(
      fc.property(values, values, (x, y) => {
        const one = twoSample('c', x, y);
        const other = twoSample('c', y, x);
        expect(kolmogorovSmirnov(one).statistic).toBe(kolmogorovSmirnov(other).statistic);
        expect(kolmogorovSmirnov(one).exact).toBeCloseTo(kolmogorovSmirnov(other).exact ?? Number.NaN, 12);
        expect(wasserstein(one)).toBeCloseTo(wasserstein(other), 12);
        expect(energyDistance(one)).toBeCloseTo(energyDistance(other), 12);
        expect(batchAboveReference(one) + batchAboveReference(other)).toBeCloseTo(1, 12);
      }),
    );
  });

  test('do not depend on the order of rows, nor change their input', () => {
    const x = [3, 1, 2];
    const y = [9, 7];
    const sample = twoSample('c', x, y);
    expect(x).toEqual([3, 1, 2]);
    expect(wasserstein(sample)).toBe(wasserstein(twoSample('c', [1, 2, 3], [7, 9])));
  });

  test('Wasserstein-1 of a shifted copy is the shift, and over sigma it has no unit', () => {
    const x = Array.from({ length: 101 }, (_, i) => Math.sin(i));
    const shifted = twoSample(
      'c',
      x,
      x.map((value) => value + 0.25),
    );
    expect(wasserstein(shifted)).toBeCloseTo(0.25, 12);
    const scaled = twoSample(
      'c',
      x.map((value) => 1000 * value),
      x.map((value) => 1000 * value + 250),
    );
    expect(standardizedWasserstein(scaled)).toBeCloseTo(standardizedWasserstein(shifted), 12);
  });

  test('sigma is that of a sample, n - 1', () => {
    expect(standardizedWasserstein(twoSample('c', [0, 2], [1, 1]))).toBeCloseTo(1 / Math.SQRT2, 14);
  });

  test('a constant or single reference has no sigma', () => {
    expect(standardizedWasserstein(twoSample('c', [2, 2, 2], [1, 2]))).toBeNaN();
    expect(standardizedWasserstein(twoSample('c', [2], [1, 2]))).toBeNaN();
  });

  test('quantile shifts are batch less reference', () => {
    const [middle, , upper] = quantileShifts(twoSample('c', [0, 1, 2], [10, 11, 12]));
    expect(middle).toEqual({ probability: 0.5, reference: 1, batch: 11, shift: 10 });
    expect(upper.shift).toBeCloseTo(10, 12);
  });

  test.each([
    [[], [1], 'no values for column logD of the reference'],
    [[1], [], 'no values for column logD of the batch'],
    [[1, Number.NaN], [1], 'Value 1 of column logD of the reference is NaN'],
    [[1], [Number.POSITIVE_INFINITY], 'Value 0 of column logD of the batch is Infinity'],
  ])('%j against %j is refused by name', (x, y, message) => {
    expect(() => twoSample('logD', x, y)).toThrow(message);
  });
});

describe('effect sizes of counts', () => {
  const random = seededRandom(4);
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

  test('PSI of one population has the stated mean, so a fixed 0.1 fires on few rows', () => {
    const runs = 400;
    let mean = 0;
    let fired = 0;
    let significant = 0;
    let nullMean = 0;
    for (let run = 0; run < runs; run++) {
      const sample = twoSample('c', Array.from({ length: 96 }, gauss), Array.from({ length: 96 }, gauss));
      const { reference, batch } = quantileBins(sample);
      const index = populationStabilityIndex(reference, batch);
      mean += index.halfCount / runs;
      if (index.psi >= 0.1) fired++;
      if (index.p <= 0.05) significant++;
      nullMean = index.nullMean;
    }
    expect(nullMean).toBeCloseTo((2 / 96) * 9, 12);
    expect(Math.abs(mean / nullMean - 1)).toBeLessThan(0.15);
    expect(fired / runs).toBeGreaterThan(0.75);
    expect(significant / runs).toBeLessThan(0.08);
  });

  test('bins without rows do not count towards the null, and one bin has no p', () => {
    expect(populationStabilityIndex([5, 0, 5], [4, 0, 4]).nullMean).toBeCloseTo(1 / 10 + 1 / 8, 12);
    expect(populationStabilityIndex([5, 0], [4, 0])).toMatchObject({ psi: 0, nullMean: 0, p: Number.NaN });
  });

  test('one category has no chi-square, and disjoint categories are as far apart as can be', () => {
    const one = chiSquare([5, 0], [7, 0]);
    expect(one).toMatchObject({ statistic: Number.NaN, df: 0, p: Number.NaN });
    expect(cramersV(one)).toBeNaN();
    expect(cramersV(chiSquare([5, 0], [0, 7]))).toBeCloseTo(1, 12);
    expect(jensenShannon([5, 0], [0, 7])).toBe(1);
    expect(chiSquare([1, 9], [9, 1]).smallestExpected).toBe(5);
  });

  test.each([
    [[1], [1, 2], 'Count both by one list'],
    [[0, 0], [1, 2], 'No category of the reference has any rows'],
    [[1, 2], [0, 0], 'No category of the batch has any rows'],
    [[1, 2.5], [1, 2], 'Category 1 of the reference has 2.5 rows'],
    [[1, 2], [1, -2], 'Category 1 of the batch has -2 rows'],
    [[1, 2], [1, Number.NaN], 'Category 1 of the batch has NaN rows'],
  ])('counts %j against %j are refused', (x, y, message) => {
    for (const statistic of [chiSquare, populationStabilityIndex, jensenShannon]) {
      expect(() => statistic(x, y)).toThrow(message);
    }
  });
});

describe('Kendall', () => {
  test('is what counting all pairs gives, ties and all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ max: 4, min: 0 }), fc.integer({ max: 4, min: 0 })), { maxLength: 40 }),
        (rows) => {
          let both = 0;
          let untiedX = 0;
          let untiedY = 0;
          for (const [i, [x, y]] of rows.entries()) {
            for (const [otherX, otherY] of rows.slice(0, i)) {
              const dx = Math.sign(x - otherX);
              const dy = Math.sign(y - otherY);
              both += dx * dy;
              untiedX += dx * dx;
              untiedY += dy * dy;
            }
          }
          const tau = kendallTauB(
            rows.map(([x]) => x),
            rows.map(([, y]) => y),
          );
          if (untiedX === 0 || untiedY === 0) expect(tau).toBeNaN();
          else expect(tau).toBeCloseTo(both / Math.sqrt(untiedX * untiedY), 12);
        },
      ),
    );
  });
});
