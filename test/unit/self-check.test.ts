import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { Backend } from '../../src/core/backend.ts';
import type { Operations } from '../../src/core/ops.ts';
import { checkBackend } from '../../src/core/self-check.ts';

const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
const { ops } = createWasmBackend({ workerUrl, threads: 1 });

/** A backend that is right but for one operation, and tells when it is closed. */
function wrong(changes: Partial<Operations>): Backend & { closed: number } {
  const backend = {
    name: 'cuda',
    ops: { ...ops, ...changes },
    closed: 0,
    async close() {
      backend.closed++;
    },
  };
  return backend;
}

test('a backend that answers as the exact one does is used', async () => {
  const backend = { name: 'wasm', ops };
  expect(await checkBackend(backend, referenceBackend)).toBe(backend);
  expect(await checkBackend({ name: 'none', ops: {} }, referenceBackend)).toMatchObject({ name: 'none' });
});

const search: Operations['search'] = async (...args) => {
  const index = await ops.search!(...args);
  const nearest: typeof index.nearest = async (queries, k) => {
    const found = await index.nearest(queries, k);
    if (queries.length > 256) [found.indexes[0], found.indexes[1]] = [found.indexes[1], found.indexes[0]];
    return found;
  };
  return {
    size: index.size,
    bits: index.bits,
    rowBytes: index.rowBytes,
    nearest,
    within: index.within,
    nearestHistogram: index.nearestHistogram,
    [Symbol.asyncDispose]: () => index[Symbol.asyncDispose](),
  };
};

test.each<[string, Partial<Operations>]>([
  ['search', { search }],
  [
    'intersections',
    {
      intersections: async (...args) => {
        const found = await ops.intersections!(...args);
        found[found.length - 1] ^= 1;
        return found;
      },
    },
  ],
  [
    'mmd',
    {
      mmd: async (...args) => {
        const found = await ops.mmd!(...args);
        found.values[0] += 2e-12;
        return found;
      },
    },
  ],
  [
    'mmd',
    {
      mmd: async (...args) => {
        const found = await ops.mmd!(...args);
        // Far below the observed value, where no exceedance changes.
        found.values[found.values.indexOf(Math.min(...found.values))] -= 2e-5;
        return found;
      },
    },
  ],
])('a backend that is wrong in %s is closed and refused', async (operation, changes) => {
  const backend = wrong(changes);
  await expect(checkBackend(backend, referenceBackend)).rejects.toMatchObject({
    code: 'ERR_BACKEND_WRONG',
    message: expect.stringContaining(`wrong answers to ${operation} `),
  });
  expect(backend.closed).toBe(1);
});
