import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { blockMmd } from '../../src/statistics/block-mmd.ts';
import { incompleteMmd } from '../../src/statistics/incomplete-mmd.ts';
import { gaussianKernel, type PairKernel, tanimotoKernel } from '../../src/statistics/pair-kernel.ts';
import { noShared, readShared } from '../shared.ts';

interface Sample {
  observed: Uint8Array;
  clusters: Uint32Array;
  features: Float64Array;
}

/** One number a row, of which rows of a cluster share most. Every so many-th cluster is on both sides. */
function makeSample(
  random: () => number,
  clusters: number,
  perSide: number,
  shift: number,
  bothEvery = Infinity,
): Sample {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rows: [side: number, cluster: number, value: number][] = [];
  for (let cluster = 0; cluster < clusters; cluster++) {
    const center = normal();
    const both = cluster % bothEvery === bothEvery - 1;
    for (const side of both ? [0, 1] : [cluster % 2]) {
      for (let i = 0; i < perSide; i++) {
        rows.push([side, cluster, 0.9 * center + 0.44 * normal() + shift * side]);
      }
    }
  }
  return {
    observed: Uint8Array.from(rows, ([side]) => side),
    clusters: Uint32Array.from(rows, ([, cluster]) => cluster),
    features: Float64Array.from(rows, ([, , value]) => value),
  };
}

const kernelOf = ({ features }: Sample) => gaussianKernel(features, 1, 1);

const block = (sample: Sample, seed: number, clustered: boolean) => {
  const { observed, clusters } = sample;
  return blockMmd({ observed, seed, ...(clustered && { clusters }) }, kernelOf(sample), 20).p;
};
const incomplete = (sample: Sample, seed: number, clustered: boolean) => {
  const { observed, clusters } = sample;
  const large = { observed, seed, ...(clustered && { clusters }) };
  return incompleteMmd(large, kernelOf(sample), { diagonals: 5, permutations: 39 }).p;
};

function rate(
  test: typeof block,
  runs: number,
  make: (random: () => number) => Sample,
  clustered: boolean,
): number {
  const random = seededRandom(21);
  let rejected = 0;
  for (let run = 0; run < runs; run++) if (test(make(random), run, clustered) <= 0.05 + 1e-12) rejected++;
  return rejected / runs;
}

describe.each([
  ['block', block],
  ['incomplete', incomplete],
])('%s MMD', (_, test_) => {
  test('rejects at the stated rate under the null of independent rows', () => {
    const found = rate(test_, 600, (random) => makeSample(random, 160, 1, 0), false);
    expect(found).toBeLessThan(0.05 + 4 * Math.sqrt(0.0475 / 600));
    expect(found).toBeGreaterThan(0.01);
  });

  test('rejects at the stated rate where rows come in clusters, and far too often where it is not told', () => {
    const make = (random: () => number) => makeSample(random, 100, 8, 0);
    const told = rate(test_, 300, make, true);
    const naive = rate(test_, 100, make, false);
    expect(told).toBeLessThan(0.05 + 4 * Math.sqrt(0.0475 / 300));
    expect(naive).toBeGreaterThan(0.15);
  });

  test('rejects at the stated rate where some clusters are on both sides', () => {
    const found = rate(test_, 300, (random) => makeSample(random, 120, 3, 0, 3), true);
    expect(found).toBeLessThan(0.05 + 4 * Math.sqrt(0.0475 / 300));
  });

  test('sees a shift, the more surely the more rows', () => {
    const few = rate(test_, 150, (random) => makeSample(random, 160, 1, 0.7), false);
    const many = rate(test_, 60, (random) => makeSample(random, 1200, 1, 0.7), false);
    expect(many).toBeGreaterThan(Math.max(0.8, few));
  });

  test('is the same for the same seed', () => {
    const sample = makeSample(seededRandom(5), 200, 2, 0.3);
    expect(test_(sample, 4, true)).toBe(test_(sample, 4, true));
  });
});

/** Standard deviation of the values and mean of the stated spreads. */
function spreads(found: readonly { value: number; spread: number }[]): [seen: number, stated: number] {
  const mean = found.reduce((sum, { value }) => sum + value, 0) / found.length;
  const squares = found.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
  return [
    Math.sqrt(squares / found.length),
    found.reduce((sum, { spread }) => sum + spread, 0) / found.length,
  ];
}

const sides = (batch: number, reference: number) =>
  Uint8Array.from({ length: batch + reference }, (_, row) => (row < batch ? 1 : 0));

/** 1 between rows of one side, 0 between sides. */
const sameSide =
  (observed: Uint8Array): PairKernel =>
  (i, j) =>
    observed[i] === observed[j] ? 1 : 0;

describe('estimates and their spreads', () => {
  const draws = (random: () => number) =>
    Array.from({ length: 400 }, (_, seed) => ({ seed, sample: makeSample(random, 160, 1, 0) }));

  test('spreads are those seen over null draws, and the estimates centre on 0', () => {
    const all = draws(seededRandom(31));
    const blocks = all.map(({ seed, sample }) =>
      blockMmd({ observed: sample.observed, seed }, kernelOf(sample), 20),
    );
    const coupled = (diagonals: number) =>
      all.map(({ seed, sample }) =>
        incompleteMmd({ observed: sample.observed, seed }, kernelOf(sample), { diagonals, permutations: 0 }),
      );
    const [few, many] = [coupled(1), coupled(39)];
    for (const found of [blocks, few, many]) {
      const [seen, stated] = spreads(found);
      expect(stated / seen).toBeGreaterThan(0.85);
      expect(stated / seen).toBeLessThan(1.15);
      const mean = found.reduce((sum, { value }) => sum + value, 0) / found.length;
      expect(Math.abs(mean)).toBeLessThan((4 * seen) / Math.sqrt(found.length));
    }
    expect(many[0].spreadRatio).toBeLessThan(1.02);
    expect(few[0].spreadRatio / (spreads(few)[0] / spreads(many)[0])).toBeCloseTo(1, 0);
  });

  test('samples that share nothing have MMD2u 2 and the least p', () => {
    const observed = sides(41, 60);
    const block = blockMmd({ observed, seed: 1 }, sameSide(observed), 20);
    // 41 and 60 rows in 20 blocks: one of 3 x 3, the others of 2 x 3.
    expect(block).toEqual({ value: 2, spread: 0, p: 2 ** -20, blocks: 20, pairs: 19 * (1 + 3 + 6) + 15 });
    const options = { diagonals: 20, permutations: 99 };
    const incomplete = incompleteMmd({ observed, seed: 1 }, sameSide(observed), options);
    expect(incomplete).toMatchObject({ value: 2, p: 0.01, couples: 41, pairs: 4 * 41 * 20, spreadRatio: 1 });
    expect(incomplete.spread).toBeCloseTo(2 / Math.sqrt(41 * 20), 12);
  });

  test('samples that are all alike have MMD2u 0 and p 1', () => {
    const observed = sides(45, 50);
    expect(blockMmd({ observed, seed: 1 }, () => 1, 20)).toMatchObject({ value: 0, p: 1 });
    const options = { diagonals: 2, permutations: 19 };
    expect(incompleteMmd({ observed, seed: 1 }, () => 1, options)).toMatchObject({ value: 0, p: 1 });
  });

  test('pairs of one cluster are never compared', () => {
    const { observed, clusters } = makeSample(seededRandom(1), 150, 3, 0, 3);
    const large = { observed, clusters, seed: 1 };
    const kernel: PairKernel = (i, j) => (clusters[i] === clusters[j] ? Number.NaN : 1);
    expect(blockMmd(large, kernel, 20).value).toBe(0);
    const found = incompleteMmd(large, kernel, { diagonals: 2, permutations: 9 });
    // 50 clusters on both sides; of the others 50 on either side.
    expect(found).toMatchObject({ value: 0, couples: 100 });
  });

  test('p of couples is that of exchanging the two rows of each', () => {
    // Every cluster is a couple, and all pairs of couples are compared. With products of one number the value is
    // ((sum of differences)^2 - sum of squares) / 420, so all 2^20 exchanges are soon counted.
    const random = seededRandom(8);
    const observed = Uint8Array.from({ length: 42 }, (_, row) => row % 2);
    const clusters = Uint32Array.from(observed, (_, row) => row >> 1);
    const numbers = Float64Array.from(observed, (side) => random() + 0.1 * side);
    const differences = Array.from({ length: 21 }, (_, i) => numbers[2 * i + 1] - numbers[2 * i]);
    const total = differences.reduce((sum, difference) => sum + difference);
    const squares = differences.reduce((sum, difference) => sum + difference ** 2, 0);
    let reached = 0;
    for (let exchanges = 0; exchanges < 2 ** 20; exchanges++) {
      let sum = differences[20];
      for (let i = 0; i < 20; i++) sum += (exchanges >> i) & 1 ? differences[i] : -differences[i];
      if (Math.abs(sum) >= Math.abs(total) - 1e-12) reached++;
    }
    const exact = reached / 2 ** 20;
    expect(exact).toBeCloseTo(0.287, 3);
    const options = { diagonals: 10, permutations: 1999 };
    const sample = { observed, clusters, seed: 1 };
    const found = incompleteMmd(sample, (i, j) => numbers[i] * numbers[j], options);
    expect(found.value).toBeCloseTo((total ** 2 - squares) / 420, 12);
    expect(Math.abs(found.p - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / 2000));
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      '39 rows for 20 blocks',
      () => blockMmd({ observed: sides(39, 90), seed: 1 }, () => 1, 20),
      /39 clusters/,
    ],
    ['fewer than 20 blocks', () => blockMmd({ observed: sides(99, 99), seed: 1 }, () => 1), /too few for 20/],
    ['no rows', () => blockMmd({ observed: sides(0, 0), seed: 1 }, () => 1), /0 clusters/],
    ['a side of 2', () => blockMmd({ observed: Uint8Array.of(2), seed: 1 }, () => 1), /side of row 0/],
    [
      '19 couples',
      () => incompleteMmd({ observed: sides(19, 90), seed: 1 }, () => 1, { diagonals: 1, permutations: 9 }),
      /Only 19/,
    ],
    [
      'more diagonals than couples have',
      () => incompleteMmd({ observed: sides(20, 90), seed: 1 }, () => 1, { diagonals: 10, permutations: 9 }),
      /Give 1 to 9/,
    ],
  ])('are refused for %s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  test('the number of blocks is the square root of the rows on the smaller side', () => {
    const observed = sides(450, 1000);
    expect(blockMmd({ observed, seed: 1 }, sameSide(observed)).blocks).toBe(21);
  });
});

describe.skipIf(noShared)('the Tanimoto kernel of pairs', () => {
  interface Oracle {
    queries: string[];
    refs: string[];
    top10: [number, number, number][][];
  }

  test('has the known intersections and unions, at any address and row length', () => {
    const { queries, refs, top10 } = JSON.parse(readShared('oracles/tanimoto.json.gz')) as Oracle;
    const rowBytes = 259;
    const fingerprints = new Uint8Array(1 + rowBytes * (queries.length + refs.length)).subarray(1).fill(0xff);
    for (const [row, hex] of [...queries, ...refs].entries()) {
      fingerprints.set(Buffer.from(hex, 'hex'), row * rowBytes);
    }
    const kernel = tanimotoKernel({ fingerprints, bits: 2048, rowBytes });
    for (const [query, hits] of top10.entries()) {
      for (const [ref, shared, union] of hits) {
        expect(kernel(query, queries.length + ref)).toBe(union === 0 ? 1 : shared / union);
        expect(kernel(queries.length + ref, query)).toBe(union === 0 ? 1 : shared / union);
      }
    }
  });
});

test('the Tanimoto kernel reads every bit that is compared, and none past them', () => {
  const rows = [[0], [255], [0, 255], [31, 32], [], []];
  const fingerprints = new Uint8Array(rows.length * 33).fill(0xff);
  for (const [row, bits] of rows.entries()) {
    fingerprints.fill(0, row * 33, row * 33 + 32);
    for (const bit of bits) fingerprints[row * 33 + (bit >> 3)] |= 1 << (bit & 7);
  }
  const kernel = tanimotoKernel({ fingerprints, bits: 256, rowBytes: 33 });
  expect([kernel(0, 1), kernel(0, 2), kernel(1, 2), kernel(3, 3), kernel(0, 4), kernel(4, 5)]).toEqual([
    0, 0.5, 0.5, 1, 0, 1,
  ]);
  expect(() => tanimotoKernel({ fingerprints, bits: 100 })).toThrow(/100 bits/);
});

test('the Gaussian kernel is as defined', () => {
  const kernel = gaussianKernel(Float64Array.of(0, 0, 3, 4), 2, 5);
  expect(kernel(0, 1)).toBeCloseTo(Math.exp(-0.5), 15);
  expect(kernel(1, 1)).toBe(1);
});
