import { describe, expect, test } from 'vitest';
import { createCudaBackend } from '../../src/backends/cuda/backend.ts';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { MmdInput, MmdResult } from '../../src/core/mmd.ts';
import { drawColumns } from '../../src/core/mmd-labels.ts';
import { buildStub } from '../stub/build-stub.ts';
import { makeMmdInput, readMmdCases } from './mmd-case.ts';

const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
const mmdWorkerUrl = new URL('../../src/workers/mmd.ts', import.meta.url);
const onThreads = (threads: number) =>
  createWasmBackend({ workerUrl, mmdWorkerUrl, threads, mmdAloneBelow: 0 }).ops.mmd!;

const { library, reason } = await buildStub();
if (!library) console.warn(`skipping conformance of MMD on CUDA: ${reason}`);
const cuda = library && (await createCudaBackend({ library }));

/** Of permuted columns; MMD2u of these kernels is below 2. */
const FLOAT32_TOLERANCE = 1e-6;
const HALF_TOLERANCE = 1e-5;

function expectSame(
  found: MmdResult,
  expected: MmdResult,
  kernels: number,
  permutedTolerance = FLOAT32_TOLERANCE,
): void {
  expect(found.values).toHaveLength(expected.values.length);
  const columns = expected.values.length / kernels;
  for (const [i, value] of expected.values.entries()) {
    const tolerance = i % columns === 0 ? 1e-12 : permutedTolerance;
    expect(Math.abs(found.values[i] - value), `value ${i}`).toBeLessThanOrEqual(tolerance);
  }
  expect(found.exceedances).toEqual(expected.exceedances);
  expect(found.p).toEqual(expected.p);
}

describe.each(readMmdCases().map((recipe) => ({ ...recipe, input: makeMmdInput(recipe) })))(
  'MMD: $name',
  ({ input }) => {
    test('wasm gives what the reference gives, the same bytes on one, two and three threads', async () => {
      const found = await onThreads(1)(input);
      expectSame(found, await referenceBackend.ops.mmd!(input), input.kernels.length);
      for (const threads of [2, 3]) expect(await onThreads(threads)(input)).toEqual(found);
    });

    test.skipIf(!cuda)('cuda, emulated, gives what the reference gives', async () => {
      if (!cuda) throw new Error('skipped');
      const found = await cuda.ops.mmd!(input);
      expectSame(found, await referenceBackend.ops.mmd!(input), input.kernels.length, HALF_TOLERANCE);
    });
  },
);

test('labels given by column are the same as labels drawn', async () => {
  const input = makeMmdInput(readMmdCases().find(({ name }) => name === '64 and 65, round a chunk of 128')!);
  if (!('observed' in input.labels)) throw new Error('the case draws its labels');
  const columns = drawColumns(input.labels, 129, 64).bits;
  const given: MmdInput = { ...input, labels: { columns } };
  for (const mmd of [referenceBackend.ops.mmd!, onThreads(1)]) {
    expect(await mmd(given)).toEqual(await mmd(input));
  }
});
