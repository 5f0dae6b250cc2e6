import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { areaUnderRoc } from '../../src/statistics/area-under-roc.ts';
import { averagePrecision } from '../../src/statistics/average-precision.ts';
import { brierScore } from '../../src/statistics/brier-score.ts';
import { calibrationError } from '../../src/statistics/calibration-error.ts';
import { clopperPearson } from '../../src/statistics/clopper-pearson.ts';
import { clusterBootstrap } from '../../src/statistics/cluster-bootstrap.ts';
import { conformalQuantile, meanIntervalScore, mondrianConformal } from '../../src/statistics/conformal.ts';
import { incompleteBeta, logGamma } from '../../src/statistics/incomplete-beta.ts';
import { meanAbsoluteError } from '../../src/statistics/mean-absolute-error.ts';
import { applyPlatt, fitPlatt } from '../../src/statistics/platt.ts';
import { rSquared } from '../../src/statistics/r-squared.ts';
import { midRanks } from '../../src/statistics/ranks.ts';
import { rootMeanSquareError } from '../../src/statistics/root-mean-square-error.ts';
import { spearman } from '../../src/statistics/spearman.ts';

describe('regression statistics', () => {
  const actual = [1, 2, 3, 4];
  const predicted = [1, 2, 3, 8];

  it('errors and explained share of a case worked by hand', () => {
    expect(meanAbsoluteError(actual, predicted)).toBe(1);
    expect(rootMeanSquareError(actual, predicted)).toBe(2);
    expect(rSquared(actual, predicted)).toBeCloseTo(1 - 16 / 5, 12);
    expect(rSquared([2, 2], [1, 3])).toBeNaN();
  });

  it('Spearman takes mid-ranks for ties and has no value for a constant', () => {
    expect(midRanks([5, 1, 5, 9])).toEqual(Float64Array.of(2.5, 1, 2.5, 4));
    expect(spearman(actual, predicted)).toBe(1);
    expect(spearman(actual, [4, 3, 2, 1])).toBe(-1);
    // Ranks 1, 2.5, 2.5, 4 against 1..4: 4.5 / sqrt(4.5 * 5).
    expect(spearman([1, 2, 2, 3], actual)).toBeCloseTo(Math.sqrt(0.9), 12);
    expect(spearman(actual, [7, 7, 7, 7])).toBeNaN();
  });
});

describe('classification statistics', () => {
  it('a tie between classes counts half in AUROC, and enters average precision together', () => {
    expect(areaUnderRoc([0, 1, 0, 1], [0.1, 0.5, 0.5, 0.9])).toBe(0.875);
    expect(averagePrecision([0, 1, 0, 1], [0.1, 0.5, 0.5, 0.9])).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12);
    expect(areaUnderRoc([1, 1], [0.1, 0.2])).toBeNaN();
    expect(averagePrecision([0, 0], [0.1, 0.2])).toBeNaN();
  });

  it('Brier score of certain answers is the share of wrong ones', () => {
    expect(brierScore([1, 0, 1, 0], [1, 0, 0, 0])).toBe(0.25);
  });

  it('calibration error of one bin worked by hand', () => {
    const { ece, squaredDebiased, debiased } = calibrationError([1, 0, 0, 1], [0.9, 0.9, 0.9, 0.9], 1);
    expect(ece).toBeCloseTo(0.4, 12);
    expect(squaredDebiased).toBeCloseTo(0.16 - 0.25 / 3, 12);
    expect(debiased).toBeCloseTo(Math.sqrt(0.16 - 0.25 / 3), 12);
  });

  it('Platt scaling finds the sigmoid that made the labels', () => {
    const random = seededRandom(7);
    const scores = Array.from({ length: 20_000 }, () => random() * 6 - 3);
    const labels = scores.map((score) => (random() < 1 / (1 + Math.exp(-2 * score + 1)) ? 1 : 0));
    const fit = fitPlatt(scores, labels);
    expect(fit.slope).toBeCloseTo(-2, 1);
    expect(fit.offset).toBeCloseTo(1, 1);
  });

  it('Platt scaling stays finite for separable, constant and one-class rows', () => {
    for (const [scores, labels] of [
      [
        [-2, -1, 1, 2],
        [0, 0, 1, 1],
      ],
      [
        [1, 1, 1],
        [0, 1, 1],
      ],
      [
        [0, 1],
        [1, 1],
      ],
    ]) {
      const fit = fitPlatt(scores, labels);
      for (const p of applyPlatt(fit, [-1e6, ...scores, 1e6])) expect(p >= 0 && p <= 1).toBe(true);
    }
  });
});

describe('intervals', () => {
  it('log gamma and incomplete beta at known points', () => {
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
    expect(incompleteBeta(0.3, 1, 1)).toBeCloseTo(0.3, 12);
    expect(incompleteBeta(0.5, 4, 4)).toBeCloseTo(0.5, 12);
    expect(incompleteBeta(0, 2, 3)).toBe(0);
    expect(incompleteBeta(1, 2, 3)).toBe(1);
  });

  it('Clopper-Pearson bounds reach 0 and 1 at the ends', () => {
    expect(clopperPearson(0, 10)[0]).toBe(0);
    expect(clopperPearson(10, 10)[1]).toBe(1);
    // Closed form at k = 0: 1 - (alpha / 2)^(1/n).
    expect(clopperPearson(0, 10)[1]).toBeCloseTo(1 - 0.025 ** 0.1, 10);
  });

  it('a conformal quantile is infinite when the rows are too few', () => {
    expect(conformalQuantile([1, 2, 3, 4, 5, 6, 7, 8], 0.9)).toBe(Number.POSITIVE_INFINITY);
    expect(conformalQuantile([9, 1, 2, 3, 4, 5, 6, 7, 8], 0.9)).toBe(9);
  });

  it('Mondrian intervals are wider where the errors are larger, and every row has one bin', () => {
    const random = seededRandom(3);
    const similarities = Array.from({ length: 1000 }, () => random());
    const residuals = similarities.map((s) => (1.5 - s) * random());
    const { edges, halfWidths, counts } = mondrianConformal({ residuals, similarities, spreads: null }, 0.9, {
      bins: 4,
    });
    expect(edges.length).toBe(4);
    expect(edges[0]).toBe(0);
    expect([...halfWidths].sort((a, b) => b - a)).toEqual(halfWidths);
    expect(counts.reduce((a, b) => a + b)).toBe(1000);
  });

  it('Mondrian intervals use fewer bins for few rows or equal similarities', () => {
    const plain = (values: number[]) => ({ residuals: values, similarities: values, spreads: null });
    expect(mondrianConformal(plain([0.1, 0.2, 0.3]), 0.5).edges).toEqual([0]);
    const same = new Array<number>(500).fill(1);
    expect(mondrianConformal(plain(same), 0.9).edges).toEqual([0]);
    const half = [...new Array<number>(400).fill(0.2), ...same];
    const { edges, counts } = mondrianConformal(plain(half), 0.9);
    expect(edges).toEqual([0, 1]);
    expect(counts).toEqual([400, 500]);
  });

  it('with spreads, half-widths are multiples of them, and the interval score prefers the true ones', () => {
    const random = seededRandom(4);
    const spreads = Array.from({ length: 2000 }, () => 0.1 + random());
    const rows = {
      residuals: spreads.map((s) => s * random()),
      similarities: new Array<number>(2000).fill(0),
    };
    const scaled = mondrianConformal({ ...rows, spreads }, 0.9);
    const constant = mondrianConformal({ ...rows, spreads: null }, 0.9);
    expect([scaled.spread, constant.spread]).toEqual(['predicted', 'constant']);
    expect(scaled.halfWidths[0]).toBeCloseTo(0.9, 1);
    const score = meanIntervalScore(scaled, { ...rows, spreads });
    expect(score).toBeLessThan(0.95 * meanIntervalScore(constant, { ...rows, spreads: null }));
  });

  it('interval score of a case worked by hand', () => {
    const calibration = {
      kind: 'conformal',
      coverage: 0.9,
      spread: 'predicted',
      edges: [0, 0.5],
      halfWidths: [2, 1],
      counts: [1, 1],
    } as const;
    const rows = { residuals: [1, 5, 1.5], similarities: [0.2, 0.5, 0.9], spreads: [1, 4, 1] };
    // Widths 4, 8 and 2; 1 and 0.5 outside, 20 each.
    expect(meanIntervalScore(calibration, rows)).toBeCloseTo((4 + 8 + 20 + 2 + 10) / 3, 10);
  });

  it('a bootstrap over groups is wider than one over rows when rows of a group are equal', () => {
    const random = seededRandom(1);
    const values = Array.from({ length: 40 }, () => random()).flatMap((v) => [v, v, v, v, v]);
    const mean = (rows: Uint32Array) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
    const rows = values.map((_, i) => i);
    const grouped = clusterBootstrap(
      rows.map((i) => Math.floor(i / 5)),
      mean,
      { seed: 5 },
    );
    const single = clusterBootstrap(rows, mean, { seed: 5 });
    expect(grouped.value).toBe(single.value);
    expect(grouped.high - grouped.low).toBeGreaterThan(1.5 * (single.high - single.low));
    expect(clusterBootstrap(rows, mean, { seed: 5 })).toEqual(single);
  });
});
