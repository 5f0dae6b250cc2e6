import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { brierDecomposition } from '../../src/statistics/brier-decomposition.ts';
import { brierScore } from '../../src/statistics/brier-score.ts';
import {
  CENSORED_ABOVE,
  CENSORED_BELOW,
  censoredLogLoss,
  fitCensoredError,
  MEASURED,
} from '../../src/statistics/censored-error.ts';
import { intervalScore } from '../../src/statistics/interval-score.ts';
import { applyIsotonic, fitIsotonic } from '../../src/statistics/isotonic.ts';
import { logLoss } from '../../src/statistics/log-loss.ts';
import { meanBias } from '../../src/statistics/mean-bias.ts';
import { probabilityIntegralTransform } from '../../src/statistics/probability-integral-transform.ts';
import { reliability } from '../../src/statistics/reliability-bins.ts';
import {
  logNormalDistribution,
  normalDistribution,
  normalHazard,
  normalQuantile,
} from '../../src/statistics/standard-normal.ts';

const normals = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => normalQuantile((random() * 2 ** 32 + 0.5) / 2 ** 32));
};

describe('classification', () => {
  it('a certain and wrong answer costs 36 nats, not infinity', () => {
    expect(logLoss([1], [0])).toBeCloseTo(52 * Math.LN2, 12);
    expect(logLoss([0], [1])).toBeCloseTo(52 * Math.LN2, 12);
    expect(logLoss([1, 0], [0.5, 0.25])).toBeCloseTo(-(Math.log(0.5) + Math.log(0.75)) / 2, 14);
  });

  it('the Brier identity is exact for any probabilities, labels, bins and layout', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 1 })), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('equal-width', 'equal-mass'),
        (rows, bins, layout) => {
          const p = rows.map(([probability]) => probability);
          const y = rows.map(([, label]) => label);
          const parts = brierDecomposition(y, p, { bins, layout });
          const whole =
            parts.reliability -
            parts.resolution +
            parts.uncertainty +
            parts.withinBinVariance -
            2 * parts.withinBinCovariance;
          expect(Math.abs(whole - brierScore(y, p))).toBeLessThan(1e-12);
        },
      ),
    );
  });

  it('a probability of 1 falls into the last bin, and the worst bin is the maximum error', () => {
    const { bins, ece, mce } = reliability([1, 0, 1], [1, 0.95, 0.05]);
    expect(bins.map(({ count }) => count)).toEqual([1, 2]);
    expect(mce).toBeCloseTo(0.95, 12);
    expect(ece).toBeCloseTo(0.95 / 3 + (2 / 3) * 0.475, 12);
  });

  it('no rows have no reliability', () => {
    expect(reliability([], [])).toEqual({ bins: [], ece: Number.NaN, mce: Number.NaN });
  });

  it('an isotonic map never falls, keeps the mean, and clips outside', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: 1 })), {
          minLength: 1,
          maxLength: 30,
        }),
        (rows) => {
          const scores = rows.map(([score]) => score);
          const labels = rows.map(([, label]) => label);
          const map = fitIsotonic(scores, labels);
          expect([...map.values].sort((a, b) => a - b)).toEqual(map.values);
          const fitted = applyIsotonic(map, scores);
          expect(fitted.reduce((sum, v) => sum + v, 0)).toBeCloseTo(
            labels.reduce((sum, v) => sum + v, 0),
            10,
          );
          expect([...applyIsotonic(map, [-99, 99])]).toEqual([map.values[0], map.values.at(-1)]);
        },
      ),
    );
    expect([...applyIsotonic(fitIsotonic([0, 1], [0, 1]), [0.25, Number.NaN])]).toEqual([0.25, Number.NaN]);
  });
});

describe('standard normal', () => {
  it('distribution, its logarithm and hazard at known points, far tails included', () => {
    expect(normalDistribution(0)).toBe(0.5);
    expect(normalDistribution(1.959963984540054)).toBeCloseTo(0.975, 14);
    // Values of erfc from tables: Phi(-5), Phi(-10).
    expect(normalDistribution(-5) / 2.866515718791939e-7).toBeCloseTo(1, 12);
    expect(normalDistribution(-10) / 7.619853024160527e-24).toBeCloseTo(1, 12);
    expect(logNormalDistribution(-40)).toBeCloseTo(-804.6084420137538, 9);
    expect(normalHazard(-100)).toBeCloseTo(100.00999800099926, 9);
    // The series and the continued fraction meet.
    expect(normalDistribution(-3 - 1e-12) / normalDistribution(-3 + 1e-12)).toBeCloseTo(1, 10);
  });

  it('quantiles undo the distribution', () => {
    for (const p of [1e-300, 1e-9, 0.025, 0.3, 0.5, 0.9, 1 - 1e-9]) {
      expect(normalDistribution(normalQuantile(p)) / p).toBeCloseTo(1, 10);
    }
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('regression', () => {
  it('bias is positive where predictions are too high', () => {
    expect(meanBias([1, 2, 3], [2, 2, 5])).toBe(1);
  });

  it('interval score: width inside, 2 / alpha times the distance outside, on either side', () => {
    expect(intervalScore([0], [-1], [2], 0.9)).toBeCloseTo(3, 12);
    expect(intervalScore([-1.5], [-1], [2], 0.9)).toBeCloseTo(3 + 20 * 0.5, 10);
    expect(intervalScore([2.5, 0], [-1, -1], [2, 2], 0.8)).toBeCloseTo((3 + 10 * 0.5 + 3) / 2, 10);
  });

  it('the transform is uniform where forecasts are right, and shows deviations stated too small or a bias', () => {
    const actual = normals(4, 2000);
    const zero = new Array(2000).fill(0);
    const one = new Array(2000).fill(1);
    const right = probabilityIntegralTransform(actual, zero, one);
    expect(right.p).toBeGreaterThan(0.01);
    expect(right.dispersion).toBeCloseTo(1, 1);
    expect(right.histogram.reduce((sum, count) => sum + count, 0)).toBe(2000);
    const narrow = probabilityIntegralTransform(
      actual,
      zero,
      one.map((s) => 0.5 * s),
    );
    expect(narrow.p).toBeLessThan(1e-6);
    expect(narrow.dispersion).toBeGreaterThan(1.5);
    const biased = probabilityIntegralTransform(
      actual,
      zero.map((m) => m + 0.3),
      one,
    );
    expect(biased.p).toBeLessThan(1e-6);
    // One value at the middle: the distance is a half, and any value would be as near as that.
    expect(probabilityIntegralTransform([0], [0], [1])).toMatchObject({ distance: 0.5, p: 1 });
  });
});

describe('censored values', () => {
  it('count with the probability beyond the bound', () => {
    const known = -Math.log(1 - normalDistribution(0.5));
    expect(censoredLogLoss([2], [CENSORED_ABOVE], [1], [2])).toBeCloseTo(known, 12);
    expect(censoredLogLoss([2], [CENSORED_BELOW], [1], [2])).toBeCloseTo(
      -Math.log(normalDistribution(0.5)),
      12,
    );
    const density = Math.exp(-0.125) / (2 * Math.sqrt(2 * Math.PI));
    expect(censoredLogLoss([2], [MEASURED], [1], [2])).toBeCloseTo(-Math.log(density), 12);
    // A prediction far beyond the bound is no error.
    expect(censoredLogLoss([2], [CENSORED_ABOVE], [50], [1])).toBeCloseTo(0, 12);
  });

  it('without censoring the fitted error is the plain one', () => {
    const actual = [1, 2, 4, 3.5];
    const predicted = [1.5, 2.5, 3, 5];
    const errors = actual.map((y, i) => predicted[i] - y);
    const mean = errors.reduce((sum, e) => sum + e / 4, 0);
    const deviation = Math.sqrt(errors.reduce((sum, e) => sum + (e - mean) ** 2 / 4, 0));
    const fit = fitCensoredError(actual, [0, 0, 0, 0], predicted);
    expect(fit?.bias).toBeCloseTo(mean, 10);
    expect(fit?.deviation).toBeCloseTo(deviation, 10);
    expect(fit?.rootMeanSquareError).toBeCloseTo(Math.hypot(mean, deviation), 10);
  });

  it('the error of half-censored values is found, where reading bounds as values misses it', () => {
    const noise = normals(6, 4000);
    const predicted = normals(7, 4000);
    const truth = predicted.map((m, i) => m - 0.4 + 0.8 * noise[i]);
    const bounded = truth.map((y) => Math.min(-0.4, Math.max(-2, y)));
    const censoring = truth.map((y) => (y > -0.4 ? CENSORED_ABOVE : y < -2 ? CENSORED_BELOW : MEASURED));
    expect(censoring.filter((c) => c !== MEASURED).length).toBeGreaterThan(1500);
    const fit = fitCensoredError(bounded, censoring, predicted);
    expect(fit?.bias).toBeCloseTo(0.4, 1);
    expect(fit?.deviation).toBeCloseTo(0.8, 1);
    expect(Math.abs(meanBias(bounded, predicted) - 0.4)).toBeGreaterThan(0.3);
  });

  it('the spread of nothing but bounds, or of one value, is not known', () => {
    expect(fitCensoredError([1, 1], [CENSORED_ABOVE, CENSORED_ABOVE], [0, 2])).toBeNull();
    expect(fitCensoredError([1, 1], [MEASURED, CENSORED_ABOVE], [0, 2])).toBeNull();
    expect(fitCensoredError([], [], [])).toBeNull();
  });
});
