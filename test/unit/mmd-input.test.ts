import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { MmdInput, MmdKernel } from '../../src/core/mmd.ts';

const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
const backends = [referenceBackend, createWasmBackend({ workerUrl, threads: 1 })];
const TANIMOTO: MmdKernel = { kind: 'tanimoto' };
const ROWS = 10;
const good: MmdInput = {
  samples: { fingerprints: new Uint8Array(ROWS * 32), bits: 256 },
  labels: { observed: Uint8Array.of(0b1111, 0), permutations: 9, seed: 1 },
  kernels: [TANIMOTO],
};
const drawn = (change: object) => ({ ...good, labels: { ...good.labels, ...change } }) as MmdInput;
const rbf = (kind: 'rbf-bits' | 'rbf-features', bandwidth: number): MmdInput => ({
  ...good,
  kernels: [{ kind, bandwidth }],
});

const BAD: [what: string, input: MmdInput, says: RegExp][] = [
  [
    'half a row',
    { ...good, samples: { fingerprints: new Uint8Array(33), bits: 256 } },
    /no whole number of rows/,
  ],
  [
    'an odd length of fingerprints',
    { ...good, samples: { fingerprints: new Uint8Array(40), bits: 32 } },
    /32 bits/,
  ],
  ['no rows', { ...good, samples: { fingerprints: new Uint8Array(), bits: 256 } }, /do not fit 0 units/],
  ['one row in X', drawn({ observed: Uint8Array.of(1, 0) }), /true labels put 1 rows in X and 9 in Y/],
  ['one row in Y', drawn({ observed: Uint8Array.of(255, 1) }), /true labels put 9 rows in X and 1 in Y/],
  ['labels of fewer rows', drawn({ observed: Uint8Array.of(3) }), /1 bytes of labels do not fit 10 units/],
  ['a label past the last row', drawn({ observed: Uint8Array.of(15, 4) }), /column 0 has a bit past its 10/],
  ['a negative number of permutations', drawn({ permutations: -1 }), /-1 permutations/],
  ['half a permutation', drawn({ permutations: 0.5 }), /0.5 permutations/],
  ['a negative seed', drawn({ seed: -1 }), /seed is -1/],
  ['a seed that is no integer', drawn({ seed: 1.5 }), /seed is 1.5/],
  ['half a column', { ...good, labels: { columns: Uint8Array.of(15, 0, 15) } }, /no whole number of columns/],
  ['no columns', { ...good, labels: { columns: new Uint8Array() } }, /no whole number of columns/],
  [
    'a permuted column with one row in X',
    { ...good, labels: { columns: Uint8Array.of(15, 0, 1, 0) } },
    /labels of column 1 put 1 rows in X/,
  ],
  ['no kernel', { ...good, kernels: [] }, /No kernel/],
  ['a bandwidth of zero', rbf('rbf-bits', 0), /bandwidth of rbf-bits is 0/],
  ['a bandwidth that is no number', rbf('rbf-bits', Number.NaN), /bandwidth of rbf-bits is NaN/],
  ['an endless bandwidth', rbf('rbf-bits', Infinity), /Infinity/],
  ['a kernel over features without any', rbf('rbf-features', 1), /needs float features/],
  ['features for some rows', { ...good, features: new Float64Array(15) }, /15 features do not fit 10 rows/],
  [
    'a feature that is no number',
    { ...good, features: new Float64Array(20).fill(Number.NaN, 7, 8) },
    /Feature 1 of row 3 is NaN/,
  ],
  ['clusters for some rows', { ...good, clusters: new Uint32Array(9) }, /9 clusters do not fit 10 rows/],
  ['a gap between clusters', { ...good, clusters: new Uint32Array(10).fill(2, 3) }, /Cluster 1 has no rows/],
  [
    'a cluster number past the rows',
    { ...good, clusters: new Uint32Array(10).fill(4e9) },
    /Cluster 4000000000/,
  ],
];

describe.each(backends)('MMD on $name', ({ ops }) => {
  const mmd = ops.mmd!;

  test('takes the input that the refused ones differ from', async () => {
    const { values, p } = await mmd(good);
    expect(values).toHaveLength(10);
    // All rows are empty, so all columns tie.
    expect([...p]).toEqual([1]);
  });

  test.each(BAD)('refuses %s', async (_, input, says) => {
    await expect(mmd(input)).rejects.toThrow(says);
    await expect(mmd(input)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });

  test('refuses a permutation that leaves one row on a side, and names its column', async () => {
    const clusters = Uint32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 2);
    const input: MmdInput = {
      ...good,
      clusters,
      labels: { columns: Uint8Array.of(0b001, 0b010) },
    };
    await expect(mmd(input)).rejects.toThrow('labels of column 1 put 1 rows in X');
  });

  test('refuses more permutations than there is memory for', async () => {
    const input: MmdInput = {
      samples: { fingerprints: new Uint8Array(64 * 32), bits: 256 },
      labels: { observed: Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0), permutations: 2 ** 32 - 2, seed: 1 },
      kernels: [TANIMOTO],
    };
    await expect(mmd(input)).rejects.toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
  });

  test('stops when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(mmd(good, { signal })).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  });
});

test('wasm stops between tiles', async () => {
  const controller = new AbortController();
  const rows = 2000;
  const observed = new Uint8Array(rows / 8).fill(255, 0, 100);
  const input: MmdInput = {
    samples: { fingerprints: new Uint8Array(rows * 256), bits: 2048 },
    labels: { observed, permutations: 99, seed: 1 },
    kernels: [TANIMOTO],
  };
  const running = backends[1].ops.mmd!(input, { signal: controller.signal });
  setImmediate(() => controller.abort());
  await expect(running).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
});

test('more than a memory of 4 GiB holds is refused', async () => {
  const rows = 2 ** 20;
  const observed = new Uint8Array(rows / 8).fill(255, 0, 100);
  const input: MmdInput = {
    samples: { fingerprints: new Uint8Array(rows * 32), bits: 256 },
    features: new Float64Array(rows * 8),
    labels: { columns: observed },
    kernels: Array.from({ length: 600 }, () => TANIMOTO),
  };
  await expect(backends[1].ops.mmd!(input)).rejects.toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
});
