import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { benjaminiHochberg, benjaminiYekutieli } from '../../src/statistics/benjamini-hochberg.ts';
import { clusterSwapLabels } from '../../src/statistics/cluster-swap-labels.ts';
import { combineCorrelations, seriesCorrelations } from '../../src/statistics/fisher-z.ts';
import { kolmogorovSmirnov } from '../../src/statistics/kolmogorov-smirnov.ts';
import { independentLabels, readLabels } from '../../src/statistics/permutation-labels.ts';
import { permutedDistances } from '../../src/statistics/permuted-distances.ts';
import { twoSample } from '../../src/statistics/two-sample.ts';
import { wasserstein } from '../../src/statistics/wasserstein.ts';
import { westfallYoungMaxT, westfallYoungMinP } from '../../src/statistics/westfall-young.ts';

function gaussFrom(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

describe('Westfall-Young', () => {
  test('of three statistics worked by hand', () => {
    // Columns: observed, then three permutations.
    const values = Float64Array.of(5, 1, 2, 3, 4, 6, 1, 1, 2, 2, 2, 7);
    const { raw, singleStep, stepDown } = westfallYoungMaxT({ names: ['a', 'b', 'c'], values });
    expect([...raw]).toEqual([1 / 4, 2 / 4, 4 / 4]);
    // Maxima over all: 5, 6, 2, 7.
    expect([...singleStep]).toEqual([3 / 4, 3 / 4, 4 / 4]);
    // Of b and c: 4, 6, 2, 7; of c: 2, 2, 2, 7. b may not fall below a.
    expect([...stepDown]).toEqual([3 / 4, 3 / 4, 4 / 4]);
  });

  test('stepping down spares the second statistic the first one, and p never falls along the way', () => {
    const values = Float64Array.of(10, 9, 1, 1, 5, 1, 2, 3);
    const { singleStep, stepDown } = westfallYoungMaxT({ names: ['a', 'b'], values });
    expect([...singleStep]).toEqual([1 / 4, 2 / 4]);
    expect([...stepDown]).toEqual([1 / 4, 1 / 4]);
  });

  test('min-p does not depend on the scale of a row, max-T does', () => {
    const gauss = gaussFrom(1);
    const values = Float64Array.from({ length: 3 * 200 }, () => Math.abs(gauss()));
    const scaled = values.map((value, i) => (i < 200 ? 1e6 * value : value));
    const names = ['a', 'b', 'c'];
    expect(westfallYoungMinP({ names, values: scaled })).toEqual(westfallYoungMinP({ names, values }));
    expect(westfallYoungMaxT({ names, values: scaled })).not.toEqual(westfallYoungMaxT({ names, values }));
  });

  test('with too few permutations min-p says that it cannot fire, and it cannot', () => {
    // The first row's observed value is its largest; each other row has its largest in a column of its own.
    const columns = 40;
    const values = Float64Array.from({ length: 9 * columns }, (_, i) =>
      i % columns === 0 ? (i === 0 ? 1e3 : 0) : (i * 7919) % 1000,
    );
    const names = Array.from({ length: 9 }, (_, k) => `column ${k}`);
    const minP = westfallYoungMinP({ names, values });
    expect(minP.least).toBeCloseTo(9 / columns, 12);
    expect(minP.raw[0]).toBe(1 / columns);
    expect(Math.abs(minP.stepDown[0] - minP.least)).toBeLessThan(1.5 / columns);
    expect(westfallYoungMaxT({ names, values })).toMatchObject({ least: 1 / columns });
    expect(westfallYoungMaxT({ names, values }).stepDown[0]).toBe(1 / columns);
  });

  test('a value equal but for its last digits counts as an exceedance, so no p is 0', () => {
    const values = Float64Array.of(0.3, 0.1 + 0.2 - 1e-16, 0.1, 0.1);
    for (const adjust of [westfallYoungMaxT, westfallYoungMinP]) {
      expect([...adjust({ names: ['a'], values }).raw]).toEqual([0.5]);
    }
  });

  test('keeps the family-wise error of dependent columns, where raw p-values do not', () => {
    const gauss = gaussFrom(2);
    const runs = 300;
    const names = Array.from({ length: 20 }, (_, k) => `column ${k}`);
    const wrong = { raw: 0, maxT: 0, minP: 0 };
    for (let run = 0; run < runs; run++) {
      // Statistics that share most of their noise, as the descriptors of one set of compounds do.
      const common = Float64Array.from({ length: 100 }, gauss);
      const values = Float64Array.from(
        { length: 20 * 100 },
        (_, i) => 0.9 * common[i % 100] + 0.44 * gauss(),
      );
      const maxT = westfallYoungMaxT({ names, values });
      if (Math.min(...maxT.raw) <= 0.05) wrong.raw++;
      if (Math.min(...maxT.stepDown) <= 0.05) wrong.maxT++;
      if (Math.min(...westfallYoungMinP({ names, values }).stepDown) <= 0.05) wrong.minP++;
    }
    expect(wrong.raw / runs).toBeGreaterThan(0.1);
    // 0.05 and three standard errors.
    expect(wrong.maxT / runs).toBeLessThan(0.088);
    expect(wrong.minP / runs).toBeLessThan(0.088);
    expect(wrong.maxT / runs).toBeGreaterThan(0.02);
  });

  test.each([
    [['a', 'b'], [1, 2, 3], 'do not fit 2 statistics'],
    [['a'], [1], 'B >= 1'],
    [['a', 'logD'], [1, 2, 3, Number.NaN], 'Statistic logD is not a number in column 1'],
  ])('%j with values %j is refused', (names, values, message) => {
    for (const adjust of [westfallYoungMaxT, westfallYoungMinP]) {
      expect(() => adjust({ names, values: Float64Array.from(values) })).toThrow(message);
    }
  });
});

test('adjusting a p-value that is none is refused', () => {
  for (const adjust of [benjaminiHochberg, benjaminiYekutieli]) {
    expect(() => adjust([0.1, Number.NaN])).toThrow('p-value 1 is NaN');
    expect(() => adjust([1.1])).toThrow('p-value 0 is 1.1');
  }
});

describe('distances under permuted labels', () => {
  const gauss = gaussFrom(3);
  const rows = 37;
  const columns = [
    { name: 'smooth', values: Float64Array.from({ length: rows }, gauss) },
    { name: 'tied', values: Float64Array.from({ length: rows }, () => Math.round(gauss())) },
  ];
  const observed = Uint8Array.from({ length: rows }, (_, row) => (row < 12 ? 1 : 0));
  const labels = independentLabels({ observed, permutations: 50, seed: 9 });

  test('are those of the two samples that each labelling makes', () => {
    const ks = permutedDistances(columns, labels, 'kolmogorov-smirnov');
    const area = permutedDistances(columns, labels, 'wasserstein');
    expect(ks.names).toEqual(['smooth', 'tied']);
    const sides = new Uint8Array(rows);
    for (let b = 0; b <= 50; b++) {
      readLabels(labels, b, sides);
      for (const [c, { name, values }] of columns.entries()) {
        const [x, y] = [0, 1].map((side) => values.filter((_, row) => sides[row] === side));
        const sample = twoSample(name, x, y);
        expect(ks.values[c * 51 + b]).toBeCloseTo(kolmogorovSmirnov(sample).statistic, 14);
        const mean = values.reduce((sum, value) => sum + value, 0) / rows;
        const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows);
        expect(area.values[c * 51 + b]).toBeCloseTo(wasserstein(sample) / deviation, 12);
      }
    }
  });

  test('are the same however many labellings, rows of one value, and rows of one unit there are', () => {
    const many = 700;
    const clusters = Uint32Array.from({ length: many }, (_, row) => Math.floor(row / 3));
    const request = {
      observed: Uint8Array.from(clusters, (cluster) => (cluster % 10 === 0 ? 0 : 1)),
      permutations: 149,
      seed: 4,
    };
    const pooled = [
      (row: number) => clusters[row] / 100 + gauss(),
      () => Math.exp(3 * gauss()),
      (row: number) => (row % 7 === 0 ? Math.round(gauss()) : 0),
      (row: number) => (row === 699 ? 1 : -0),
    ].map((draw, c) => ({
      name: `column ${c}`,
      values: Float64Array.from({ length: many }, (_, row) => draw(row)),
    }));
    for (const drawn of [independentLabels(request), clusterSwapLabels(request, clusters)]) {
      const ks = permutedDistances(pooled, drawn, 'kolmogorov-smirnov').values;
      const area = permutedDistances(pooled, drawn, 'wasserstein').values;
      const side = new Uint8Array(many);
      for (let b = 0; b < 150; b++) {
        readLabels(drawn, b, side);
        for (const [c, { name, values }] of pooled.entries()) {
          const [x, y] = [0, 1].map((one) => values.filter((_, row) => side[row] === one));
          const sample = twoSample(name, x, y);
          expect(ks[c * 150 + b]).toBeCloseTo(kolmogorovSmirnov(sample).statistic, 14);
          const mean = values.reduce((sum, value) => sum + value, 0) / many;
          const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / many);
          expect(area[c * 150 + b]).toBeCloseTo(wasserstein(sample) / deviation, 11);
        }
      }
    }
  });

  test.each([
    ['constant', new Array(rows).fill(1), 'is constant on both sides'],
    ['short', [1, 2], 'has 2 values for 37 labelled rows'],
    ['missing', Array.from({ length: rows }, (_, i) => (i === 5 ? Number.NaN : i)), 'is NaN at row 5'],
  ])('a %s column is refused by name', (name, values, message) => {
    expect(() => permutedDistances([{ name, values }], labels, 'wasserstein')).toThrow(
      `Column ${name} ${message}`,
    );
  });

  test('labels with one side only are refused', () => {
    const ofReference = { ...labels.labels, bits: new Uint8Array(labels.labels.bits.length) };
    const alone = { ...labels, labels: ofReference };
    expect(() => permutedDistances(columns, alone, 'wasserstein')).toThrow('all rows on one side');
  });
});

describe('correlation over series', () => {
  test('of two series worked by hand', () => {
    const used = [
      { series: 1, rows: 53, correlation: Math.tanh(0.2) },
      { series: 2, rows: 53, correlation: Math.tanh(1) },
    ];
    const combined = combineCorrelations(used, 'spearman');
    // Variance 1.06 / 50 each, Q = 2 * 0.4^2 / v, tau2 = (Q - 1) v for equal weights.
    const variance = 1.06 / 50;
    expect(combined.q).toBeCloseTo(0.32 / variance, 10);
    expect(combined.tau2).toBeCloseTo(0.32 - variance, 10);
    expect(combined.correlation).toBeCloseTo(Math.tanh(0.6), 12);
    const half = 1.959963984540054 * Math.sqrt((variance + combined.tau2) / 2);
    expect(combined.low).toBeCloseTo(Math.tanh(0.6 - half), 10);
    expect(combined.high).toBeCloseTo(Math.tanh(0.6 + half), 10);
    expect(combined).toMatchObject({ series: 2, rows: 106, perfect: 0 });
  });

  test('series that are alike have no variance between them, and a single one has its own interval', () => {
    const alike = [8, 20, 400].map((rows, series) => ({ series, rows, correlation: 0.5 }));
    expect(combineCorrelations(alike, 'kendall')).toMatchObject({ tau2: 0 });
    const { low, high, tau2 } = combineCorrelations(alike.slice(0, 1), 'kendall');
    expect(tau2).toBe(0);
    const half = 1.959963984540054 * Math.sqrt(0.437 / 4);
    expect([low, high]).toEqual([
      expect.closeTo(Math.tanh(Math.atanh(0.5) - half), 10),
      expect.closeTo(Math.tanh(Math.atanh(0.5) + half), 10),
    ]);
  });

  test('no series gives no number, and a perfect one a finite number that is counted', () => {
    const none = combineCorrelations([], 'spearman');
    expect([none.correlation, none.low, none.high]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    const perfect = combineCorrelations([{ series: 1, rows: 8, correlation: 1 }], 'spearman');
    expect(perfect.perfect).toBe(1);
    expect(perfect.correlation).toBeCloseTo(1 - 6 / (8 * 63), 12);
    expect(() => combineCorrelations([{ series: 3, rows: 4, correlation: 0.5 }], 'kendall')).toThrow(
      'Series 3',
    );
    expect(() => combineCorrelations([{ series: 3, rows: 9, correlation: Number.NaN }], 'kendall')).toThrow(
      'Series 3',
    );
  });

  test('the interval covers the mean over series, also where series differ', () => {
    const gauss = gaussFrom(6);
    const runs = 400;
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const used = Array.from({ length: 30 }, (_, series) => {
        const rows = 8 + ((series * 7) % 40);
        const z = 0.5 + 0.3 * gauss() + Math.sqrt(1.06 / (rows - 3)) * gauss();
        return { series, rows, correlation: Math.tanh(z) };
      });
      const { low, high } = combineCorrelations(used, 'spearman');
      if (low <= Math.tanh(0.5) && Math.tanh(0.5) <= high) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.9);
    expect(covered / runs).toBeLessThan(0.985);
  });

  test('within series, not between: small and constant series are named and left out', () => {
    const series: number[] = [];
    const actual: number[] = [];
    const predicted: number[] = [];
    const add = (name: number, pairs: [number, number][]) => {
      for (const [a, p] of pairs) {
        series.push(name);
        actual.push(a);
        predicted.push(p);
      }
    };
    // Falls within each series, rises between them.
    add(
      1,
      Array.from({ length: 9 }, (_, i) => [i, -i]),
    );
    add(
      2,
      Array.from({ length: 8 }, (_, i) => [100 + i, 100 - i]),
    );
    add(
      3,
      Array.from({ length: 7 }, (_, i) => [i, i]),
    );
    add(
      4,
      Array.from({ length: 8 }, (_, i) => [i, 5]),
    );
    const found = seriesCorrelations(series, actual, predicted, 'kendall');
    expect(found).toEqual({
      used: [
        { series: 1, rows: 9, correlation: expect.closeTo(-1, 12) },
        { series: 2, rows: 8, correlation: expect.closeTo(-1, 12) },
      ],
      tooFew: [3],
      constant: [4],
    });
    expect(() => seriesCorrelations([1], [1, 2], [1, 2], 'kendall')).toThrow('1 series do not fit 2 rows');
    expect(() => seriesCorrelations([1, 1], [1, 2], [1], 'kendall')).toThrow('Give them in pairs');
  });
});
