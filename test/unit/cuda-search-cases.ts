import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { type CudaSearchOptions, createCudaSearchIndex } from '../../src/backends/cuda/search-index.ts';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { COSINE, DICE, type Metric, TANIMOTO, tversky } from '../../src/core/metric.ts';
import type { SearchIndex } from '../../src/core/ops.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { type MadeCase, makeCase, type PackedCase } from '../conformance/packed-case.ts';
import { openStub, type StubDriver } from '../stub/stub-driver.ts';

export const EVERY_METRIC: readonly Metric[] = [
  TANIMOTO,
  DICE,
  COSINE,
  tversky(0.2, 1.5),
  tversky(1, 0),
  tversky(0, 1),
  tversky(0, 0),
];

export interface SearchCase extends PackedCase {
  readonly why?: string;
  /** Tanimoto and cosine when not said. */
  readonly metrics?: readonly Metric[];
}

/** Small enough for the emulator, and past each edge that the kernels have. */
export const SEARCH_CASES: readonly SearchCase[] = [
  {
    name: 'more queries than a warp holds, ties and empties',
    bits: 2048,
    seed: 1,
    references: [
      { make: 'random', count: 320, popcount: [0, 70] },
      { make: 'near', of: 5, count: 60, flips: 9 },
      { make: 'copies', of: 7, count: 40 },
      { make: 'empty', count: 3 },
    ],
    shuffle: true,
    tombstones: 11,
    queries: [
      { make: 'near', of: 5, count: 60, flips: 6 },
      { make: 'copies', of: 7, count: 20 },
      { make: 'empty', count: 1 },
    ],
    k: [1, 10],
    thresholds: [[1, 2]],
  },
  {
    name: 'more queries than a block holds',
    bits: 512,
    seed: 2,
    references: [{ make: 'random', count: 129, popcount: [1, 60] }],
    queries: [{ make: 'random', count: 515, popcount: [1, 60] }],
    k: [3],
    thresholds: [[3, 10]],
    metrics: [TANIMOTO],
  },
  {
    name: 'so many tiles that lists are merged early',
    bits: 512,
    seed: 3,
    references: [
      { make: 'random', count: 3800, popcount: [10, 60] },
      { make: 'near', of: 9, count: 430, flips: 12 },
    ],
    shuffle: true,
    queries: [
      { make: 'near', of: 9, count: 40, flips: 3 },
      { make: 'random', count: 23, popcount: [10, 60] },
    ],
    k: [1, 20],
    thresholds: [[6, 10]],
    metrics: [TANIMOTO],
  },
  {
    name: 'one query',
    bits: 1024,
    seed: 4,
    references: [
      { make: 'random', count: 1500, popcount: [10, 60] },
      { make: 'copies', of: 3, count: 30 },
    ],
    shuffle: true,
    queries: [{ make: 'near', of: 3, count: 1, flips: 4 }],
    k: [1, 10, 1600],
    thresholds: [[2, 10]],
  },
  {
    name: 'each tile of one popcount, at the bound on either side',
    why: 'similarity is the ratio of popcounts; 10 and 40 are as far from 20, and the lower row wins',
    bits: 256,
    seed: 5,
    references: [
      { make: 'nested', popcount: [20, 20], count: 64 },
      { make: 'nested', popcount: [10, 10], count: 64 },
      { make: 'nested', popcount: [40, 40], count: 64 },
      { make: 'nested', popcount: [5, 5], count: 64 },
      { make: 'nested', popcount: [80, 80], count: 64 },
    ],
    shuffle: true,
    queries: [
      { make: 'nested', popcount: [20, 20], count: 1 },
      { make: 'nested', popcount: [10, 10], count: 1 },
      { make: 'nested', popcount: [40, 40], count: 1 },
    ],
    k: [64, 65, 100, 192, 193, 320],
    thresholds: [
      [1, 2],
      [1, 4],
      [5001, 10000],
      [1, 1],
      [0, 1],
    ],
    metrics: EVERY_METRIC,
  },
  {
    name: 'the far side of the bound alone',
    why: 'all references are on one side of the query, in tiles of one popcount',
    bits: 256,
    seed: 6,
    references: [
      { make: 'nested', popcount: [60, 60], count: 64 },
      { make: 'nested', popcount: [90, 90], count: 64 },
      { make: 'nested', popcount: [120, 120], count: 70 },
    ],
    shuffle: true,
    queries: [
      { make: 'nested', popcount: [30, 30], count: 2 },
      { make: 'nested', popcount: [180, 180], count: 2 },
    ],
    k: [1, 64, 65, 129, 200],
    thresholds: [
      [1, 2],
      [1, 3],
      [2, 3],
    ],
    metrics: EVERY_METRIC,
  },
  {
    name: 'ties among tiles of different blocks',
    why: 'a block takes over the similarity that another one has found, but the lower row is its own',
    bits: 256,
    seed: 8,
    references: [
      { make: 'nested', popcount: [10, 10], count: 640 },
      { make: 'nested', popcount: [40, 40], count: 640 },
    ],
    shuffle: true,
    queries: [
      { make: 'nested', popcount: [20, 20], count: 2 },
      { make: 'nested', popcount: [19, 21], count: 1 },
    ],
    k: [1, 5, 70],
    thresholds: [[1, 2]],
  },
  {
    name: 'longer than the matrix kernels take',
    bits: 2304,
    rowBytes: 301,
    seed: 7,
    references: [{ make: 'random', count: 197, popcount: [5, 300] }],
    queries: [{ make: 'random', count: 9, popcount: [5, 300] }],
    k: [1, 7],
    thresholds: [[1, 5]],
  },
];

/** A device of the stub driver. */
export interface StubDevice extends AsyncDisposable {
  readonly device: CudaDevice;
  readonly stub: StubDriver;
}

/** @param settings of the stub; what it usually has otherwise */
export function openStubDevice(
  library: string,
  settings: Readonly<Partial<Record<Parameters<StubDriver['set']>[0], number>>> = {},
): StubDevice {
  const stub = openStub(library);
  stub.reset();
  for (const [name, value] of Object.entries(settings)) stub.set(name as keyof typeof settings, value);
  const device = new CudaDevice(openCudaContext({ library }), { stageBytes: 1 << 16 });
  return {
    device,
    stub,
    async [Symbol.asyncDispose]() {
      await device[Symbol.asyncDispose]();
    },
  };
}

/** What the reference answers to everything that a case asks; by what was asked. */
export async function askAll(
  index: SearchIndex,
  { k: ks, thresholds, queries }: MadeCase,
  metrics: readonly Metric[],
): Promise<Map<string, unknown>> {
  const answers = new Map<string, unknown>();
  const rows = queries.fingerprints;
  for (const metric of metrics) {
    const name = JSON.stringify(metric);
    for (const k of ks) answers.set(`${name}, k ${k}`, await index.nearest(rows, k, { metric }));
    for (const t of thresholds) {
      answers.set(`${name}, ${t.numerator}/${t.denominator}`, await index.within(rows, t, { metric }));
    }
    answers.set(`${name}, histogram`, await index.nearestHistogram(rows, 20, { metric }));
  }
  return answers;
}

const expected = new Map<string, Promise<Map<string, unknown>>>();

/** Compares an index on the device with the reference, in all that the case asks. */
export async function expectAsReference(
  device: CudaDevice,
  recipe: SearchCase,
  options: CudaSearchOptions = {},
): Promise<void> {
  const made = makeCase(recipe);
  const metrics = recipe.metrics ?? [TANIMOTO, COSINE];
  let right = expected.get(recipe.name);
  if (!right) {
    right = referenceBackend.ops.search!(made.references).then((index) => askAll(index, made, metrics));
    expected.set(recipe.name, right);
  }
  await using index = await createCudaSearchIndex(device, made.references, options);
  for (const [asked, answer] of await askAll(index, made, metrics)) {
    const wanted = (await right).get(asked);
    if (!isDeepStrictEqual(answer, wanted)) expect(answer, asked).toEqual(wanted);
  }
}
