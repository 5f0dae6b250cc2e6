import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { createCudaSearchIndex } from '../../src/backends/cuda/search-index.ts';
import { chooseSplits } from '../../src/backends/cuda/search-plan.ts';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { NO_NEIGHBOR } from '../../src/core/ops.ts';
import { makeCase } from '../conformance/packed-case.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openStub } from '../stub/stub-driver.ts';
import { openStubDevice, SEARCH_CASES } from './cuda-search-cases.ts';

const { library, reason } = await buildStub({ operations: ['nearest', 'within'] });
if (!library) console.warn(`skipping tests of search on CUDA: ${reason}`);

const OUT_OF_MEMORY = 2;
const { references, queries } = makeCase({
  name: 'calls',
  bits: 512,
  seed: 31,
  references: [{ make: 'random', count: 300, popcount: [5, 60] }],
  queries: [{ make: 'random', count: 6, popcount: [5, 60] }],
});
const rows = queries.fingerprints;
const HALF = { numerator: 1, denominator: 2 };
const ALL = { numerator: 0, denominator: 1 };

describe.skipIf(!library)('an index on CUDA', () => {
  afterEach(() => library && expect(openStub(library).problems()).toEqual([]));

  test('answers calls that overlap, on two indexes of one device', async () => {
    await using reference = await referenceBackend.ops.search!(references);
    await using opened = openStubDevice(library!);
    const { device } = opened;
    const [one, other] = await Promise.all([
      createCudaSearchIndex(device, references),
      createCudaSearchIndex(device, references, { maxResidentBytes: 1 }),
    ]);
    const answers = await Promise.all([
      one.nearest(rows, 5),
      other.nearest(rows, 5),
      one.within(rows, HALF),
      other.within(rows, HALF),
      one.nearestHistogram(rows, 10),
      other.nearestHistogram(rows, 10),
      one[Symbol.asyncDispose](),
      other[Symbol.asyncDispose](),
    ]);
    expect(answers[0]).toEqual(await reference.nearest(rows, 5));
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(await reference.within(rows, HALF));
    expect(answers[3]).toEqual(answers[2]);
    expect(answers[4]).toEqual(await reference.nearestHistogram(rows, 10));
    expect(answers[5]).toEqual(answers[4]);
  });

  test('refuses calls once it was closed, and may be closed twice', async () => {
    await using opened = openStubDevice(library!);
    const index = await createCudaSearchIndex(opened.device, references);
    await index[Symbol.asyncDispose]();
    await index[Symbol.asyncDispose]();
    await expect(index.nearest(rows, 1)).rejects.toMatchObject({ code: 'ERR_USAGE' });
    await expect(index.within(rows, HALF)).rejects.toMatchObject({ code: 'ERR_USAGE' });
    await expect(index.nearestHistogram(rows, 3)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  });

  test('finds nothing where all references are deleted', async () => {
    await using opened = openStubDevice(library!);
    const tombstones = new Uint8Array(Math.ceil(300 / 8)).fill(0xff);
    await using index = await createCudaSearchIndex(opened.device, { ...references, tombstones });
    expect(index.size).toBe(300);
    expect((await index.nearest(rows, 2)).indexes).toEqual(new Uint32Array(12).fill(NO_NEIGHBOR));
    expect((await index.within(rows, ALL)).offsets).toEqual(new Float64Array(7));
    expect(await index.nearestHistogram(rows, 4)).toEqual(new Uint32Array(4));
  });

  test('copies references once where they fit, and in each search where they do not', async () => {
    const copies = async (maxResidentBytes: number) => {
      await using opened = openStubDevice(library!);
      await using index = await createCudaSearchIndex(opened.device, references, { maxResidentBytes });
      const before = opened.stub.calls('cuMemcpyHtoDAsync_v2');
      await index.nearest(rows, 1);
      return opened.stub.calls('cuMemcpyHtoDAsync_v2') - before;
    };
    // Queries, their popcounts and their places; 300 references are five tiles.
    expect(await copies(1e6)).toBe(3);
    expect(await copies(1)).toBe(3 + 5);
  });

  test('merges lists early where there are many tiles and few neighbours', async () => {
    const recipe = SEARCH_CASES.find(({ name }) => name.includes('merged early'))!;
    for (const capability of [75, 90]) {
      await using opened = openStubDevice(library!, { capability, multiprocessors: 1 });
      const made = makeCase(recipe);
      await using index = await createCudaSearchIndex(opened.device, made.references);
      const launches = async (k: number) => {
        const before = opened.stub.calls('cuLaunchKernel');
        await index.nearest(made.queries.fingerprints, k);
        return opened.stub.calls('cuLaunchKernel') - before;
      };
      const inOneGo = await launches(300);
      expect(inOneGo).toBe(4);
      expect(await launches(20)).toBe(inOneGo + 2);
    }
  });

  test('keeps within its memory where lists are long', async () => {
    const made = makeCase({
      name: 'long lists',
      bits: 512,
      seed: 33,
      references: [{ make: 'random', count: 1100, popcount: [5, 60] }],
      queries: [{ make: 'random', count: 2, popcount: [5, 60] }],
    });
    await using reference = await referenceBackend.ops.search!(made.references);
    const expected = await reference.nearest(made.queries.fingerprints, 300);
    await using opened = openStubDevice(library!, { multiprocessors: 100 });
    const maxBatchBytes = 24_000;
    await using index = await createCudaSearchIndex(opened.device, made.references, { maxBatchBytes });
    const { totalBytes, freeBytes } = opened.device.context.memory();
    opened.stub.set('memory_bytes', totalBytes - freeBytes + maxBatchBytes);
    expect(await index.nearest(made.queries.fingerprints, 300)).toEqual(expected);
  });

  test('cuts queries and then tiles when there is too little room for their hits', async () => {
    await using reference = await referenceBackend.ops.search!(references);
    await using opened = openStubDevice(library!);
    await using index = await createCudaSearchIndex(opened.device, references, { maxBatchBytes: 100 * 12 });
    expect(await index.within(rows, ALL)).toEqual(await reference.within(rows, ALL));
  });

  test('makes more room for hits when there is memory', async () => {
    const many = makeCase({
      name: 'many hits',
      bits: 256,
      seed: 32,
      references: [{ make: 'random', count: 5000, popcount: [5, 60] }],
      queries: [{ make: 'random', count: 220, popcount: [5, 60] }],
    });
    await using opened = openStubDevice(library!);
    await using index = await createCudaSearchIndex(opened.device, many.references);
    const hits = await index.within(many.queries.fingerprints, ALL);
    expect(hits.offsets.at(-1)).toBe(5000 * 220);
  });

  test('stops when it is cancelled, before and on the way, and gives its memory back', async () => {
    await using opened = openStubDevice(library!);
    const { device } = opened;
    const cancelled = { code: 'ERR_CANCELLED' };
    const aborted = { signal: AbortSignal.abort() };
    await expect(createCudaSearchIndex(device, references, aborted)).rejects.toMatchObject(cancelled);
    await using index = await createCudaSearchIndex(device, references, { maxResidentBytes: 1 });
    const { freeBytes } = device.context.memory();
    await expect(index.nearest(rows, 3, aborted)).rejects.toMatchObject(cancelled);
    await expect(index.within(rows, HALF, aborted)).rejects.toMatchObject(cancelled);
    for (const ask of [
      (signal: AbortSignal) => index.nearest(rows, 3, { signal }),
      (signal: AbortSignal) => index.within(rows, HALF, { signal }),
      (signal: AbortSignal) => index.nearestHistogram(rows, 3, { signal }),
    ]) {
      const controller = new AbortController();
      const launched = opened.stub.calls('cuLaunchKernel');
      const answer = ask(controller.signal);
      const watch = setInterval(() => {
        if (opened.stub.calls('cuLaunchKernel') > launched) controller.abort();
      }, 0);
      await expect(answer).rejects.toMatchObject(cancelled);
      clearInterval(watch);
    }
    expect(device.context.memory().freeBytes).toBe(freeBytes);
  });

  test('leaves no memory behind, whichever allocation fails', async () => {
    for (const call of ['cuMemAlloc_v2', 'cuMemHostAlloc']) {
      let failures = 0;
      for (let nth = 1; ; nth++) {
        expect(openStub(library!).problems()).toEqual([]);
        await using opened = openStubDevice(library!);
        const { device, stub } = opened;
        const { freeBytes } = device.context.memory();
        stub.fail(call, nth, OUT_OF_MEMORY);
        try {
          await using index = await createCudaSearchIndex(device, references, { maxResidentBytes: 1 });
          await index.nearest(rows, 3);
          await index.within(rows, HALF);
          await index.nearestHistogram(rows, 3);
          break;
        } catch (cause) {
          expect(cause).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
          failures++;
        } finally {
          expect(device.context.memory().freeBytes).toBe(freeBytes);
        }
      }
      expect(failures).toBeGreaterThan(2);
    }
  });
});

describe('the grid of a search', () => {
  test('fills a device in one round where queries are few', () => {
    expect(chooseSplits(1, 132, 1e6)).toBe(132);
    expect(chooseSplits(2, 132, 1e6)).toBe(66);
  });

  test('comes near to whole rounds where they are many', () => {
    // 196 blocks alone would leave half of the second round empty; 2 * 196 are three rounds less four blocks.
    expect(chooseSplits(196, 132, 1e6)).toBe(2);
  });

  test('cuts no finer than there are tiles', () => {
    expect(chooseSplits(1, 132, 5)).toBe(5);
    expect(chooseSplits(1, 132, 0)).toBe(1);
  });
});

test.skipIf(!library)(
  'thresholds and popcount bounds of the kernels are those of the definition',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assayer-thresholds-'));
    try {
      const run = promisify(execFile);
      const program = join(folder, 'check');
      const source = new URL('../stub/check-thresholds.cpp', import.meta.url).pathname;
      const include = new URL('../stub', import.meta.url).pathname;
      const flags = ['-std=c++17', '-O2', '-I', include, source, '-o', program];
      await run(process.env.CXX || 'c++', flags);
      const { stdout } = await run(program);
      expect(stdout).toMatch(/^\d{7,} checked, 0 wrong\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
