import { describe, expect, test } from 'vitest';
import { cudaMmd } from '../../src/backends/cuda/mmd.ts';
import { referenceMmd } from '../../src/backends/reference/mmd.ts';
import type { MmdInput } from '../../src/core/mmd.ts';
import {
  BITS,
  emulateMmd,
  expectNoProblems,
  FEATURES,
  makeInput,
  openDevice,
  stub,
  TANIMOTO,
  whyNot,
} from './cuda-mmd-device.ts';

/** A signal that is aborted from the nth look at it on. */
function abortedAt(nth: number): AbortSignal {
  let looks = 0;
  return {
    get aborted() {
      return ++looks >= nth;
    },
  } as AbortSignal;
}

describe.skipIf(whyNot !== undefined)(`MMD on emulated CUDA that ends early ${whyNot ?? ''}`, () => {
  expectNoProblems();

  test('wherever it is cancelled, all memory is given back, and the device works on', async () => {
    const input = makeInput(40, 20, 100, [TANIMOTO, FEATURES], { clusterSizes: [1, 2], inX: 13 });
    await using device = openDevice();
    const { freeBytes } = device.context.memory();
    let cancelled = 0;
    for (let nth = 1; ; nth++) {
      const running = cudaMmd(device, input, abortedAt(nth));
      const outcome = await running.then(
        () => 'done',
        (cause) => cause.code,
      );
      expect(device.context.memory().freeBytes).toBe(freeBytes);
      if (outcome === 'done') break;
      expect(outcome).toBe('ERR_CANCELLED');
      cancelled++;
    }
    // Before it starts, when its turn comes, and before each launch over pairs of rows.
    expect(cancelled).toBeGreaterThan(5);
  });

  test.each([
    ['cuMemAlloc_v2', 2, 'ERR_OUT_OF_MEMORY'],
    ['cuLaunchKernel', 46, 'ERR_GPU_CALL'],
    ['cuMemcpyHtoDAsync_v2', 1, 'ERR_GPU_CALL'],
    ['cuMemcpyDtoHAsync_v2', 1, 'ERR_GPU_CALL'],
    ['cuMemsetD8Async', 1, 'ERR_GPU_CALL'],
  ])('whichever %s fails, all memory is given back', async (call, code, expected) => {
    const input = makeInput(40, 20, 100, [BITS, FEATURES], { clusterSizes: [1, 2], inX: 13 });
    await emulateMmd({}, input);
    const calls = stub.calls(call);
    expect(calls).toBeGreaterThan(0);
    for (let nth = 1; nth <= calls; nth++) {
      stub.reset();
      await using device = openDevice();
      const { freeBytes } = device.context.memory();
      stub.fail(call, nth, code);
      await expect(cudaMmd(device, input), `${call} number ${nth}`).rejects.toMatchObject({ code: expected });
      expect(device.context.memory().freeBytes).toBe(freeBytes);
    }
  });

  test('rows that do not fit the memory are refused, with how much was asked for', async () => {
    const input = makeInput(257, 100, 9, [TANIMOTO]);
    await expect(emulateMmd({ memory_bytes: 100_000 }, input)).rejects.toThrow(
      /Not enough memory for MMD of 257 rows on the GPU.*131072 bytes/,
    );
  });

  test('a drawn column that leaves one row on a side is refused and named', async () => {
    const samples = { fingerprints: new Uint8Array(10 * 32), bits: 256 };
    const clusters = Uint32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 2);
    const labels = { observed: Uint8Array.of(0b001), permutations: 300, seed: 3 };
    const input: MmdInput = { samples, clusters, labels, kernels: [TANIMOTO] };
    const refused = await referenceMmd(input).catch((cause: Error) => cause.message);
    expect(refused).toMatch(/labels of column \d+ put 1 rows in X/);
    await expect(emulateMmd({}, input)).rejects.toThrow(refused as string);
  });
});
