import { describe, expect, test } from 'vitest';
import { batchAboveReference } from '../../src/statistics/batch-above-reference.ts';
import { benjaminiHochberg, benjaminiYekutieli } from '../../src/statistics/benjamini-hochberg.ts';
import { chiSquare } from '../../src/statistics/chi-square.ts';
import { cramersV } from '../../src/statistics/cramers-v.ts';
import { energyDistance, energyDistanceSquared } from '../../src/statistics/energy-distance.ts';
import { jensenShannon } from '../../src/statistics/jensen-shannon.ts';
import { kendallTauB } from '../../src/statistics/kendall.ts';
import { kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.ts';
import { populationStabilityIndex } from '../../src/statistics/population-stability-index.ts';
import { quantileBins } from '../../src/statistics/quantile-bins.ts';
import { spearman } from '../../src/statistics/spearman.ts';
import { twoSample } from '../../src/statistics/two-sample.ts';
import { wasserstein } from '../../src/statistics/wasserstein.ts';
import { noShared, readShared } from '../shared.ts';

interface Pair {
  name: string;
  n: number;
  m: number;
  x: number[];
  y: number[];
  ks: { statistic: number; p_asymp: number | null; p_exact: number | null; p_kolmogorov: number };
  wasserstein1: number;
  energy_distance: number;
  energy_distance_squared: number;
  paired: { rows: number; spearman: number | null; kendall_tau_b: number | null };
  auc_y_over_x: number;
  bins: {
    edges: number[];
    count_x: number[];
    count_y: number[];
    psi: number;
    psi_half_count: number;
    jensen_shannon_distance_base2: number;
  };
}

interface Oracle {
  pairs: Pair[];
  categories: {
    x: number[];
    y: number[];
    chi2: number | null;
    df: number;
    p: number | null;
    cramers_v: number | null;
  }[];
  fdr: { p: number[]; bh: number[]; by: number[] }[];
}

const oracle: Oracle = noShared
  ? { pairs: [], categories: [], fdr: [] }
  : JSON.parse(readShared('oracles/univariate.json.gz'));

/** Relative: 0 must be 0 exactly, and null means that there is no such number. */
function expectRelative(
  actual: number | null,
  expected: number | null,
  tolerance: number,
  what: string,
): void {
  if (expected === null) return void expect(actual === null || Number.isNaN(actual), what).toBe(true);
  const error = Math.abs((actual ?? Number.NaN) - expected);
  expect(error <= tolerance * Math.abs(expected), `${what}: ${actual} for ${expected}`).toBe(true);
}

describe.skipIf(noShared)('univariate oracle', () => {
  test('the file holds what these tests go through', () => {
    expect([oracle.pairs.length, oracle.categories.length, oracle.fdr.length]).toEqual([30, 10, 11]);
  });

  test.each(oracle.pairs)('$name', ({ name, n, m, x, y, ks, bins, ...pair }) => {
    const sample = twoSample(name, x, y);
    expect([sample.x.length, sample.y.length]).toEqual([n, m]);
    const large = name === 'large magnitude';

    const own = kolmogorovSmirnov(sample);
    expectRelative(own.statistic, ks.statistic, 1e-10, 'D');
    // Relative, so that the p of 3e-50 is seen too; SciPy's own matrix methods leave 1e-8 of p, not less.
    expectRelative(own.asymptotic, ks.p_asymp, 1e-8, 'asymptotic p');
    expectRelative(own.exact, ks.p_exact, 1e-8, 'exact p');
    expectRelative(own.limit, ks.p_kolmogorov, 1e-8, 'limit p');

    expectRelative(wasserstein(sample), pair.wasserstein1, large ? 1e-8 : 1e-10, 'Wasserstein-1');
    expectRelative(energyDistance(sample), pair.energy_distance, large ? 1e-8 : 1e-10, 'energy distance');
    const squared = energyDistanceSquared(sample);
    expectRelative(squared, pair.energy_distance_squared, large ? 1e-8 : 1e-10, 'squared energy distance');
    expectRelative(batchAboveReference(sample), pair.auc_y_over_x, 1e-10, 'AUC');

    const { rows, spearman: rho, kendall_tau_b: tau } = pair.paired;
    if (rows > 1) {
      expectRelative(spearman(x.slice(0, rows), y.slice(0, rows)), rho, 1e-10, 'Spearman');
      expectRelative(kendallTauB(x.slice(0, rows), y.slice(0, rows)), tau, 1e-10, 'Kendall');
    }

    const cut = quantileBins(sample);
    expect([...cut.reference]).toEqual(bins.count_x);
    expect([...cut.batch]).toEqual(bins.count_y);
    expect(cut.edges.length).toBe(bins.edges.length);
    for (const [i, edge] of bins.edges.entries()) expectRelative(cut.edges[i], edge, 1e-10, `edge ${i}`);
    const index = populationStabilityIndex(cut.reference, cut.batch);
    expectRelative(index.psi, bins.psi, 1e-10, 'PSI');
    expectRelative(index.halfCount, bins.psi_half_count, 1e-10, 'PSI of half counts');
    const distance = jensenShannon(cut.reference, cut.batch);
    expect(Math.abs(distance - bins.jensen_shannon_distance_base2)).toBeLessThanOrEqual(1e-7);
  });

  test.each(oracle.categories)('categories $x against $y', ({ x, y, chi2, df, p, cramers_v }) => {
    const own = chiSquare(x, y);
    expect(own.df).toBe(df);
    expectRelative(own.statistic, chi2, 1e-10, 'chi-square');
    expectRelative(own.p, p, 1e-8, 'p');
    expectRelative(cramersV(own), cramers_v, 1e-10, 'V');
  });

  test.each(oracle.fdr)('false discovery rates of $p', ({ p, bh, by }) => {
    for (const [own, expected] of [
      [benjaminiHochberg(p), bh],
      [benjaminiYekutieli(p), by],
    ] as const) {
      expect(own.length).toBe(expected.length);
      // The smallest double has no digits to be relative to.
      for (const [i, value] of expected.entries()) {
        expect(Math.abs(own[i] - value)).toBeLessThanOrEqual(Math.max(1e-10 * value, 1e-322));
      }
    }
  });
});
