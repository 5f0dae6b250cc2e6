import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import { popcounts, tanimoto } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import { packLabels } from '../../src/statistics/permutation-labels.ts';
import { witnessByCluster } from '../../src/statistics/witness.ts';
import { noShared, readShared } from '../shared.ts';

const { mmd, intersections } = referenceBackend.ops;

/** Rows of 30 bits in 256, 10 of them common to the cluster. */
function makeRows(random: () => number, clusters: readonly number[]): Uint8Array {
  const own = new Map<number, number[]>();
  const bits = (count: number) => Array.from({ length: count }, () => Math.floor(random() * 256));
  const rows = new Uint8Array(clusters.length * 32);
  for (const [row, cluster] of clusters.entries()) {
    if (!own.has(cluster)) own.set(cluster, bits(10));
    for (const bit of [...own.get(cluster)!, ...bits(20)]) rows[row * 32 + (bit >> 3)] |= 1 << (bit & 7);
  }
  return rows;
}

describe('the witness by cluster', () => {
  // Cluster 3 is new, cluster 0 was left, 1 and 2 are on both sides.
  const clusters = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3];
  const observed = Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1]);
  const samples = { fingerprints: makeRows(seededRandom(1), clusters), bits: 256 };
  const columns = { observed, clusters: Uint32Array.from(clusters) };
  const ask = () => witnessByCluster(samples, columns, intersections!);

  test('has parts that add up to MMD2u, whatever the clusters', async () => {
    const labels = { columns: packLabels(observed) };
    const [exact] = (await mmd!({ samples, labels, kernels: [{ kind: 'tanimoto' }] })).values;
    const found = await ask();
    const total = found.clusters.reduce((sum, { contribution }) => sum + contribution, 0);
    expect(Math.abs(found.value - exact)).toBeLessThan(1e-12);
    expect(Math.abs(total - exact)).toBeLessThan(1e-12);
    const single = { observed, clusters: Uint32Array.from(clusters, (_, row) => row) };
    const byRow = await witnessByCluster(samples, single, intersections!);
    expect(byRow.clusters).toHaveLength(18);
    const ofCluster = byRow.clusters
      .filter(({ cluster }) => clusters[cluster] === 1)
      .reduce((sum, { contribution }) => sum + contribution, 0);
    expect(
      Math.abs(found.clusters.find(({ cluster }) => cluster === 1)!.contribution - ofCluster),
    ).toBeLessThan(1e-12);
  });

  test('names the series that came and went, with their sides, signs and examples', async () => {
    const found = await ask();
    const contributions = found.clusters.map(({ contribution }) => contribution);
    expect(contributions).toEqual(contributions.toSorted((a, b) => b - a));
    const [first, second] = found.clusters;
    expect(new Set([first.cluster, second.cluster])).toEqual(new Set([0, 3]));
    const [came, went] = first.cluster === 3 ? [first, second] : [second, first];
    expect([came.inBatch, came.inReference, went.inBatch, went.inReference]).toEqual([6, 0, 0, 5]);
    expect(came.witness).toBeGreaterThan(0);
    expect(went.witness).toBeLessThan(0);
    for (const { cluster, examples } of found.clusters) {
      expect(examples).toHaveLength(3);
      for (const row of examples) expect(clusters[row]).toBe(cluster);
    }
    const single = { observed, clusters: Uint32Array.from(clusters, (_, row) => row) };
    const byRow = await witnessByCluster(samples, single, intersections!);
    const inCame = byRow.clusters.map(({ cluster }) => cluster).filter((row) => clusters[row] === 3);
    expect([...came.examples]).toEqual(inCame.slice(0, 3));
  });

  test('turns its sign with the sides, and keeps the parts', async () => {
    const found = await ask();
    const turned = await witnessByCluster(
      samples,
      { ...columns, observed: observed.map((side) => 1 - side) },
      intersections!,
    );
    for (const [i, { cluster, witness, contribution }] of found.clusters.entries()) {
      expect(turned.clusters[i].cluster).toBe(cluster);
      expect(turned.clusters[i].witness).toBeCloseTo(-witness, 12);
      expect(turned.clusters[i].contribution).toBeCloseTo(contribution, 12);
    }
  });

  test.each<[string, Parameters<typeof witnessByCluster>[1], RegExp]>([
    ['sides of other rows', { ...columns, observed: new Uint8Array(3) }, /3 sides do not fit 18/],
    [
      'one row in the batch',
      { ...columns, observed: Uint8Array.from(observed, (_, i) => (i ? 0 : 1)) },
      /1 rows/,
    ],
    ['a side of 2', { ...columns, observed: observed.map((side) => 2 * side) }, /side of row 6 is 2/],
    [
      'a gap between clusters',
      { ...columns, clusters: columns.clusters.map((c) => (c === 1 ? 4 : c)) },
      /no rows/,
    ],
  ])('is refused for %s', async (_, wrong, message) => {
    await expect(witnessByCluster(samples, wrong, intersections!)).rejects.toThrow(message);
  });

  test('stops when cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(witnessByCluster(samples, columns, intersections!, { signal })).rejects.toThrow(/Cancelled/);
  });
});

describe.skipIf(noShared)('the witness on real scaffolds', () => {
  test('adds up to the known MMD2u, also asked in slices, on any backend', async () => {
    const { c } = JSON.parse(readShared('oracles/mmd.json.gz')) as {
      c: { fingerprints: string[]; cluster: number[]; columns: { x_clusters: number[]; mmd2u: number }[] };
    };
    const samples = {
      fingerprints: Uint8Array.from(Buffer.from(c.fingerprints.join(''), 'hex')),
      bits: 2048,
    };
    const inBatch = new Set(c.columns[0].x_clusters);
    const columns = {
      observed: Uint8Array.from(c.cluster, (cluster) => (inBatch.has(cluster) ? 1 : 0)),
      clusters: Uint32Array.from(c.cluster),
    };
    const workers = {
      workerUrl: new URL('../../src/workers/search.ts', import.meta.url),
      mmdWorkerUrl: new URL('../../src/workers/mmd.ts', import.meta.url),
    };
    const wasm = createWasmBackend({ ...workers, threads: 1 });
    try {
      const found = await witnessByCluster(samples, columns, wasm.ops.intersections!);
      expect(Math.abs(found.value - c.columns[0].mmd2u)).toBeLessThan(1e-12);
      expect(found).toEqual(await witnessByCluster(samples, columns, intersections!));
    } finally {
      await wasm.close?.();
    }
  });
});

describe('the witness of more pairs than can be held', () => {
  const count = 5001;
  const clusters = Uint32Array.from({ length: count }, (_, row) => row);
  // Rows of a series of three, so that a side is no run of rows.
  const samples = {
    fingerprints: makeRows(
      seededRandom(2),
      Array.from(clusters, (row) => Math.floor(row / 3)),
    ),
    bits: 256,
  };
  const observed = Uint8Array.from(clusters, (row) => (row % 7 < 2 ? 1 : 0));
  const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
  const { ops } = createWasmBackend({ workerUrl, threads: 1 });

  test('asks of each slice its own rows and those after it, and adds up to MMD2u', async () => {
    const asked: number[][] = [];
    const found = await witnessByCluster(samples, { observed, clusters }, (queries, targets, options) => {
      asked.push([queries.fingerprints.length / 32, targets.fingerprints.length / 32]);
      return ops.intersections!(queries, targets, options);
    });
    expect(asked).toEqual([
      [3354, 5001],
      [1647, 1647],
    ]);
    const labels = { columns: packLabels(observed) };
    const [exact] = (await ops.mmd!({ samples, labels, kernels: [{ kind: 'tanimoto' }] })).values;
    expect(Math.abs(found.value - exact)).toBeLessThan(1e-12);

    // Rows at the ends of both slices, straight from the definition.
    const sizes = [0, 1].map((side) => observed.filter((own) => own === side).length);
    const similarityOf = (i: number, j: number) => {
      const [one, other] = [i, j].map((row) => samples.fingerprints.subarray(row * 32, (row + 1) * 32));
      const bits = (join: (byte: number, k: number) => number) => popcounts(one.map(join), 32)[0];
      return tanimoto(
        bits((byte, k) => byte & other[k]),
        bits((byte, k) => byte | other[k]),
      );
    };
    for (const row of [0, 1, 3353, 3354, 5000]) {
      const sums = [0, 0];
      for (const [j, side] of observed.entries()) if (j !== row) sums[side] += similarityOf(row, j);
      const [toReference, toBatch] = sums.map(
        (sum, side) => sum / (sizes[side] - (observed[row] === side ? 1 : 0)),
      );
      expect(found.clusters.find(({ cluster }) => cluster === row)?.witness).toBe(toBatch - toReference);
    }
  });
});
