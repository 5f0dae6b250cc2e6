import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { bridgeExceedance } from '../../src/statistics/bridge-exceedance.ts';
import { kolmogorovSurvival } from '../../src/statistics/kolmogorov-distribution.ts';
import { kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.ts';
import { twoSample } from '../../src/statistics/two-sample.ts';
import {
  detectableByKolmogorovSmirnov,
  detectableByWasserstein,
  detectablePairedMean,
} from '../../src/statistics/univariate-power.ts';
import { standardizedWasserstein } from '../../src/statistics/wasserstein.ts';
import { wassersteinNull } from '../../src/statistics/wasserstein-null.ts';

const SIZES = [
  [20, 20],
  [96, 96],
  [400, 60],
];

describe.each(SIZES)('%d against %d rows of normal columns', (n, m) => {
  const random = seededRandom(n + m);
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const runs = 1200;
  const shiftedBy = (shift: number) =>
    Array.from({ length: runs }, () =>
      twoSample(
        'c',
        Array.from({ length: n }, gauss),
        Array.from({ length: m }, () => gauss() + shift),
      ),
    );
  const shareOf = (
    samples: ReturnType<typeof shiftedBy>,
    isFound: (sample: (typeof samples)[number]) => boolean,
  ) => samples.filter(isFound).length / runs;

  test('Kolmogorov-Smirnov finds the stated shift in about 80 % of cases', () => {
    const { shift, statistic, critical } = detectableByKolmogorovSmirnov(n, m);
    const found = shareOf(shiftedBy(shift), (sample) => (kolmogorovSmirnov(sample).asymptotic ?? 1) <= 0.05);
    expect(found).toBeGreaterThan(0.75);
    expect(found).toBeLessThan(0.85);
    expect(statistic).toBeGreaterThan(0.8 * critical);
  });

  test('Wasserstein over sigma is not 0 without drift, and finds the stated shift in at least 80 % of cases', () => {
    const none = wassersteinNull(n, m);
    const without = shiftedBy(0);
    const mean = without.reduce((sum, sample) => sum + standardizedWasserstein(sample) / runs, 0);
    expect(Math.abs(mean / none.mean - 1)).toBeLessThan(0.08);
    const isFound = (sample: (typeof without)[number]) => standardizedWasserstein(sample) >= none.critical;
    expect(shareOf(without, isFound)).toBeLessThan(0.1);
    expect(shareOf(without, isFound)).toBeGreaterThan(0.03);
    const found = shareOf(shiftedBy(detectableByWasserstein(n, m).shift), isFound);
    expect(found).toBeGreaterThan(0.77);
    expect(found).toBeLessThan(0.89);
  });
});

test('a fixed threshold of 0.1 fires on most columns of 96 rows with no drift', () => {
  expect(wassersteinNull(96, 96).mean).toBeGreaterThan(0.1);
});

test.each([
  [0.1, 1.8905],
  [0.05, 2.1564],
  [0.01, 2.7026],
  [0.001, 3.3998],
])('at alpha %d the critical value is that of 100,000 simulated bridges within 2 %%', (alpha, simulated) => {
  // Two against two rows: sqrt(n m / (n + m)) is 1.
  expect(Math.abs(wassersteinNull(2, 2, alpha).critical / simulated - 1)).toBeLessThan(0.02);
});

describe('detectable effects', () => {
  test('fall with more rows and rise with a smaller alpha and more power', () => {
    for (const detectable of [detectableByKolmogorovSmirnov, detectableByWasserstein]) {
      const usual = detectable(100, 100).shift;
      expect(detectable(400, 100).shift).toBeLessThan(usual);
      expect(detectable(100, 100, { alpha: 0.005, power: 0.8 }).shift).toBeGreaterThan(usual);
      expect(detectable(100, 100, { alpha: 0.05, power: 0.95 }).shift).toBeGreaterThan(usual);
      // An effective number of rows need not be whole.
      expect(detectable(99.5, 100.5).shift).toBeCloseTo(usual, 2);
      expect(detectable(100, 400).shift).toBeCloseTo(detectable(400, 100).shift, 3);
    }
    expect(detectablePairedMean(1, 40)).toBeLessThan(detectablePairedMean(1, 10));
    expect(detectablePairedMean(2, 10)).toBeCloseTo(2 * detectablePairedMean(1, 10), 12);
  });

  test('rows too few to reject at this alpha detect nothing, however large', () => {
    for (const detectable of [detectableByKolmogorovSmirnov, detectableByWasserstein]) {
      expect(detectable(3, 2).shift).toBe(Number.POSITIVE_INFINITY);
      // Two of twenty orders separate the sides: p = 0.1 at best.
      expect(detectable(3, 3).shift).toBe(Number.POSITIVE_INFINITY);
      expect(detectable(1, 10).shift).toBe(Number.POSITIVE_INFINITY);
      expect(detectable(10, 10, { alpha: 1e-6, power: 0.8 }).shift).toBe(Number.POSITIVE_INFINITY);
      expect(detectable(10, 10).shift).toBeLessThan(3);
      // Separated sides are the only order that rejects.
      expect(detectable(4, 4).shift).toBeGreaterThan(2);
      expect(detectable(4, 4).shift).toBeLessThan(5);
    }
  });

  test('without spread or with one pair there is none', () => {
    expect(detectablePairedMean(1, 1)).toBeNaN();
    expect(detectablePairedMean(0, 10)).toBeNaN();
    expect(detectablePairedMean(Number.NaN, 10)).toBeNaN();
  });

  test.each([
    [0, 5, undefined],
    [5, Number.NaN, undefined],
    [5, 5, { alpha: 0, power: 0.8 }],
    [5, 5, { alpha: 0.05, power: 1 }],
  ])('%d against %d with %j is refused', (n, m, target) => {
    for (const detectable of [detectableByKolmogorovSmirnov, detectableByWasserstein]) {
      expect(() => detectable(n, m, target)).toThrow(/Power/);
    }
  });
});

describe('Brownian bridge', () => {
  test.each([0.6, 0.8, 1, 1.358, 1.9])('without drift leaves +-%d as Kolmogorov says', (level) => {
    expect(bridgeExceedance(new Float64Array(33), level)).toBeCloseTo(kolmogorovSurvival(level), 10);
  });

  test('with a drift leaves more often, in either direction alike', () => {
    const drift = Float64Array.from({ length: 33 }, (_, k) => 4 * (k / 32) * (1 - k / 32));
    const up = bridgeExceedance(drift, 1.358);
    expect(up).toBeGreaterThan(0.2);
    const down = bridgeExceedance(
      drift.map((h) => -h),
      1.358,
    );
    expect(down).toBeCloseTo(up, 10);
  });
});
