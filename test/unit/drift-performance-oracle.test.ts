import { describe, expect, it } from 'vitest';
import { brierDecomposition } from '../../src/statistics/brier-decomposition.ts';
import { brierScore } from '../../src/statistics/brier-score.ts';
import { gaussianCrps } from '../../src/statistics/gaussian-crps.ts';
import { intervalCoverage } from '../../src/statistics/interval-coverage.ts';
import { applyIsotonic, fitIsotonic } from '../../src/statistics/isotonic.ts';
import { arrivedShare, kaplanMeier } from '../../src/statistics/kaplan-meier.ts';
import { labelMaturity } from '../../src/statistics/label-maturity.ts';
import { logLoss } from '../../src/statistics/log-loss.ts';
import { reliability } from '../../src/statistics/reliability-bins.ts';
import { normalQuantile } from '../../src/statistics/standard-normal.ts';
import { weightedError } from '../../src/statistics/weighted-error.ts';
import { noShared, readShared } from '../shared.ts';

interface Bins {
  n_b: number[];
  pbar: number[];
  ybar: number[];
  ece: number;
  mce: number;
  reliability: number;
  resolution: number;
  uncertainty: number;
  within_bin_variance: number;
  within_bin_covariance: number;
}
interface Calibration {
  probabilities: {
    p: number[];
    y: number[];
    brier: number;
    log_loss: number;
    equal_width_10: Bins;
    equal_width_15: Bins;
    equal_mass_10: Bins;
    equal_mass_15: Bins;
  }[];
  maps: {
    scores: number[];
    y: number[];
    grid: number[];
    isotonic_fitted: number[];
    isotonic_grid: number[];
  }[];
  gaussian_crps: { y: number; mu: number; sigma: number; crps: number }[];
  regression: {
    mu: number[];
    sigma: number[];
    y: number[];
    mean_crps: number;
    intervals: {
      level: number;
      z: number;
      covered: number;
      coverage: number;
      clopper_pearson_95: [number, number];
    }[];
  };
}
interface LateCase {
  name: string;
  tau: number;
  t: number[];
  loss: number[];
  arrived: number[];
  observed_time: number[];
  km_time: number[];
  km_cdf: number[];
  F_i: number[];
  maturity: number;
  maturity_at: { at: number; rows: number; maturity: number }[];
  error_ipw: number | null;
  ess: number;
  error_arrived_only: number | null;
  error_all_truth: number;
}

const near = (actual: number, known: number, tolerance: number) =>
  expect(Math.abs(actual - known)).toBeLessThanOrEqual(tolerance);

describe.skipIf(noShared)('performance agrees with the calibration oracle', () => {
  const oracle: Calibration = noShared
    ? ({} as Calibration)
    : JSON.parse(readShared('oracles/calibration.json'));
  const layouts = [
    ['equal_width_10', 'equal-width', 10],
    ['equal_width_15', 'equal-width', 15],
    ['equal_mass_10', 'equal-mass', 10],
    ['equal_mass_15', 'equal-mass', 15],
  ] as const;

  it('log loss to 1e-12', () => {
    expect(oracle.probabilities).toHaveLength(6);
    for (const { p, y, log_loss } of oracle.probabilities) near(logLoss(y, p), log_loss, 1e-12);
  });

  it.each(layouts)('reliability bins of %s to 1e-12', (key, layout, bins) => {
    for (const { p, y, [key]: known } of oracle.probabilities) {
      const made = reliability(y, p, { layout, bins });
      expect(made.bins.map(({ count }) => count)).toEqual(known.n_b);
      made.bins.forEach(({ meanProbability, meanLabel }, b) => {
        near(meanProbability, known.pbar[b], 1e-12);
        near(meanLabel, known.ybar[b], 1e-12);
      });
      near(made.ece, known.ece, 1e-12);
      near(made.mce, known.mce, 1e-12);
    }
  });

  it.each(layouts)(
    "Murphy's parts of %s to 1e-12, and they add up to the Brier score",
    (key, layout, bins) => {
      for (const { p, y, brier, [key]: known } of oracle.probabilities) {
        const parts = brierDecomposition(y, p, { layout, bins });
        near(parts.reliability, known.reliability, 1e-12);
        near(parts.resolution, known.resolution, 1e-12);
        near(parts.uncertainty, known.uncertainty, 1e-12);
        near(parts.withinBinVariance, known.within_bin_variance, 1e-12);
        near(parts.withinBinCovariance, known.within_bin_covariance, 1e-12);
        const { reliability: gap, resolution, uncertainty, withinBinVariance, withinBinCovariance } = parts;
        near(gap - resolution + uncertainty + withinBinVariance - 2 * withinBinCovariance, brier, 1e-12);
        near(brierScore(y, p), brier, 1e-12);
      }
    },
  );

  it('isotonic maps, fitted and on a grid past both ends, to 1e-12', () => {
    expect(oracle.maps).toHaveLength(3);
    for (const { scores, y, grid, isotonic_fitted, isotonic_grid } of oracle.maps) {
      const map = fitIsotonic(scores, y);
      applyIsotonic(map, scores).forEach((value, i) => {
        near(value, isotonic_fitted[i], 1e-12);
      });
      applyIsotonic(map, grid).forEach((value, i) => {
        near(value, isotonic_grid[i], 1e-12);
      });
    }
  });

  it('CRPS of normal forecasts to 1e-10', () => {
    for (const { y, mu, sigma, crps } of oracle.gaussian_crps)
      near(gaussianCrps([y], [mu], [sigma]), crps, 1e-10);
    const { y, mu, sigma, mean_crps } = oracle.regression;
    near(gaussianCrps(y, mu, sigma), mean_crps, 1e-10);
  });

  it('interval coverage exactly, its bounds to 1e-9', () => {
    const { y, mu, sigma, intervals } = oracle.regression;
    expect(intervals).toHaveLength(4);
    for (const { level, z, covered, coverage, clopper_pearson_95 } of intervals) {
      near(normalQuantile((1 + level) / 2), z, 1e-13);
      const lows = mu.map((m, i) => m - z * sigma[i]);
      const highs = mu.map((m, i) => m + z * sigma[i]);
      const found = intervalCoverage(y, lows, highs);
      expect([found.covered, found.rows, found.coverage]).toEqual([covered, 300, coverage]);
      near(found.low, clopper_pearson_95[0], 1e-9);
      near(found.high, clopper_pearson_95[1], 1e-9);
    }
  });
});

describe.skipIf(noShared)('late labels agree with their oracle', () => {
  const cases: LateCase[] = noShared ? [] : JSON.parse(readShared('oracles/labels-late.json')).cases;

  it('delay curve, maturity, weighted error and effective sample size to 1e-12', () => {
    expect(cases).toHaveLength(6);
    for (const known of cases) {
      const curve = kaplanMeier(known.observed_time, known.arrived);
      expect([...curve.times]).toEqual(known.km_time);
      curve.shares.forEach((share, k) => {
        near(share, known.km_cdf[k], 1e-12);
      });
      const shares = known.t.map((t) => arrivedShare(curve, known.tau - t));
      shares.forEach((share, i) => {
        near(share, known.F_i[i], 1e-12);
      });
      near(labelMaturity(curve, known.t, known.tau).maturity, known.maturity, 1e-12);
      for (const { at, rows, maturity } of known.maturity_at) {
        const found = labelMaturity(curve, known.t, at);
        expect(found.rows).toBe(rows);
        near(found.maturity, maturity, 1e-12);
      }
      const found = weightedError(known.loss, known.arrived, shares);
      if (known.error_ipw === null) expect(found.error).toBeNaN();
      else near(found.error, known.error_ipw, 1e-12);
      near(found.effectiveSampleSize, known.ess, 1e-12 * known.ess);
    }
  });

  it('where delay and loss are independent the interval holds the truth', () => {
    const held = cases.slice(0, 3).map(({ observed_time, arrived, t, tau, loss, error_all_truth }) => {
      const curve = kaplanMeier(observed_time, arrived);
      const { low, high } = weightedError(
        loss,
        arrived,
        t.map((at) => arrivedShare(curve, tau - at)),
      );
      return low <= error_all_truth && error_all_truth <= high;
    });
    expect(held).toEqual([true, true, true]);
  });
});
