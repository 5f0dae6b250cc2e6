import { describe, expect, test } from 'vitest';
import { cudaIntersections } from '../../src/backends/cuda/intersections.ts';
import { referenceIntersections } from '../../src/backends/reference/intersections.ts';
import type { PackedRows } from '../../src/core/ops.ts';
import { makeCase } from '../conformance/packed-case.ts';
import { expectNoProblems, openDevice, stub, whyNot } from './cuda-mmd-device.ts';

function makeRows(queries: number, targets: number, bits: number, rowBytes: number) {
  const made = makeCase({
    name: '',
    bits,
    rowBytes,
    seed: queries + targets,
    references: [
      { make: 'random', count: targets - 2, popcount: [0, bits >> 2] },
      { make: 'full', count: 1 },
      { make: 'empty', count: 1 },
    ],
    queries: [
      { make: 'random', count: queries - 1, popcount: [0, bits >> 2] },
      { make: 'full', count: 1 },
    ],
  });
  return { queries: made.queries, targets: made.references as PackedRows };
}

describe.skipIf(whyNot !== undefined)(`intersections on emulated CUDA ${whyNot ?? ''}`, () => {
  expectNoProblems();

  test.each([
    [1, 2, 256, 32],
    [63, 65, 2048, 256],
    [64, 64, 2048, 384],
    [65, 130, 768, 99],
    [3, 200, 8192, 1024],
  ])('%i queries and %i targets of %i bits', async (q, t, bits, rowBytes) => {
    const { queries, targets } = makeRows(q, t, bits, rowBytes);
    const expected = await referenceIntersections(queries, targets);
    for (const batchBytes of [2 ** 26, 7 * t * 2, 1]) {
      await using device = openDevice({ seed: batchBytes });
      expect(await cudaIntersections(device, queries, targets, undefined, batchBytes)).toEqual(expected);
    }
  });

  test('no queries or no targets give no results', async () => {
    const none: PackedRows = { fingerprints: new Uint8Array(), bits: 256 };
    const one: PackedRows = { fingerprints: new Uint8Array(32), bits: 256 };
    await using device = openDevice();
    expect(await cudaIntersections(device, none, one)).toEqual(new Uint16Array());
    expect(await cudaIntersections(device, one, none)).toEqual(new Uint16Array());
  });

  test('it stops between batches, and gives its memory back', async () => {
    const { queries, targets } = makeRows(9, 20, 256, 32);
    await using device = openDevice();
    const { freeBytes } = device.context.memory();
    let looks = 0;
    const signal = {
      get aborted() {
        return ++looks > 4;
      },
    } as AbortSignal;
    const running = cudaIntersections(device, queries, targets, signal, 40);
    await expect(running).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(device.context.memory().freeBytes).toBe(freeBytes);
    expect(stub.calls('cuLaunchKernel')).toBe(3);
  });

  test('a failing launch gives its memory back', async () => {
    const { queries, targets } = makeRows(9, 20, 256, 32);
    await using device = openDevice();
    const { freeBytes } = device.context.memory();
    stub.fail('cuLaunchKernel', 2, 46);
    const running = cudaIntersections(device, queries, targets, undefined, 40);
    await expect(running).rejects.toMatchObject({ code: 'ERR_GPU_CALL' });
    expect(device.context.memory().freeBytes).toBe(freeBytes);
  });

  test('targets that do not fit the memory are refused', async () => {
    const { queries, targets } = makeRows(2, 400, 256, 32);
    await using device = openDevice({ memory_bytes: 10_000 });
    await expect(cudaIntersections(device, queries, targets)).rejects.toThrow(
      /Not enough memory for targets of intersections on the GPU/,
    );
  });
});
