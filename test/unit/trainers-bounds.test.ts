import { describe, expect, it } from 'vitest';
import { loadLinearAlgebra } from '../../src/backends/wasm/linear-algebra.ts';
import { boundSites } from '../../src/trainers/bound-sites.ts';
import { fitGaussianProcess, predictGaussianProcess } from '../../src/trainers/gaussian-process.ts';
import { lossSlope, targetScale } from '../../src/trainers/mlp-loss.ts';
import { inverseMills, normalDistribution } from '../../src/trainers/normal.ts';
import { series } from './trainers-fixtures.ts';

const linearAlgebra = loadLinearAlgebra();

describe('normal distribution', () => {
  it('has the values of the tables, and a ratio that stays finite far below', () => {
    // Abramowitz & Stegun 1964, table 26.1, and the series of its tail.
    expect(normalDistribution(0)).toBe(0.5);
    expect(normalDistribution(1)).toBeCloseTo(0.841344746068543, 14);
    expect(normalDistribution(-5) / 2.866515718791939e-7).toBeCloseTo(1, 9);
    expect(normalDistribution(4.5)).toBeCloseTo(0.999996602326875, 14);
    expect(inverseMills(-1)).toBeCloseTo(1.525135276160981, 12);
    expect(inverseMills(-40)).toBeCloseTo(40.024968847, 6);
    expect(inverseMills(-7.999999)).toBeCloseTo(inverseMills(-8.000001), 4);
    expect(inverseMills(40)).toBe(0);
  });
});

describe('bounds of a process', () => {
  /** Prior N(0, 2) at one place, next to nothing known of it from one far, exact value of 0. */
  const kernel = Float64Array.of(2, 0, 0, 2);
  const noise = 0.3;

  it.each([
    { y: 1, side: -1 },
    { y: -1, side: -1 },
    { y: -4, side: -1 },
    { y: 0.5, side: 1 },
    { y: 5, side: -1 },
  ])('a single bound $side at $y gives the mean and variance of numerical integration', ({ y, side }) => {
    const sites = boundSites(
      { kernel, y: Float64Array.of(0, y), relation: Int8Array.of(0, side), noise },
      linearAlgebra,
    );
    let [weight, first, second] = [0, 0, 0];
    for (let f = -15; f < 15; f += 1e-3) {
      const p = Math.exp(-0.25 * f * f) * normalDistribution((side * (f - y)) / Math.sqrt(noise));
      weight += p;
      first += p * f;
      second += p * f * f;
    }
    const mean = first / weight;
    const variance = second / weight - mean * mean;
    const precision = 1 / 2 + 1 / sites.noise[1];
    expect(1 / precision).toBeCloseTo(variance, 3);
    expect(sites.y[1] / sites.noise[1] / precision).toBeCloseTo(mean, 3);
    expect([sites.y[0], sites.noise[0]]).toEqual([0, noise]);
  });

  it('exact rows stay what they are, and no sweep is made without bounds', () => {
    const y = Float64Array.of(0.5, -1);
    const sites = boundSites({ kernel, y, relation: new Int8Array(2), noise }, linearAlgebra);
    expect(sites).toEqual({ y, noise: Float64Array.of(noise, noise), sweeps: 0 });
  });

  it('many bounds leave the moments under each site equal to those under its likelihood', () => {
    const n = 9;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) matrix[i * n + j] = 1.5 * Math.exp(-0.1 * (i - j) ** 2);
    }
    const y = Float64Array.from({ length: n }, (_, i) => Math.sin(i));
    const relation = Int8Array.of(0, -1, 1, 0, -1, -1, 0, 1, -1);
    const sites = boundSites({ kernel: matrix, y, relation, noise: 0.2 }, linearAlgebra);
    expect(sites.sweeps).toBeLessThan(40);
    // The posterior by a dense inverse, its mean the one that boundSites starts from: weighted over exact rows.
    const exact = [0, 3, 6];
    const gram = (rows: number[], extra: (row: number) => number) => {
      const a = new Float64Array(rows.length ** 2);
      rows.forEach((r, i) => {
        rows.forEach((c, j) => {
          a[i * rows.length + j] = matrix[Math.max(r, c) * n + Math.min(r, c)] + (i === j ? extra(r) : 0);
        });
      });
      linearAlgebra.cholesky(a, rows.length);
      return linearAlgebra.inverseFromCholesky(a, rows.length);
    };
    const small = gram(exact, () => 0.2);
    let [above, below] = [0, 0];
    small.forEach((value, at) => {
      above += value * y[exact[at % 3]];
      below += value;
    });
    const mean = above / below;
    const rows = [...y.keys()];
    const inverse = gram(rows, (row) => sites.noise[row]);
    for (const row of rows.filter((r) => relation[r] !== 0)) {
      const pulled = rows.reduce((sum, j) => sum + inverse[row * n + j] * (sites.y[j] - mean), 0);
      const noise = sites.noise[row];
      const posterior = {
        mean: sites.y[row] - noise * pulled,
        variance: noise - noise ** 2 * inverse[row * n + row],
      };
      const cavityVariance = 1 / (1 / posterior.variance - 1 / noise);
      const cavityMean = cavityVariance * (posterior.mean / posterior.variance - sites.y[row] / noise);
      let [weight, first, second] = [0, 0, 0];
      for (let f = -12; f < 12; f += 1e-3) {
        const density = Math.exp((-0.5 * (f - cavityMean) ** 2) / cavityVariance);
        const p = density * normalDistribution((relation[row] * (f - y[row])) / Math.sqrt(0.2));
        weight += p;
        first += p * f;
        second += p * f * f;
      }
      expect(posterior.mean).toBeCloseTo(first / weight, 3);
      expect(posterior.variance).toBeCloseTo(second / weight - (first / weight) ** 2, 3);
    }
  });

  it('a process told that values are bounds comes nearer to what lies below them than one that takes them as exact', async () => {
    const data = series(120, 1);
    const cut = 0.4;
    const relation = Int8Array.from(data.y, (y) => (y < cut ? -1 : 0));
    const y = data.y.map((value) => Math.max(value, cut));
    const options = { kind: 'regression', seed: 3 } as const;
    const unseen = series(80, 2);
    const trainOn = async (training: typeof data) => {
      const model = await fitGaussianProcess(training, options, linearAlgebra);
      const predicted = predictGaussianProcess(model, unseen);
      const below = [...unseen.y.keys()].filter((row) => unseen.y[row] < cut - 0.3);
      return { model, error: below.reduce((sum, row) => sum + (predicted[row] - unseen.y[row]) ** 2, 0) };
    };
    const told = await trainOn({ ...data, y, relation });
    const asExact = await trainOn({ ...data, y });
    expect(told.error).toBeLessThan(0.7 * asExact.error);
    expect(told.model.parameters.bounds).toBe(relation.filter((side) => side !== 0).length);
    expect(told.model.heldOut.every(Number.isFinite)).toBe(true);
  }, 60_000);
});

describe('slope of the loss', () => {
  const data = { ...series(4, 1), y: Float64Array.of(1, 2, 3, 4), relation: Int8Array.of(0, -1, 1, 0) };
  const scale = targetScale('regression', data);

  it('scales by exact values only', () => {
    expect(scale).toEqual({ center: 2.5, spread: 1.5 });
  });

  it('is the error for values and the derivative of the log probability for bounds', () => {
    const slopeOf = lossSlope('regression', data, scale);
    expect(slopeOf(0, 0.5)).toBeCloseTo(0.5 - (1 - 2.5) / 1.5, 12);
    for (const [row, side] of [
      [1, -1],
      [2, 1],
    ]) {
      const target = (data.y[row] - 2.5) / 1.5;
      const loss = (output: number) => -0.04 * Math.log(normalDistribution((side * (output - target)) / 0.2));
      for (const output of [-2, 0, 1.5]) {
        const difference = (loss(output + 1e-5) - loss(output - 1e-5)) / 2e-5;
        expect(slopeOf(row, output)).toBeCloseTo(difference, 6);
      }
    }
  });
});
