import { afterEach, describe, expect, test } from 'vitest';
import { createCudaSearchIndex } from '../../src/backends/cuda/search-index.ts';
import { pairsOfLaunch, SEARCH_LIMITS, type SearchLimits } from '../../src/backends/cuda/search-limits.ts';
import { inHostMemory } from '../../src/backends/cuda/search-memory.ts';
import { TANIMOTO } from '../../src/core/metric.ts';
import type { SearchIndex } from '../../src/core/ops.ts';
import { makeCase } from '../conformance/packed-case.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openStub } from '../stub/stub-driver.ts';
import { expectAsReference, openStubDevice, type SearchCase } from './cuda-search-cases.ts';

const { library, reason } = await buildStub({ operations: ['nearest', 'within'] });
if (!library) console.warn(`skipping limits of search on CUDA: ${reason}`);

const MANY_TILES: SearchCase = {
  name: 'many tiles for small limits',
  bits: 512,
  seed: 51,
  references: [
    { make: 'random', count: 900, popcount: [5, 60] },
    { make: 'near', of: 5, count: 150, flips: 9 },
    { make: 'copies', of: 7, count: 70 },
  ],
  shuffle: true,
  tombstones: 13,
  queries: [
    { make: 'near', of: 5, count: 15, flips: 6 },
    { make: 'random', count: 19, popcount: [5, 60] },
  ],
  k: [1, 70, 1300],
  thresholds: [
    [1, 2],
    [0, 1],
  ],
  metrics: [TANIMOTO],
};
const HALF = { numerator: 1, denominator: 2 };

const LIMITS: readonly (readonly [string, Partial<SearchLimits>])[] = [
  ['launches of one step', { pairsAtOnce: 1 }],
  ['launches of some steps', { pairsAtOnce: 3 * 64 * 34 }],
  ['references that are put together in pieces', { tilesAtOnce: 4 }],
  ['several chunks in device memory', { tilesOfChunk: 3, tilesAtOnce: 2 }],
  ['batches of few queries', { queriesAtOnce: 7 }],
  ['lists that the host puts in order', { longestOnDevice: 4 }],
  [
    'all at once',
    { ...SEARCH_LIMITS, pairsAtOnce: 5000, tilesOfChunk: 5, queriesAtOnce: 9, longestOnDevice: 1 },
  ],
];

describe.skipIf(!library)('search on CUDA finds the same with small limits', () => {
  afterEach(() => library && expect(openStub(library).problems()).toEqual([]));

  const expectSame = async (capability: number, limits: Partial<SearchLimits>) => {
    await using opened = openStubDevice(library!, { capability, multiprocessors: 1 });
    await expectAsReference(opened.device, MANY_TILES, { limits });
  };

  test.each(LIMITS)('%s', async (_, limits) => {
    await expectSame(90, limits);
  });

  test('without matrix units', async () => {
    await expectSame(75, LIMITS[0][1]);
    await expectSame(75, LIMITS.at(-1)![1]);
  });

  test('waits for each launch, and a cancelled call starts no more', async () => {
    const { references, queries } = makeCase(MANY_TILES);
    await using opened = openStubDevice(library!, { multiprocessors: 1 });
    const { device, stub } = opened;
    const rows = queries.fingerprints;
    const launches = () => stub.calls('cuLaunchKernel');
    await using whole = await createCudaSearchIndex(device, references);
    await using index = await createCudaSearchIndex(device, references, { limits: { pairsAtOnce: 1 } });
    for (const ask of [
      (of: SearchIndex, signal: AbortSignal) => of.nearest(rows, 3, { signal }),
      (of: SearchIndex, signal: AbortSignal) => of.within(rows, HALF, { signal }),
      (of: SearchIndex, signal: AbortSignal) => of.nearestHistogram(rows, 3, { signal }),
    ]) {
      const count = async (of: SearchIndex) => {
        const before = [launches(), stub.calls('cuEventRecord')];
        await ask(of, new AbortController().signal);
        return [launches() - before[0], stub.calls('cuEventRecord') - before[1]];
      };
      const [fewLaunches, fewWaits] = await count(whole);
      const [manyLaunches, manyWaits] = await count(index);
      expect(manyLaunches).toBeGreaterThan(fewLaunches + 2);
      expect(manyWaits - fewWaits).toBeGreaterThanOrEqual(manyLaunches - fewLaunches);
      const { signal } = new AbortController();
      const start = launches();
      Object.defineProperty(signal, 'aborted', { get: () => launches() >= start + 3 });
      await expect(ask(index, signal)).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
      expect(launches() - start).toBe(3);
    }
  });

  test('lists that are too long are filled on the device and no more', async () => {
    const { references, queries } = makeCase(MANY_TILES);
    await using opened = openStubDevice(library!);
    const { device, stub } = opened;
    const launches = async (limits: Partial<SearchLimits>) => {
      await using index = await createCudaSearchIndex(device, references, { limits });
      const before = stub.calls('cuLaunchKernel');
      await index.nearest(queries.fingerprints, 300);
      return stub.calls('cuLaunchKernel') - before;
    };
    expect(await launches({ longestOnDevice: 300 })).toBe(4);
    expect(await launches({ longestOnDevice: 299 })).toBe(2);
  });

  test('a launch is no longer on a slow device', async () => {
    const pairs = async (settings: Parameters<typeof openStubDevice>[1], k = 1, queries = 1000) => {
      await using opened = openStubDevice(library!, settings);
      return pairsOfLaunch(opened.device, SEARCH_LIMITS, { paddedBytes: 256, queries, k });
    };
    const one = await pairs({ multiprocessors: 1 });
    expect(one).toBe(2 ** 28);
    expect(await pairs({ multiprocessors: 132 })).toBe(132 * one);
    expect(await pairs({ multiprocessors: 1, capability: 75 })).toBe(one / 8);
    expect(await pairs({ multiprocessors: 1 }, 1, 1)).toBe(one / 8);
    expect(await pairs({ multiprocessors: 1 }, SEARCH_LIMITS.longestOnDevice)).toBe(one);
    expect(await pairs({ multiprocessors: 1 }, SEARCH_LIMITS.longestOnDevice + 1)).toBe(one / 64);
  });
});

test('memory that the host does not have is an error with its purpose', () => {
  const sizeBytes = 2 ** 52;
  expect(() => inHostMemory(sizeBytes, 'hits', () => new Uint8Array(sizeBytes))).toThrow(
    expect.objectContaining({ code: 'ERR_OUT_OF_MEMORY', message: expect.stringContaining('hits') }),
  );
});
