import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { summarizeMmd } from '../../src/core/mmd.ts';
import { seededRandom } from '../../src/core/random.ts';
import { clusterSwapLabels } from '../../src/statistics/cluster-swap-labels.ts';
import { medianDistance } from '../../src/statistics/median-distance.ts';
import { mmdTest } from '../../src/statistics/mmd-test.ts';
import {
  independentLabels,
  type PermutationLabels,
  packLabels,
} from '../../src/statistics/permutation-labels.ts';
import { scaleFeatures } from '../../src/statistics/scale-features.ts';
import { noShared, readShared } from '../shared.ts';

const mmd = referenceBackend.ops.mmd!;

interface Oracle {
  a: { X: string[]; Y: string[]; splits: [number[], string, number][] };
  b: { n: number; m: number; fingerprints: string[]; permutations: number[][]; rbf: { sigma: number } };
  c: {
    n_clusters: number;
    fingerprints: string[];
    cluster: number[];
    columns: { x_clusters: number[]; mmd2u: number; n_b: number }[];
    count_ge: number;
    p: number;
  };
}

function labelsOf(units: number, inBatch: readonly (readonly number[])[]): PermutationLabels {
  const columns = inBatch.map((members) => {
    const sides = new Uint8Array(units);
    for (const unit of members) sides[unit] = 1;
    return packLabels(sides);
  });
  const bytes = columns[0].length;
  const bits = new Uint8Array(columns.length * bytes);
  for (const [b, column] of columns.entries()) bits.set(column, b * bytes);
  return { rows: units, labels: { bits, count: columns.length, bytes }, labellings: columns.length };
}

const fromHex = (rows: readonly string[]) => ({
  fingerprints: Uint8Array.from(Buffer.from(rows.join(''), 'hex')),
  bits: 2048,
});

describe.skipIf(noShared)('known answers', () => {
  const oracle = () => JSON.parse(readShared('oracles/mmd.json.gz')) as Oracle;

  test('the five rows of four bits have MMD2u 7/12 and p 1/10 over all splits', async () => {
    const { X, Y, splits } = oracle().a;
    const fingerprints = new Uint8Array(5 * 32);
    for (const [i, row] of [...X, ...Y].entries()) {
      for (const [bit, digit] of [...row].entries()) if (digit === '1') fingerprints[i * 32] |= 1 << bit;
    }
    const labels = labelsOf(
      5,
      splits.map(([members]) => members),
    );
    const found = await mmdTest({ samples: { fingerprints, bits: 256 }, labels, seed: 1 }, mmd);
    expect(found.kernels).toHaveLength(1);
    expect(Math.abs(found.kernels[0].value - 7 / 12)).toBeLessThan(1e-12);
    expect(found.kernels[0]).toMatchObject({ view: 'tanimoto', exceedances: 0, p: 1 / 10, adjusted: 1 / 10 });
    expect(found.p).toBe(1 / 10);
    // Taking each split for the true one in turn: p is uniform over its null.
    const ps = splits.map((_, i) => {
      const values = Float64Array.from(splits, (_, j) => splits[(i + j) % 10][2]);
      return summarizeMmd(values, 10).p[0];
    });
    for (const level of [1, 2, 5, 10]) {
      expect(ps.filter((p) => p <= level / 10 + 1e-12).length).toBeLessThanOrEqual(level);
    }
  });

  test('whole scaffolds changing sides have the known count and p', async () => {
    const { n_clusters, fingerprints, cluster, columns, count_ge, p } = oracle().c;
    const units = Uint32Array.from(cluster);
    const labels = {
      ...labelsOf(
        n_clusters,
        columns.map(({ x_clusters }) => x_clusters),
      ),
      rows: cluster.length,
      units,
    };
    const found = await mmdTest({ samples: fromHex(fingerprints), labels, seed: 1 }, mmd);
    expect(found.kernels[0].exceedances).toBe(count_ge);
    expect(found.p).toBe(p);
    for (const [b, { mmd2u }] of columns.entries()) {
      expect(Math.abs(found.values[b] - mmd2u)).toBeLessThan(1e-12);
    }
    // Labels drawn for the same clusters: the same observed value, as many clusters in the batch, a p of the same law.
    const inBatch = new Set(columns[0].x_clusters);
    const observed = Uint8Array.from(cluster, (c) => (inBatch.has(c) ? 1 : 0));
    const drawn = clusterSwapLabels({ observed, permutations: 499, seed: 3 }, units);
    expect(drawn.units).toEqual(units);
    expect(drawn.labellings).toBe(10_400_600);
    const redrawn = await mmdTest({ samples: fromHex(fingerprints), labels: drawn, seed: 1 }, mmd);
    expect(Math.abs(redrawn.kernels[0].value - columns[0].mmd2u)).toBeLessThan(1e-12);
    expect(Math.abs(redrawn.p - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 200));
  });

  test('the median distance of 100 real fingerprints is the known bandwidth', () => {
    const { fingerprints, rbf } = oracle().b;
    const packed = fromHex(fingerprints).fingerprints;
    const bits = Float64Array.from({ length: 100 * 2048 }, (_, i) => (packed[i >> 3] >> (i & 7)) & 1);
    expect(medianDistance(bits, 2048, 1)).toBeCloseTo(rbf.sigma, 12);
  });
});

/** Fingerprints that say nothing, and a view of two columns whose batch rows are shifted. */
function makeProblem(random: () => number, rows: number, shift: number) {
  const observed = Uint8Array.from({ length: rows }, (_, row) => (row < rows / 2 ? 1 : 0));
  const fingerprints = Uint8Array.from({ length: rows * 32 }, () => Math.floor(random() * 256));
  const features = Float64Array.from({ length: rows * 2 }, (_, i) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return i % 2 === 0 ? 400 + 100 * (normal + shift * observed[i >> 1]) : normal;
  });
  return { samples: { fingerprints, bits: 256 }, observed, features };
}

describe('several kernels', () => {
  test('are named with their bandwidths, and the one that sees the shift decides', async () => {
    const { samples, observed, features } = makeProblem(seededRandom(1), 40, 2);
    const labels = independentLabels({ observed, permutations: 99, seed: 5 });
    const views = [
      { name: 'descriptors', features, dimensions: 2 },
      { name: 'flat', features: new Float64Array(40).fill(0.1), dimensions: 1 },
      { name: 'outputs', features: features.map((value) => value ** 2), dimensions: 2 },
    ];
    const found = await mmdTest({ samples, views, labels, seed: 1 }, mmd);
    expect(found.kernels.map(({ view }) => view)).toEqual([
      'tanimoto',
      ...new Array(3).fill('descriptors'),
      ...new Array(3).fill('outputs'),
    ]);
    expect(found.constantViews).toEqual(['flat']);
    const [half, whole, twice] = found.kernels.slice(1, 4).map(({ bandwidth }) => bandwidth!);
    expect(whole).toBe(medianDistance(scaleFeatures(features, 2), 2, 1));
    expect([half, twice]).toEqual([whole / 2, whole * 2]);
    expect(found.kernels[0].p).toBeGreaterThan(0.05);
    expect(found.kernels[found.least].view).toBe('descriptors');
    expect(found.p).toBeLessThanOrEqual(0.07);
    expect(found.p).toBe(found.kernels[found.least].adjusted);
    expect(found.smallestP).toBe(0.07);
    expect(found.values).toHaveLength(7 * 100);
    // Each view is compared by its own numbers, whatever the others.
    const alone = await mmdTest({ samples, views: views.slice(2), labels, seed: 1 }, mmd);
    expect(alone.values.subarray(100)).toEqual(found.values.subarray(400));
    const first = await mmdTest({ samples, views: views.slice(0, 1), labels, seed: 1 }, mmd);
    expect(first.values).toEqual(found.values.subarray(0, 400));
    for (const { p, exceedances, adjusted } of found.kernels) {
      expect(p).toBe((1 + exceedances) / 100);
      expect(adjusted).toBeGreaterThanOrEqual(p);
      expect(adjusted).toBeLessThanOrEqual(Math.min(1, 7 * p) + 1e-12);
    }
  });

  test('reject together at the stated rate under the null', async () => {
    const random = seededRandom(2);
    const ps: number[] = [];
    for (let run = 0; run < 400; run++) {
      const { samples, observed, features } = makeProblem(random, 12, 0);
      const labels = independentLabels({ observed, permutations: 59, seed: run });
      const views = [{ name: 'descriptors', features, dimensions: 2 }];
      ps.push((await mmdTest({ samples, views, labels, seed: 1 }, mmd)).p);
    }
    // Of four kernels up to four columns share the first rank, so the combined p is a little large where columns are few.
    for (const alpha of [0.05, 0.2]) {
      const rate = ps.filter((p) => p <= alpha + 1e-12).length / 400;
      expect(rate).toBeLessThan(alpha + 4 * Math.sqrt((alpha * (1 - alpha)) / 400));
      expect(rate).toBeGreaterThan(alpha / 3);
    }
  });
});

describe('median distance and scaling', () => {
  test('distances of 0 are passed over where most are, and all equal rows have none', () => {
    expect(medianDistance(Float64Array.of(0, 0, 0, 0, 3), 1, 1)).toBe(3);
    expect(medianDistance(new Float64Array(6), 2, 1)).toBeNaN();
    expect(medianDistance(Float64Array.of(1, 2), 2, 1)).toBeNaN();
    expect(() => medianDistance(new Float64Array(5), 2, 1)).toThrow(/do not fit/);
  });

  test('a seeded sample of many rows has nearly the median of all, and the same each time', () => {
    const random = seededRandom(3);
    const features = Float64Array.from({ length: 5000 }, () => random());
    const found = medianDistance(features, 1, 1);
    // Of two uniform numbers: 1 - sqrt(1/2).
    expect(Math.abs(found - (1 - Math.SQRT1_2))).toBeLessThan(0.02);
    expect(medianDistance(features, 1, 1)).toBe(found);
    expect(medianDistance(features, 1, 2)).not.toBe(found);
  });

  test('columns come to mean 0 and deviation 1 whatever their units, constant ones to 0', () => {
    const scaled = scaleFeatures(Float64Array.of(1, 1e6, 0.1, 3, 3e6, 0.1), 3);
    expect([...scaled]).toEqual([-1, -1, 0, 1, 1, 0]);
    expect([...scaleFeatures(new Float64Array(3).fill(0.1), 1)]).toEqual([0, 0, 0]);
    expect(() => scaleFeatures(Float64Array.of(1, 2, 3, Number.NaN), 2)).toThrow(/Feature 1 of row 1 is NaN/);
    expect(() => scaleFeatures(new Float64Array(3), 2)).toThrow(/do not fit/);
  });
});
