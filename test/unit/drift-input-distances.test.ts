import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { cannotFire, smallestP } from '../../src/statistics/cannot-fire.ts';
import { clopperPearson } from '../../src/statistics/clopper-pearson.ts';
import { conformalP } from '../../src/statistics/conformal-p.ts';
import {
  criticalValue,
  minimumDetectableDistance,
  minimumDetectableEffect,
} from '../../src/statistics/minimum-detectable-effect.ts';
import { rankInHistory } from '../../src/statistics/mmd-history.ts';
import { nearestDistances } from '../../src/statistics/nearest-distance.ts';
import { gaussianKernel } from '../../src/statistics/pair-kernel.ts';
import { independentLabels, type PermutationLabels } from '../../src/statistics/permutation-labels.ts';
import { permutationTest } from '../../src/statistics/permutation-test.ts';
import { normalQuantile } from '../../src/statistics/standard-normal.ts';
import { noShared, readShared } from '../shared.ts';

describe('conformal p', () => {
  test.skipIf(noShared)('has the known answers', () => {
    interface Case {
      name: string;
      cal: number[];
      d: number[];
      p: number[];
    }
    const { conformal_p } = JSON.parse(readShared('oracles/sequential.json')) as { conformal_p: Case[] };
    expect(conformal_p.length).toBe(5);
    for (const { name, cal, d, p } of conformal_p) expect([...conformalP(cal, d)], name).toEqual(p);
  });

  test('counts ties against, and is never 0', () => {
    expect([...conformalP([1, 2, 2, 3], [0, 2, 3, 4])]).toEqual([1, 0.8, 0.4, 0.2]);
  });

  test('is 1 without calibration values, and refuses values that are none', () => {
    expect([...conformalP([], [1, 2])]).toEqual([1, 1]);
    expect(conformalP([1], [])).toHaveLength(0);
    expect(() => conformalP([Number.POSITIVE_INFINITY], [1])).toThrow(/Value 0 of the calibration is Inf/);
    expect(() => conformalP([1], [Number.NaN])).toThrow(/Value 0 of the batch is NaN/);
  });
});

describe('nearest distances', () => {
  test('quantiles, shifts and coverage of a case worked by hand', () => {
    const calibration = Array.from({ length: 101 }, (_, i) => (100 - i) / 100);
    const batch = [0.96, 0.1, 0.95, 0.2, 1];
    const { quantiles, coverage } = nearestDistances(calibration, batch);
    expect(quantiles.map(({ probability }) => probability)).toEqual([0.5, 0.9, 0.95]);
    for (const { probability, reference: before, shift, batch: after } of quantiles) {
      expect(before).toBeCloseTo(probability, 12);
      expect(shift).toBe(after - before);
    }
    expect(quantiles[0].batch).toBe(0.95);
    expect(coverage.limit).toBe(0.95);
    // The limit itself is inside.
    expect([coverage.inside, coverage.rows, coverage.share]).toEqual([3, 5, 0.6]);
    expect([coverage.low, coverage.high]).toEqual(clopperPearson(3, 5));
  });

  test('one distance a side is enough to say, none is not', () => {
    expect(nearestDistances([0.5], [0.6]).coverage).toMatchObject({ inside: 0, rows: 1, low: 0 });
    expect(() => nearestDistances([0.5], [])).toThrow(
      /no values for column distance to the training set of the batch/,
    );
  });
});

describe('history', () => {
  const past = (values: readonly number[], batchRows = 100) => values.map((value) => ({ value, batchRows }));

  test('ranks a distance among earlier ones, ties against it', () => {
    const history = past(Array.from({ length: 39 }, (_, i) => i / 100));
    const rank = (value: number) => rankInHistory({ value, batchRows: 100 }, history, 0.05);
    expect(rank(1)).toEqual({ p: 1 / 40, compared: 39, cannotFire: false });
    expect(rank(0.38).p).toBe(2 / 40);
    expect(rank(0.38 + 1e-13).p).toBe(2 / 40);
    expect(rank(-1).p).toBe(1);
  });

  test('says that too few cannot fire, and compares no batch of another size', () => {
    const found = rankInHistory({ value: 1, batchRows: 100 }, past([0, 0, 0]), 0.05);
    expect(found).toEqual({ p: 0.25, compared: 3, cannotFire: true });
    const sizes = [49, 50, 200, 201].map((batchRows) => ({ value: 0, batchRows }));
    expect(rankInHistory({ value: 1, batchRows: 100 }, sizes, 0.5).compared).toBe(2);
    expect(rankInHistory({ value: 1, batchRows: 100 }, [], 0.05)).toEqual({
      p: 1,
      compared: 0,
      cannotFire: true,
    });
  });

  test('counts an unknown distance against the batch', () => {
    expect(rankInHistory({ value: 1, batchRows: 100 }, past([Number.NaN]), 0.5).p).toBe(1);
  });
});

test('a test that cannot reach alpha is told by its permutations or by its labellings', () => {
  expect(cannotFire(0.05, 19)).toBe(false);
  expect(cannotFire(0.05, 18)).toBe(true);
  expect(cannotFire(0.05, 999, 19)).toBe(true);
  expect(cannotFire(0.05, 999, 20)).toBe(false);
  expect(smallestP(999, 6)).toBe(1 / 6);
  // 0.3 / 3 is a rounding below 1 / 10.
  expect(cannotFire(0.3 / 3, 9)).toBe(false);
});

const normalFrom = (random: () => number) => () =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Unbiased squared MMD of every column. @param rows float64 [rows, dimensions] */
function mmdOf(rows: Float64Array, dimensions: number, bandwidth: number, labels: PermutationLabels) {
  const kernel = gaussianKernel(rows, dimensions, bandwidth);
  const all = Array.from({ length: labels.rows }, (_, i) => i);
  const matrix = all.map((i) => Float64Array.from(all, (j) => kernel(i, j)));
  return permutationTest(labels, (sides) => {
    const sums = [0, 0, 0];
    for (const i of all) for (let j = 0; j < i; j++) sums[sides[i] + sides[j]] += matrix[i][j];
    const half = sides.length / 2;
    return (2 * (sums[2] + sums[0])) / (half * (half - 1)) - (2 * sums[1]) / (half * half);
  });
}

describe('the smallest effect that is seen', () => {
  const PER_SIDE = 30;
  const observed = Uint8Array.from({ length: 2 * PER_SIDE }, (_, row) => (row < PER_SIDE ? 1 : 0));
  const labels = (permutations: number, seed: number) => independentLabels({ observed, permutations, seed });
  /** Normal rows; the batch's are moved by `shift` along the diagonal. */
  const draw = (normal: () => number, dimensions: number, shift: number) =>
    Float64Array.from(
      { length: observed.length * dimensions },
      (_, i) => normal() + (shift * observed[Math.floor(i / dimensions)]) / Math.sqrt(dimensions),
    );

  test('is seen in about 80 % of draws: difference of means', () => {
    const normal = normalFrom(seededRandom(41));
    const difference = (rows: Float64Array) => (sides: Uint8Array) =>
      rows.reduce((sum, value, row) => sum + (2 * sides[row] - 1) * value, 0) / PER_SIDE;
    let seen = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { values } = permutationTest(labels(199, seed), difference(draw(normal, 1, 0)));
      const effect = minimumDetectableEffect(values.subarray(1), { alpha: 0.05 });
      for (let run = 0; run < 40; run++) {
        if (permutationTest(labels(99, seed), difference(draw(normal, 1, effect))).p <= 0.05) seen++;
      }
    }
    expect(seen / 800).toBeGreaterThan(0.7);
    expect(seen / 800).toBeLessThan(0.9);
  });

  test.each([
    ['one direction', 1, 3, 0.9],
    ['many directions', 20, 3, 0.97],
  ])('is seen in 80 % of draws or a little more: MMD of %s', (_, dimensions, bandwidth, most) => {
    const normal = normalFrom(seededRandom(42));
    // Squared MMD of N(0, I) and N(shift, I) is scale (1 - exp(-shift^2 / width)).
    const width = 2 * (bandwidth ** 2 + 2);
    const scale = 2 * ((2 * bandwidth ** 2) / width) ** (dimensions / 2);
    let seen = 0;
    for (let seed = 0; seed < 4; seed++) {
      const { values } = mmdOf(draw(normal, dimensions, 0), dimensions, bandwidth, labels(299, seed));
      const effect = minimumDetectableDistance(values.subarray(1), { alpha: 0.05 });
      const shift = Math.sqrt(-width * Math.log(1 - effect / scale));
      for (let run = 0; run < 50; run++) {
        if (mmdOf(draw(normal, dimensions, shift), dimensions, bandwidth, labels(59, seed)).p <= 0.05) seen++;
      }
    }
    expect(seen / 200).toBeGreaterThan(0.7);
    expect(seen / 200).toBeLessThan(most);
  });

  const values = Array.from({ length: 99 }, (_, i) => i / 100);

  test('the critical value is the one that p <= alpha must pass', () => {
    // Five of 99 and the observed one: p = 0.05 where four reach it.
    expect(criticalValue(values, 0.05)).toBe(0.94);
    expect(criticalValue(values, 0.01)).toBe(0.98);
    expect(criticalValue(values, 0.009)).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ['any', minimumDetectableEffect],
    ['squared distance', minimumDetectableDistance],
  ])('of a statistic (%s) grows with the power and with the confidence', (_, smallest) => {
    const effects = [0.5, 0.8, 0.95].map((power) => smallest(values, { alpha: 0.05, power }));
    expect(effects).toEqual(effects.toSorted((a, b) => a - b));
    expect(new Set(effects).size).toBe(3);
    expect(smallest(values, { alpha: 0.01 })).toBeGreaterThan(smallest(values, { alpha: 0.05 }));
    expect(smallest(values, { alpha: 0.05 })).toBe(effects[1]);
  });

  test('of a squared distance along one direction is that of chi-square, to 5 %', () => {
    // Z^2 - 1 at even probabilities; sqrt(e) + Z must pass 1.96 with 80 %.
    const permuted = Array.from({ length: 999 }, (_, i) => normalQuantile((i + 0.5) / 999) ** 2 - 1);
    const exact = (1.959964 + 0.8416212) ** 2;
    expect(Math.abs(minimumDetectableDistance(permuted, { alpha: 0.05 }) / exact - 1)).toBeLessThan(0.05);
    // In another unit it is the same.
    const scaled = permuted.map((value) => value / 1000);
    expect(minimumDetectableDistance(scaled, { alpha: 0.05 }) * 1000).toBeCloseTo(
      minimumDetectableDistance(permuted, { alpha: 0.05 }),
      9,
    );
  });

  test('of a normal statistic is the critical value and 0.84 of its spread', () => {
    // Deviation of 99 even steps of 0.01: sqrt((99^2 - 1) / 12) / 100.
    const spread = Math.sqrt((99 ** 2 - 1) / 12) / 100;
    expect(minimumDetectableEffect(values, { alpha: 0.05 })).toBeCloseTo(0.94 + 0.8416212336 * spread, 9);
    // Without skewness no direction stands out, and the distance is the same.
    expect(minimumDetectableDistance(values, { alpha: 0.05 })).toBeCloseTo(0.94 + 0.8416212336 * spread, 4);
  });

  test.each([
    ['any', minimumDetectableEffect],
    ['squared distance', minimumDetectableDistance],
  ])(
    'of a statistic (%s) is infinite where nothing could be seen, and not said from few values',
    (_, smallest) => {
      expect(smallest(values, { alpha: 0.001 })).toBe(Number.POSITIVE_INFINITY);
      expect(smallest(new Float64Array(99), { alpha: 0.05 })).toBe(Number.POSITIVE_INFINITY);
      expect(() => smallest(values.slice(0, 19), { alpha: 0.05 })).toThrow(/19 permuted values/);
    },
  );
});
