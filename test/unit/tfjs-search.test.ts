import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createTfjsBackend } from '../../src/backends/tfjs/backend.ts';
import { BestReferences } from '../../src/backends/tfjs/best-references.ts';
import { HitsWithin, joinHits } from '../../src/backends/tfjs/hits-within.ts';
import { approximateSimilarity, SIMILARITY_ERROR } from '../../src/backends/tfjs/similarity.ts';
import type { TensorEngine } from '../../src/backends/tfjs/tensor-engine.ts';
import { COSINE, DICE, similarityRank, TANIMOTO, tversky } from '../../src/core/metric.ts';
import type { References } from '../../src/core/ops.ts';
import { seededRandom } from '../../src/core/random.ts';
import { emptyNeighbors } from '../../src/core/search-arguments.ts';
import { makeCase } from '../conformance/packed-case.ts';
import { openEngine } from './tfjs-engines.ts';

const { engine, countTensors } = await openEngine('wasm');
const searchWith = (used: TensorEngine, tileBytes?: number) =>
  createTfjsBackend({ engine: used, exactMmd: referenceBackend.ops.mmd!, ...(tileBytes && { tileBytes }) })
    .ops.search!;

const METRICS = [TANIMOTO, DICE, COSINE, tversky(0.2, 1.5), tversky(0.001, 0), tversky(4, 3.999)];

const { references, queries } = makeCase({
  name: 'odd sizes, deleted rows, longer rows',
  bits: 512,
  rowBytes: 67,
  seed: 5,
  references: [
    { make: 'random', count: 61, popcount: [3, 60] },
    { make: 'empty', count: 2 },
    { make: 'copies', of: 7, count: 20 },
  ],
  queries: [
    { make: 'near', of: 7, count: 4, flips: 3 },
    { make: 'empty', count: 1 },
    { make: 'random', count: 4, popcount: [3, 60] },
  ],
  tombstones: 5,
});
const rows = queries.fingerprints;

/** An engine whose function calls `before` first. */
function watch(name: keyof TensorEngine, before: () => void): TensorEngine {
  const watched = (...given: unknown[]) => {
    before();
    return (engine[name] as (...given: unknown[]) => unknown)(...given);
  };
  return { ...engine, [name]: watched };
}

/** Of 6 rows, of 51, and all. */
const TILES = [2 ** 18, 2 ** 21, 2 ** 26];

test.each(TILES)('tiles of %d bytes give what the reference gives', async (tileBytes) => {
  await using index = await searchWith(engine, tileBytes)(references);
  await using reference = await referenceBackend.ops.search!(references);
  for (const metric of METRICS) {
    for (const k of [1, 9, 200]) {
      expect(await index.nearest(rows, k, { metric })).toEqual(await reference.nearest(rows, k, { metric }));
    }
    for (const numerator of [0, 3, 10]) {
      const threshold = { numerator, denominator: 10 };
      const expected = await reference.within(rows, threshold, { metric });
      expect(await index.within(rows, threshold, { metric })).toEqual(expected);
    }
    const histogram = await reference.nearestHistogram(rows, 7, { metric });
    expect(await index.nearestHistogram(rows, 7, { metric })).toEqual(histogram);
  }
});

/**
 * 25 empty rows, then 21 that share the query's first 4,096 - i bits and have 20 - i others: 1000 c / (1000 c + 20), 21
 * different similarities that are the same in float32. The best is the last row, past k and its margin.
 */
function alikeInFloat32(): References {
  const fingerprints = new Uint8Array(46 * 1024);
  for (let others = 0; others <= 20; others++) {
    const shared = 4096 - 20 + others;
    for (let bit = 0; bit < 4096 + others; bit++) {
      if (bit < shared || bit >= 4096) fingerprints[(25 + others) * 1024 + (bit >> 3)] |= 1 << (bit & 7);
    }
  }
  return { fingerprints, bits: 8192 };
}

test('the nearest are found among more that float32 cannot tell apart than are read', async () => {
  const query = new Uint8Array(1024).fill(0xff, 0, 512);
  await using index = await searchWith(engine)(alikeInFloat32());
  const metric = tversky(0.001, 0.001);
  for (const k of [1, 4]) {
    const { indexes } = await index.nearest(query, k, { metric });
    expect([...indexes]).toEqual([45, 44, 43, 42].slice(0, k));
  }
});

test('results do not hang on the order in which an engine names what it cannot tell apart', async () => {
  const random = seededRandom(4);
  const offers = Array.from({ length: 300 }, (_, row) => ({
    row,
    shared: Math.floor(random() * 9),
    bits: 12,
  }));
  const sorted = offers.toSorted((x, y) => y.shared - x.shared || x.row - y.row);
  const shuffled = offers.toSorted(() => random() - 0.5);
  const best = new BestReferences(40, TANIMOTO, 10);
  const hits = new HitsWithin({ numerator: 1, denominator: 10 }, TANIMOTO, 10);
  for (const { row, shared, bits } of shuffled) {
    best.offer(row, shared, bits);
    hits.offer(row, shared, bits);
  }
  const found = emptyNeighbors(1, 40);
  best.write(found, 0, 40);
  expect([...found.indexes]).toEqual(sorted.slice(0, 40).map(({ row }) => row));
  expect([...found.unions]).toEqual(sorted.slice(0, 40).map(({ shared, bits }) => 10 + bits - shared));
  const reaching = sorted.filter(({ shared, bits }) => shared * 10 >= 10 + bits - shared);
  expect([...joinHits([hits]).indexes]).toEqual(reaching.map(({ row }) => row));
});

test('more copies than are read come in the order of rows', async () => {
  const fingerprints = new Uint8Array(100 * 32).map((_, i) => (i % 32 < 9 ? 0xa5 : 0));
  fingerprints[50 * 32] = 0xff;
  await using index = await searchWith(engine)({ fingerprints, bits: 256 });
  const { indexes } = await index.nearest(fingerprints.subarray(0, 32), 5);
  expect([...indexes]).toEqual([0, 1, 2, 3, 4]);
});

test('float32 similarities are within the error that cuts allow for', async () => {
  const random = seededRandom(9);
  const below = (end: number) => Math.floor(random() * (end + 1));
  const size = 20_000;
  const queryBits = Float32Array.from({ length: size }, () => below(below(8192)));
  const targetBits = Float32Array.from({ length: size }, () => below(below(8192)));
  const shared = queryBits.map((a, i) => below(Math.min(a, targetBits[i])));
  let worst = 0;
  for (const metric of METRICS) {
    const similarity = engine.tidy(() => {
      const column = (values: Float32Array) => engine.tensor(values, [size, 1], 'float32');
      return approximateSimilarity(engine, metric, column(shared), column(queryBits), column(targetBits));
    });
    const found = await similarity.data();
    similarity.dispose();
    for (let i = 0; i < size; i++) {
      const exact = similarityRank(metric, shared[i], queryBits[i], targetBits[i]);
      if (exact === 0) expect(found[i]).toBe(0);
      else worst = Math.max(worst, Math.abs(found[i] / exact - 1));
    }
  }
  expect(worst).toBeGreaterThan(0);
  expect(worst).toBeLessThan(SIMILARITY_ERROR / 2);
});

test('an index gives back all tensors', async () => {
  const before = countTensors();
  {
    await using index = await searchWith(engine, 2 ** 21)(references);
    const held = countTensors();
    expect(held).toBeGreaterThan(before);
    await index.nearest(rows, 3);
    await index.within(rows, { numerator: 1, denominator: 2 });
    await index.nearestHistogram(rows, 4);
    expect(countTensors()).toBe(held);
  }
  expect(countTensors()).toBe(before);
});

test('a call that fails on the device gives back its tensors, and memory that does not suffice is told', async () => {
  const before = countTensors();
  for (const [name, first] of [
    ['matMul', 2],
    ['topk', 1],
    ['gather', 1],
    ['floor', 3],
  ] as const) {
    let calls = 0;
    const failing = watch(name, () => {
      if (++calls === first) throw new Error('OOM when allocating tensor with shape[9,9]');
    });
    await using index = await searchWith(failing, 2 ** 21)(references);
    const held = countTensors();
    await expect(index.nearest(rows, 1)).rejects.toMatchObject({
      code: 'ERR_OUT_OF_MEMORY',
      details: { sizeBytes: 2 ** 21 },
    });
    expect(countTensors()).toBe(held);
    // The index still serves.
    await index.nearest(rows, 1);
  }
  expect(countTensors()).toBe(before);
});

test('an error of the engine that is not about memory stays as it is', async () => {
  const failing = watch('matMul', () => {
    throw new Error('no such kernel');
  });
  await using index = await searchWith(failing)(references);
  await expect(index.nearest(rows, 1)).rejects.toThrow(/^no such kernel$/);
});

test('references that do not fit on the device leave nothing there', async () => {
  const before = countTensors();
  let calls = 0;
  const failing = watch('tensor', () => {
    if (++calls === 2) throw new RangeError('Array buffer allocation failed');
  });
  await expect(searchWith(failing, 2 ** 21)(references)).rejects.toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
  expect(countTensors()).toBe(before);
});

test('an aborted search ends between tiles and gives back its tensors', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let calls = 0;
  const aborting = watch('matMul', () => {
    if (++calls === 2) controller.abort();
  });
  await using index = await searchWith(aborting, 2 ** 18)(references);
  const held = countTensors();
  await expect(index.nearest(rows, 1, { signal })).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  expect(calls).toBe(2);
  expect(countTensors()).toBe(held);
  await expect(searchWith(engine)(references, { signal })).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
});

test('calls at once give what calls in turn give, and closing waits for them', async () => {
  const before = countTensors();
  const index = await searchWith(engine, 2 ** 21)(references);
  const alone = await index.nearest(rows, 3);
  const both = [index.nearest(rows, 3), index.nearest(rows, 3)];
  await index[Symbol.asyncDispose]();
  expect(await Promise.all(both)).toEqual([alone, alone]);
  expect(countTensors()).toBe(before);
  await expect(index.nearest(rows, 3)).rejects.toThrow('The index was closed');
});

test('the event loop turns while tiles are searched', async () => {
  await using index = await searchWith(engine, 2 ** 18)(references);
  let turns = 0;
  let next = setImmediate(function count() {
    turns++;
    next = setImmediate(count);
  });
  await index.nearest(rows, 1);
  clearImmediate(next);
  expect(turns).toBeGreaterThan(10);
});

test('what cannot be asked is refused', async () => {
  await using index = await searchWith(engine)(references);
  for (const ask of [
    () => index.nearest(rows, 0),
    () => index.nearest(rows.subarray(1), 1),
    () => index.within(rows, { numerator: 2, denominator: 1 }),
    () => index.within(rows.subarray(1), { numerator: 1, denominator: 1 }),
    () => index.nearestHistogram(rows, 0),
    () => searchWith(engine)({ fingerprints: new Uint8Array(31), bits: 248 }),
  ]) {
    await expect(ask()).rejects.toMatchObject({ code: 'ERR_USAGE' });
  }
});
