import { beforeAll, describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { MmdKernel } from '../../src/core/mmd.ts';
import { noShared, readShared } from '../shared.ts';

interface Tested {
  observed: number;
  perm: number[];
  count_ge: number;
  p: number;
  sigma: number | null;
}
interface Oracle {
  a: { X: string[]; Y: string[]; splits: [number[], string, number][] };
  b: {
    n: number;
    m: number;
    fingerprints: string[];
    permutations: number[][];
    tanimoto: Tested;
    rbf: Tested;
  };
  c: {
    n_clusters: number;
    fingerprints: string[];
    cluster: number[];
    columns: { x_clusters: number[]; mmd2u: number }[];
    count_ge: number;
    p: number;
  };
  d: Record<'tanimoto' | 'rbf', { mmd2: number; perms: number[] }>;
}

const BITS = 2048;
const workers = {
  workerUrl: new URL('../../src/workers/search.ts', import.meta.url),
  mmdWorkerUrl: new URL('../../src/workers/mmd.ts', import.meta.url),
};
const backends = [referenceBackend, createWasmBackend({ ...workers, threads: 1 })];

/** Label columns from the units in X of each. */
function columnsOf(units: number, inX: readonly (readonly number[])[]): Uint8Array {
  const bytes = Math.ceil(units / 8);
  const columns = new Uint8Array(inX.length * bytes);
  for (const [b, members] of inX.entries()) {
    for (const unit of members) columns[b * bytes + (unit >> 3)] |= 1 << (unit & 7);
  }
  return columns;
}

function fromHex(rows: readonly string[]): { fingerprints: Uint8Array; bits: number } {
  return { fingerprints: Uint8Array.from(Buffer.from(rows.join(''), 'hex')), bits: BITS };
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe.skipIf(noShared).each(backends)('MMD known answers: $name', ({ name, ops }) => {
  const mmd = ops.mmd!;
  let oracle: Oracle;
  // The reference is float64 throughout; elsewhere permuted columns may be float32.
  const tolerance = name === 'reference' ? 1e-12 : 1e-7;

  beforeAll(() => {
    oracle = JSON.parse(readShared('oracles/mmd.json.gz')) as Oracle;
  });

  function expectValues(values: Float64Array, expected: readonly number[]): void {
    expect(Math.abs(values[0] - expected[0])).toBeLessThan(1e-12);
    const errors = expected.map((value, b) => Math.abs(values[b] - value));
    expect(Math.max(...errors)).toBeLessThan(tolerance);
  }

  test('all splits of five rows of four bits are the exact fractions, and p is 1/10 over them', async () => {
    const { X, Y, splits } = oracle.a;
    const rows = [...X, ...Y];
    const fingerprints = new Uint8Array(rows.length * (256 / 8));
    for (const [i, row] of rows.entries()) {
      for (const [bit, digit] of [...row].entries()) if (digit === '1') fingerprints[i * 32] |= 1 << bit;
    }
    const columns = columnsOf(
      rows.length,
      splits.map(([members]) => members),
    );
    const result = await mmd({
      samples: { fingerprints, bits: 256 },
      labels: { columns },
      kernels: [{ kind: 'tanimoto' }],
    });
    expectValues(
      result.values,
      splits.map(([, , value]) => value),
    );
    // The true split is one of the ten: no other reaches it.
    expect(result.exceedances[0]).toBe(0);
    expect(result.p[0]).toBe(1 / 10);
  });

  test('200 permutations of 100 real fingerprints give the known values, counts and p', async () => {
    const { n, m, fingerprints, permutations, tanimoto, rbf } = oracle.b;
    const kernels: MmdKernel[] = [{ kind: 'tanimoto' }, { kind: 'rbf-bits', bandwidth: rbf.sigma! }];
    const inX = [range(n), ...permutations.map((order) => order.slice(0, n))];
    const labels = { columns: columnsOf(n + m, inX) };
    const result = await mmd({ samples: fromHex(fingerprints), labels, kernels });
    for (const [k, known] of [tanimoto, rbf].entries()) {
      const values = result.values.subarray(k * 201, (k + 1) * 201);
      expectValues(values, [known.observed, ...known.perm]);
      expect(result.exceedances[k]).toBe(known.count_ge);
      expect(result.p[k]).toBe(known.p);
      const peer = oracle.d[k === 0 ? 'tanimoto' : 'rbf'];
      expectValues(values.subarray(0, 21), [peer.mmd2, ...peer.perms]);
    }
  });

  test('bits given as float features give what the bits give', async () => {
    const { n, m, fingerprints, permutations, rbf } = oracle.b;
    const samples = fromHex(fingerprints);
    const features = Float64Array.from(range((n + m) * BITS), (i) => {
      return (samples.fingerprints[i >> 3] >> (i & 7)) & 1;
    });
    const inX = [range(n), ...permutations.map((order) => order.slice(0, n))];
    const labels = { columns: columnsOf(n + m, inX) };
    const kernels: MmdKernel[] = [{ kind: 'rbf-features', bandwidth: rbf.sigma! }];
    const result = await mmd({ samples, features, labels, kernels });
    expectValues(result.values, [rbf.observed, ...rbf.perm]);
    expect(result.p[0]).toBe(rbf.p);
  });

  test('whole clusters changing sides give the known values, counts and p', async () => {
    const { n_clusters, fingerprints, cluster, columns, count_ge, p } = oracle.c;
    const result = await mmd({
      samples: fromHex(fingerprints),
      clusters: Uint32Array.from(cluster),
      labels: {
        columns: columnsOf(
          n_clusters,
          columns.map(({ x_clusters }) => x_clusters),
        ),
      },
      kernels: [{ kind: 'tanimoto' }],
    });
    expectValues(
      result.values,
      columns.map(({ mmd2u }) => mmd2u),
    );
    expect(result.exceedances[0]).toBe(count_ge);
    expect(result.p[0]).toBe(p);
  });
});
