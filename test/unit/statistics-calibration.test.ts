import { describe, expect, it } from 'vitest';
import { areaUnderRoc } from '../../src/statistics/area-under-roc.ts';
import { averagePrecision } from '../../src/statistics/average-precision.ts';
import { brierScore } from '../../src/statistics/brier-score.ts';
import { calibrationError } from '../../src/statistics/calibration-error.ts';
import { clopperPearson } from '../../src/statistics/clopper-pearson.ts';
import { conformalQuantile } from '../../src/statistics/conformal.ts';
import { applyPlatt, fitPlatt } from '../../src/statistics/platt.ts';
import { noShared, readShared } from '../shared.ts';

interface Bins {
  ece: number;
  ece2_debiased: number;
}
interface Oracle {
  probabilities: {
    name: string;
    p: number[];
    y: number[];
    brier: number;
    auroc: number;
    auprc_average_precision: number;
    equal_mass_10: Bins;
    equal_mass_15: Bins;
  }[];
  maps: {
    name: string;
    scores: number[];
    y: number[];
    grid: number[];
    platt: { optimum_a: number; optimum_b: number; optimum_grid: number[]; optimum_fitted: number[] };
  }[];
  clopper_pearson_95: { k: number; n: number; interval: [number, number] }[];
  split_conformal: Record<string, number | string | number[]>[];
}

describe.skipIf(noShared)('statistics agree with the calibration oracle', () => {
  const oracle: Oracle = noShared
    ? { probabilities: [], maps: [], clopper_pearson_95: [], split_conformal: [] }
    : JSON.parse(readShared('oracles/calibration.json'));

  it('Brier score, AUROC and average precision to 1e-12', () => {
    expect(oracle.probabilities.length).toBeGreaterThan(0);
    for (const { p, y, brier, auroc, auprc_average_precision } of oracle.probabilities) {
      expect(Math.abs(brierScore(y, p) - brier)).toBeLessThan(1e-12);
      expect(Math.abs(areaUnderRoc(y, p) - auroc)).toBeLessThan(1e-12);
      expect(Math.abs(averagePrecision(y, p) - auprc_average_precision)).toBeLessThan(1e-12);
    }
  });

  it('equal-mass and debiased calibration error to 1e-12', () => {
    for (const { p, y, equal_mass_10, equal_mass_15 } of oracle.probabilities) {
      for (const [bins, known] of [
        [10, equal_mass_10],
        [15, equal_mass_15],
      ] as const) {
        const { ece, squaredDebiased } = calibrationError(y, p, bins);
        expect(Math.abs(ece - known.ece)).toBeLessThan(1e-12);
        expect(Math.abs(squaredDebiased - known.ece2_debiased)).toBeLessThan(1e-12);
      }
    }
  });

  it('Platt scaling to 1e-6', () => {
    expect(oracle.maps.length).toBeGreaterThan(0);
    for (const { scores, y, grid, platt } of oracle.maps) {
      const fit = fitPlatt(scores, y);
      expect(Math.abs(fit.slope - platt.optimum_a)).toBeLessThan(1e-6);
      expect(Math.abs(fit.offset - platt.optimum_b)).toBeLessThan(1e-6);
      applyPlatt(fit, grid).forEach((p, i) => {
        expect(Math.abs(p - platt.optimum_grid[i])).toBeLessThan(1e-6);
      });
    }
  });

  it('Clopper-Pearson intervals to 1e-9', () => {
    for (const { k, n, interval } of oracle.clopper_pearson_95) {
      const [low, high] = clopperPearson(k, n);
      expect(Math.abs(low - interval[0])).toBeLessThan(1e-9);
      expect(Math.abs(high - interval[1])).toBeLessThan(1e-9);
    }
  });

  it('split-conformal quantiles exactly', () => {
    let compared = 0;
    for (const row of oracle.split_conformal) {
      for (const [key, value] of Object.entries(row)) {
        const alpha = /^q_alpha_(.*)$/.exec(key)?.[1];
        if (!alpha) continue;
        compared++;
        expect(conformalQuantile(row.scores as number[], 1 - Number(alpha))).toBe(
          value === 'inf' ? Number.POSITIVE_INFINITY : value,
        );
      }
    }
    expect(compared).toBeGreaterThan(0);
  });
});
