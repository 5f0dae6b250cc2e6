import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import { createNeighborIndex } from '../../src/backends/wasm/nearest-index.ts';
import { WORKSPACE_BYTES } from '../../src/backends/wasm/search-build.ts';
import { shardAddresses } from '../../src/backends/wasm/search-shard.ts';
import { DICE } from '../../src/core/metric.ts';
import type { Operations } from '../../src/core/ops.ts';
import { NO_NEIGHBOR } from '../../src/core/ops.ts';
import { seededRandom } from '../../src/core/random.ts';
import { noShared, readShared } from '../shared.ts';

const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
const wasm = (threads: number) => createWasmBackend({ workerUrl, threads }).ops.search!;
const searchWithReference = referenceBackend.ops.search!;

/** Rows with some 1 in 40 bits set. */
function randomRows(count: number, bytes: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return new Uint8Array(count * bytes).map(() => (random() < 0.2 ? 1 << (random() * 8) : 0));
}

describe.skipIf(noShared)('against the oracle', () => {
  const oracle: { queries: string[]; refs: string[]; top10: [number, number, number][][] } = noShared
    ? { queries: [], refs: [], top10: [] }
    : JSON.parse(readShared('oracles/tanimoto.json.gz'));
  const rowsOf = (hex: string[]) => new Uint8Array(Buffer.from(hex.join(''), 'hex'));
  const queries = rowsOf(oracle.queries);
  const references = { fingerprints: rowsOf(oracle.refs), bits: 2048 };

  test.each([
    ['reference', searchWithReference],
    ['wasm', wasm(2)],
  ])('%s finds the known ten nearest', async (_, search) => {
    await using index = await search(references);
    const { indexes, intersections, unions } = await index.nearest(queries, 10);
    const found = oracle.top10.map((list, q) =>
      list.map((_, i) => [indexes[q * 10 + i], intersections[q * 10 + i], unions[q * 10 + i]]),
    );
    expect(found).toEqual(oracle.top10);
  });
});

test('any number of threads gives the same bytes', async () => {
  const references = { fingerprints: randomRows(5000, 256, 1), bits: 2048 };
  const queries = randomRows(333, 256, 2);
  const answers = [];
  for (const threads of [1, 2, 3, 4]) {
    await using index = await wasm(threads)(references);
    answers.push([
      await index.nearest(queries, 10),
      await index.within(queries, { numerator: 1, denominator: 10 }, { metric: DICE }),
    ]);
  }
  expect(answers[0][1].indexes.length).toBeGreaterThan(1000);
  for (const answer of answers.slice(1)) expect(answer).toEqual(answers[0]);
});

test('calls made at once do not disturb each other', async () => {
  const references = { fingerprints: randomRows(3000, 32, 3), bits: 256 };
  await using index = await wasm(2)(references);
  await using reference = await searchWithReference(references);
  const parts = [4, 5, 6, 7].map((seed) => randomRows(40, 32, seed));
  const found = await Promise.all(parts.map((queries) => index.nearest(queries, 5)));
  for (const [i, queries] of parts.entries()) expect(found[i]).toEqual(await reference.nearest(queries, 5));
});

describe('results larger than a usual workspace', () => {
  const count = 70_000;
  const references = { fingerprints: randomRows(count, 32, 8), bits: 256 };
  const queries = randomRows(3, 32, 9);

  test('k of all references ranks each once, after a small search as well', async () => {
    await using index = await wasm(2)(references);
    const few = await index.nearest(queries, 3);
    const { indexes, intersections, unions } = await index.nearest(queries, count);
    for (let q = 0; q < 3; q++) {
      const row = indexes.subarray(q * count, (q + 1) * count);
      expect(new Set(row).size).toBe(count);
      expect(row.slice(0, 3)).toEqual(few.indexes.slice(q * 3, q * 3 + 3));
      for (let i = q * count + 1; i < (q + 1) * count; i++) {
        const order = intersections[i - 1] * unions[i] - intersections[i] * unions[i - 1];
        if (order < 0 || (order === 0 && indexes[i - 1] > indexes[i])) throw new Error(`place ${i}`);
      }
    }
  });

  test('a threshold of 0 finds every reference, in the order of the nearest', async () => {
    await using index = await wasm(2)(references);
    const hits = await index.within(queries, { numerator: 0, denominator: 1 });
    const nearest = await index.nearest(queries, count);
    expect([...hits.offsets]).toEqual([0, count, 2 * count, 3 * count]);
    expect(Buffer.compare(Buffer.from(hits.indexes.buffer), Buffer.from(nearest.indexes.buffer))).toBe(0);
    expect(Buffer.compare(Buffer.from(hits.unions.buffer), Buffer.from(nearest.unions.buffer))).toBe(0);
  });
});

test('random sets of any density give what the reference gives', async () => {
  const row = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.array(fc.nat(255), { maxLength: 12 }).map((bits) => {
      const bytes = new Uint8Array(32);
      for (const bit of bits) bytes[bit >> 3] |= 1 << (bit & 7);
      return bytes;
    }),
    fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(255)),
  );
  const rows = (maxLength: number) =>
    fc.array(row, { maxLength }).map((list) => new Uint8Array(Buffer.concat(list)));
  const property = fc.asyncProperty(
    rows(60),
    rows(4),
    fc.integer({ min: 1, max: 70 }),
    async (refs, queries, k) => {
      const references = { fingerprints: refs, bits: 256 };
      await using expected = await searchWithReference(references);
      await using index = await createWasmBackend({ workerUrl, threads: 1 }).ops.search!(references);
      expect(await index.nearest(queries, k)).toEqual(await expected.nearest(queries, k));
      const threshold = { numerator: k, denominator: 70 };
      expect(await index.within(queries, threshold)).toEqual(await expected.within(queries, threshold));
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

describe('the index for one thread', () => {
  const fingerprints = randomRows(1200, 384, 10);
  const queries = randomRows(30, 384, 11);

  test.each([1, 7, 1300])('finds what the reference finds, k %i', async (k) => {
    const index = createNeighborIndex(fingerprints);
    const reference = await referenceBackend.ops.search?.({ fingerprints, bits: 2048, rowBytes: 384 });
    expect(index.size).toBe(1200);
    expect(await index.nearest(queries, k)).toEqual(await reference?.nearest(queries, k));
  });

  test('holds no references at all', async () => {
    const { indexes } = await createNeighborIndex(new Uint8Array()).nearest(queries, 2);
    expect(indexes).toEqual(new Uint32Array(60).fill(NO_NEIGHBOR));
  });
});

test('an index takes at most 1.2 times the packed fingerprints beside them', () => {
  const packed = 1e6 * 256;
  expect(shardAddresses(1e6, 2048).workspaces + 16 * WORKSPACE_BYTES).toBeLessThan(1.2 * packed);
});

describe('cancelling', () => {
  const references = { fingerprints: randomRows(30_000, 256, 12), bits: 2048 };

  test('stops the building of an index', async () => {
    const build = wasm(1)(references, { signal: AbortSignal.abort() });
    await expect(build).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  });

  test('stops a search under way, and the next one is right', async () => {
    await using index = await wasm(1)(references);
    const queries = randomRows(2000, 256, 13);
    const expected = await index.nearest(queries.subarray(0, 2560), 2);
    const controller = new AbortController();
    const search = index.nearest(queries, 1, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(search).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    await expect(
      index.within(queries, { numerator: 1, denominator: 2 }, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(await index.nearest(queries.subarray(0, 2560), 2)).toEqual(expected);
  });
});

describe.each([
  ['reference', searchWithReference],
  ['wasm', wasm(1)],
])('%s refuses', (_, search) => {
  const refused = { code: 'ERR_USAGE' };
  const fingerprints = randomRows(9, 256, 14);

  test.each([0, 100, 255, 2000, 8448, Number.NaN])('fingerprints of %s bits', async (bits) => {
    await expect(search({ fingerprints, bits })).rejects.toMatchObject(refused);
  });

  test('rows that do not fit', async () => {
    await expect(search({ fingerprints: fingerprints.subarray(1), bits: 2048 })).rejects.toMatchObject(
      refused,
    );
    await expect(search({ fingerprints, bits: 2048, rowBytes: 128 })).rejects.toMatchObject(refused);
    const tombstones = new Uint8Array(1);
    await expect(search({ fingerprints, bits: 2048, tombstones })).rejects.toMatchObject(refused);
    await using index = await search({ fingerprints, bits: 2048 });
    await expect(index.nearest(fingerprints.subarray(1), 1)).rejects.toMatchObject(refused);
    await expect(
      index.within(fingerprints.subarray(1), { numerator: 1, denominator: 1 }),
    ).rejects.toMatchObject(refused);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('k = %s', async (k) => {
    await using index = await search({ fingerprints, bits: 2048 });
    await expect(index.nearest(fingerprints, k)).rejects.toMatchObject(refused);
  });

  test.each([
    [-1, 10],
    [11, 10],
    [Number.NaN, 10],
    [1, 0],
    [0.5, 1],
    [1, 20_000],
  ])('the threshold %s / %s', async (numerator, denominator) => {
    await using index = await search({ fingerprints, bits: 2048 });
    await expect(index.within(fingerprints, { numerator, denominator })).rejects.toMatchObject(refused);
  });

  test('k whose answer no memory holds', async () => {
    await using index = await search({ fingerprints, bits: 2048 });
    await expect(index.nearest(fingerprints, 2 ** 50)).rejects.toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
  });
});

test('a search in an index that was closed is refused', async () => {
  const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
  const search = createWasmBackend({ workerUrl, threads: 1 }).ops.search as Operations['search'];
  const fingerprints = randomRows(10, 256, 1);
  const index = await search({ fingerprints, bits: 2048 });
  await index[Symbol.asyncDispose]();
  const refused = { code: 'ERR_USAGE', message: expect.stringContaining('closed') };
  await expect(index.nearest(fingerprints, 1)).rejects.toMatchObject(refused);
});
