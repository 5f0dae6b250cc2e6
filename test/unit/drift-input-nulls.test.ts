import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { seededRandom } from '../../src/core/random.ts';
import { labelsUnder } from '../../src/flows/drift/drift-check.ts';
import { clusterShareLabels } from '../../src/statistics/cluster-share-labels.ts';
import { clusterSides, takenAlike } from '../../src/statistics/cluster-sides.ts';
import { clusterSwapLabels } from '../../src/statistics/cluster-swap-labels.ts';
import {
  independentLabels,
  mmdLabels,
  type PermutationLabels,
  readLabels,
} from '../../src/statistics/permutation-labels.ts';
import { countExceedances, permutationTest } from '../../src/statistics/permutation-test.ts';
import { permutedDistances } from '../../src/statistics/permuted-distances.ts';

interface Draw {
  clusters: Uint32Array;
  observed: Uint8Array;
  values: Float64Array;
}

/** How rows of one cluster are spread over the two sides, and what they share. */
interface Part {
  inBatch: number;
  inReference: number;
}

function makeDraw(random: () => number, parts: readonly Part[], ownOfPart: number): Draw {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const clusters: number[] = [];
  const observed: number[] = [];
  const values: number[] = [];
  for (const [cluster, { inBatch, inReference }] of parts.entries()) {
    const center = normal();
    for (const [side, count] of [inReference, inBatch].entries()) {
      const shared = center + ownOfPart * normal();
      for (let i = 0; i < count; i++) {
        clusters.push(cluster);
        observed.push(side);
        values.push(shared + 0.5 * normal());
      }
    }
  }
  return {
    clusters: Uint32Array.from(clusters),
    observed: Uint8Array.from(observed),
    values: Float64Array.from(values),
  };
}

/** Absolute difference of means. */
function meanDifference(values: Float64Array): (sides: Uint8Array) => number {
  return (sides) => {
    let batch = 0;
    let reference = 0;
    let inBatch = 0;
    for (const [row, value] of values.entries()) {
      inBatch += sides[row];
      if (sides[row] === 1) batch += value;
      else reference += value;
    }
    return Math.abs(batch / inBatch - reference / (values.length - inBatch));
  };
}

type MakeLabels = (draw: Draw, permutations: number, seed: number) => PermutationLabels;
const swaps: MakeLabels = ({ observed, clusters }, permutations, seed) =>
  clusterSwapLabels({ observed, permutations, seed }, clusters);
const shares: MakeLabels = ({ observed, clusters }, permutations, seed) =>
  clusterShareLabels({ observed, permutations, seed }, clusters);
const rows: MakeLabels = ({ observed }, permutations, seed) =>
  independentLabels({ observed, permutations, seed });

/** Shares of null draws with p at most 0.05 and 0.2. */
function rejections(make: (random: () => number) => Draw, labels: MakeLabels, runs: number): number[] {
  const random = seededRandom(11);
  const ps = Array.from({ length: runs }, (_, run) => {
    const draw = make(random);
    return permutationTest(labels(draw, 39, run), meanDifference(draw.values)).p;
  });
  return [0.05, 0.2].map((alpha) => ps.filter((p) => p <= alpha + 1e-12).length / runs);
}

/** Four standard errors of a share. */
const slack = (alpha: number, runs: number) => 4 * Math.sqrt((alpha * (1 - alpha)) / runs);

const below = (random: () => number, n: number) => Math.floor(random() * n);

/** Clusters of uneven sizes on one side, and on both sides with parts that are alike in law. */
const takingAlike = (random: () => number): Draw => {
  const parts = Array.from({ length: 12 }, (_, c): Part => {
    const [a, b] = [1 + below(random, 6), 1 + below(random, 6)];
    if (c < 4) return { inBatch: a, inReference: 0 };
    return c < 8 ? { inBatch: 0, inReference: a } : { inBatch: a, inReference: b };
  });
  return makeDraw(random, parts, 0.7);
};

/** A batch that takes a sixth as much, in lumps: most of a few clusters, next to nothing of the others. */
const takingLess = (random: () => number): Draw => {
  const parts = Array.from({ length: 24 }, (_, c): Part => {
    const size = c < 12 ? 4 : 8;
    const share = random() < 0.15 ? 0.7 : 0.06;
    const inBatch = Array.from({ length: size }, () => (random() < share ? 1 : 0)).reduce(
      (sum: number, one) => sum + one,
      0,
    );
    return { inBatch, inReference: size - inBatch };
  });
  const all = parts.reduce((sum, { inBatch }) => sum + inBatch, 0);
  return all < 2 ? takingLess(random) : makeDraw(random, parts, 0);
};

/** Every cluster on both sides, nine of its ten rows in the reference. */
const takingOneInTen = (random: () => number): Draw =>
  makeDraw(
    random,
    Array.from({ length: 9 }, () => ({ inBatch: 1, inReference: 9 })),
    0,
  );

describe('null draws', () => {
  test.each([
    ['swapped sides', takingAlike, swaps, 2000],
    ['exchanged shares', takingLess, shares, 1500],
    ['exchanged shares of clusters that all have the same', takingOneInTen, shares, 600],
  ])('reject at the stated rate: %s', (_, make, labels, runs) => {
    const rates = rejections(make, labels, runs);
    for (const [i, alpha] of [0.05, 0.2].entries()) {
      expect(Math.abs(rates[i] - alpha)).toBeLessThan(slack(alpha, runs));
    }
  });

  test('become alarms where the batch differs within clusters, and where it takes more of those that differ', () => {
    const moved = (random: () => number): Draw => {
      const draw = takingAlike(random);
      return { ...draw, values: draw.values.map((value, row) => value + 3 * draw.observed[row]) };
    };
    expect(rejections(moved, swaps, 200)[0]).toBeGreaterThan(0.8);
    const chosen = (random: () => number): Draw => {
      const draw = takingLess(random);
      const { rows: members, inBatch } = clusterSides(draw.clusters, draw.observed);
      const taken = (row: number) => inBatch[draw.clusters[row]] / members[draw.clusters[row]].length;
      return { ...draw, values: draw.values.map((value, row) => value + 4 * taken(row)) };
    };
    expect(rejections(chosen, shares, 200)[0]).toBeGreaterThan(0.8);
  });

  test.each([
    ['some on one side', takingAlike],
    ['taken in lumps', takingLess],
  ])('reject far too often where rows of clusters are permuted one by one: %s', (_, make) => {
    expect(rejections(make, rows, 400)[0]).toBeGreaterThan(0.12);
  });

  test('swapping sides is mute where one side holds nine of ten rows, and takenAlike says that it is unfit', () => {
    expect(rejections(takingOneInTen, swaps, 400)[0]).toBe(0);
    const { clusters, observed } = takingOneInTen(seededRandom(1));
    expect(takenAlike(clusterSides(clusters, observed))).toBeCloseTo(-3, 12);
  });

  test('takenAlike seldom passes 2.5 where sides are alike', () => {
    const random = seededRandom(2);
    const scores = Array.from({ length: 1000 }, () => {
      const { clusters, observed } = takingAlike(random);
      return takenAlike(clusterSides(clusters, observed));
    });
    const mean = scores.reduce((sum, z) => sum + z) / scores.length;
    expect(Math.abs(mean)).toBeLessThan(0.2);
    const unlike = scores.filter((z) => Math.abs(z) > 2.5).length;
    expect(unlike).toBeLessThan(50);
  });

  // Most of a small batch's compounds are in the largest scaffold, which the sum of differences alone is ruled by.
  test.each([
    ['one scaffold of 300 and 15 beside twelve of 9 and 1', [[300, 15], ...Array(12).fill([9, 1])]],
    ['one scaffold of 300 and 15 alone', [[300, 15]]],
    [
      'as many scaffolds that lean one way as that lean little',
      [
        [300, 15],
        [2, 3],
        [3, 2],
        [1, 2],
      ],
    ],
  ])('takenAlike sees that a batch takes one compound in twenty: %s', (_, sizes) => {
    const clusters: number[] = [];
    const observed: number[] = [];
    for (const [cluster, [reference, batch]] of (sizes as [number, number][]).entries()) {
      for (let row = 0; row < reference + batch; row++) {
        clusters.push(cluster);
        observed.push(row < reference ? 0 : 1);
      }
    }
    const sides = clusterSides(Uint32Array.from(clusters), Uint8Array.from(observed));
    expect(Math.abs(takenAlike(sides))).toBeGreaterThan(3);
  });

  test('of a small batch beside a large reference of few large scaffolds, the null that is chosen keeps its level', () => {
    const random = seededRandom(5);
    const runs = 400;
    let alarms = 0;
    for (let run = 0; run < runs; run++) {
      // Zipf: scaffold k holds a share in proportion to 1 / k.
      const draw = () => Math.floor(Math.exp(random() * Math.log(200)));
      const rows = 660;
      const names = Array.from({ length: rows }, draw);
      const numbers = new Map([...new Set(names)].map((name, number) => [name, number]));
      const clusters = Uint32Array.from(names, (name) => numbers.get(name) as number);
      const observed = Uint8Array.from({ length: rows }, (_, row) => (row < rows - 30 ? 0 : 1));
      const values = Float64Array.from(observed, () => random());
      const pooled = { observed, clusters, series: [], nullHypothesis: 'clusters' } as const;
      const labels = labelsUnder({ alpha: 0.05, permutations: 99, seed: run }, pooled);
      const { values: distances } = permutedDistances([{ name: 'v', values }], labels, 'kolmogorov-smirnov');
      if ((1 + countExceedances(distances)) / 100 <= 0.05) alarms++;
    }
    expect(alarms / runs).toBeLessThan(0.05 + slack(0.05, runs));
  });
});

/** How often each labelling is drawn. */
function countLabellings(labels: PermutationLabels): Map<string, number> {
  const counts = new Map<string, number>();
  const sides = new Uint8Array(labels.rows);
  for (let column = 1; column < labels.labels.count; column++) {
    readLabels(labels, column, sides);
    const text = sides.join('');
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

function drawOf(clusters: number[], observed: number[]): Draw {
  return {
    clusters: Uint32Array.from(clusters),
    observed: Uint8Array.from(observed),
    values: new Float64Array(clusters.length),
  };
}

describe('labels', () => {
  test.each<[string, MakeLabels, number[], number[], string[]]>([
    ['any rows', rows, [0, 1, 2, 3], [1, 1, 0, 0], ['1100', '1010', '1001', '0110', '0101', '0011']],
    [
      'whole clusters move, sides of one on both are swapped as one',
      swaps,
      [0, 0, 1, 2, 3, 3, 3],
      [1, 1, 0, 0, 1, 0, 0],
      ['1100100', '0010100', '0001100', '1100011', '0010011', '0001011'],
    ],
    [
      'a move that leaves one row on a side is not made',
      swaps,
      [0, 0, 0, 1, 2, 2],
      [1, 1, 1, 0, 0, 0],
      ['111000', '000011'],
    ],
    [
      'shares change places between clusters of one size',
      shares,
      [0, 0, 1, 1, 2],
      [1, 0, 0, 0, 1],
      ['10001', '01001', '00101', '00011'],
    ],
    [
      'shares between sizes are rounded to whole rows',
      shares,
      [0, 0, 0, 0, 1, 1, 1, 1, 1],
      [1, 1, 1, 1, 0, 0, 0, 0, 0],
      ['111100000', '000011111'],
    ],
  ])(
    'take every place of the null, alike often, and no other: %s',
    (_, make, clusters, observed, expected) => {
      const labels = make(drawOf(clusters, observed), 1000 * expected.length, 5);
      const counts = countLabellings(labels);
      expect([...counts.keys()].sort()).toEqual([...expected].sort());
      // Standard deviation of a count below 32.
      for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4.5 * 32);
      const first = new Uint8Array(observed.length);
      readLabels(labels, 0, first);
      expect([...first]).toEqual(observed);
    },
  );

  test('shares of a half row are not rounded up for good', () => {
    // Two of four rows become two, not three, of five; one of four becomes one.
    for (const inBatch of [2, 1]) {
      const observed = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((row) => (row < inBatch ? 1 : 0));
      const counts = countLabellings(shares(drawOf([0, 0, 0, 0, 1, 1, 1, 1, 1], observed), 200, 1));
      const sizes = new Set([...counts.keys()].map((text) => text.replaceAll('0', '').length));
      expect([...sizes]).toEqual([inBatch]);
    }
  });

  test('count the labellings of their null', () => {
    expect(rows(drawOf([0, 1, 2, 3], [1, 1, 0, 0]), 0, 1).labellings).toBe(6);
    expect(swaps(drawOf([0, 0, 1, 2, 3, 3, 3], [1, 1, 0, 0, 1, 0, 0]), 0, 1).labellings).toBe(6);
    expect(shares(drawOf([0, 0, 1, 1, 2], [1, 0, 0, 0, 1]), 0, 1).labellings).toBe(4);
    const many = drawOf(
      Array.from({ length: 3000 }, (_, row) => row),
      Array.from({ length: 3000 }, (_, row) => row % 2),
    );
    expect(rows(many, 0, 1).labellings).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ['swaps', swaps],
    ['shares', shares],
  ])(
    'are the same for the same seed, longer draws begin with shorter ones, and seeds differ: %s',
    (_, make) => {
      const draw = takingAlike(seededRandom(3));
      const [short, long, other] = [make(draw, 20, 9), make(draw, 50, 9), make(draw, 20, 10)];
      expect(long.labels.bits.subarray(0, short.labels.bits.length)).toEqual(short.labels.bits);
      expect(other.labels.bits).not.toEqual(short.labels.bits);
    },
  );

  test('give mmd the sides that they give any other statistic', async () => {
    const draw = takingAlike(seededRandom(4));
    const fingerprints = new Uint8Array(draw.observed.length * 32).map((_, i) => (i * 2654435761) >>> 24);
    const kernels = [{ kind: 'tanimoto' }] as const;
    for (const labels of [swaps(draw, 20, 1), shares(draw, 20, 1), rows(draw, 20, 1)]) {
      const columns = new Uint8Array(labels.labels.count * Math.ceil(labels.rows / 8));
      const sides = new Uint8Array(labels.rows);
      for (let column = 0; column < labels.labels.count; column++) {
        readLabels(labels, column, sides);
        for (const [row, side] of sides.entries()) {
          columns[column * Math.ceil(labels.rows / 8) + (row >> 3)] |= side << (row & 7);
        }
      }
      const samples = { fingerprints, bits: 256 };
      const byUnit = await referenceBackend.ops.mmd!({ samples, kernels, ...mmdLabels(labels) });
      const byRow = await referenceBackend.ops.mmd!({ samples, kernels, labels: { columns } });
      for (const [column, value] of byRow.values.entries()) {
        expect(Math.abs(byUnit.values[column] - value)).toBeLessThan(1e-12);
      }
    }
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a side of 2', () => rows(drawOf([0], [2]), 1, 1), /side of row 0 is 2/],
    ['half a permutation', () => rows(drawOf([0], [1]), 0.5, 1), /0.5 permutations/],
    ['a negative seed', () => rows(drawOf([0], [1]), 1, -1), /seed is -1/],
    [
      'clusters of other rows',
      () => swaps({ ...drawOf([0], [1]), clusters: new Uint32Array(2) }, 1, 1),
      /fit 1 rows/,
    ],
    ['a gap between clusters', () => shares(drawOf([0, 2, 2], [1, 0, 0]), 1, 1), /Cluster 1 has no rows/],
    ['a cluster past the rows', () => shares(drawOf([9], [1]), 1, 1), /cluster 9/],
    ['one row in the batch', () => swaps(drawOf([0, 1, 2], [1, 0, 0]), 1, 1), /1 rows are in the batch/],
    [
      'no other move that leaves two rows',
      () =>
        swaps(
          drawOf([0, 0, ...Array.from({ length: 600 }, (_, c) => c + 1)], [1, 1, ...new Array(600).fill(0)]),
          5,
          1,
        ),
      /Hardly any move/,
    ],
  ])('are refused for %s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});

describe('a permutation test', () => {
  const labels = rows(drawOf([0, 1, 2, 3, 4, 5], [1, 1, 1, 0, 0, 0]), 99, 1);

  test('counts ties, and columns without a value, against the observed value', () => {
    expect(permutationTest(labels, () => 1)).toMatchObject({ exceedances: 99, p: 1, observed: 1 });
    let call = 0;
    expect(permutationTest(labels, () => 1 - call++ * 1e-15).exceedances).toBe(99);
    call = 0;
    expect(permutationTest(labels, () => (call++ % 2 === 0 ? 1 : Number.NaN)).exceedances).toBe(99);
    call = 0;
    expect(permutationTest(labels, () => (call++ === 0 ? 1 : 0))).toMatchObject({ exceedances: 0, p: 0.01 });
  });

  test('refuses a statistic without a value for the true labels', () => {
    expect(() => permutationTest(labels, () => Number.NaN)).toThrow(/true labels is NaN/);
  });
});
