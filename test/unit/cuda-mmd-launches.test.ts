import { describe, expect, test } from 'vitest';
import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { cudaMmd } from '../../src/backends/cuda/mmd.ts';
import { featureCost, float64Cost, launchPairs } from '../../src/backends/cuda/mmd-kernel.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openStub } from '../stub/stub-driver.ts';
import {
  BITS,
  emulateMmd,
  expectNoProblems,
  FEATURES,
  makeInput,
  sharedFor,
  stub,
  TANIMOTO,
  whyNot,
} from './cuda-mmd-device.ts';

/** 3 multiprocessors with 2 blocks each. */
function fakeDevice(computeCapability = 90) {
  const log: string[] = [];
  let synchronized = 0;
  const device = {
    info: { multiprocessors: 3, computeCapability },
    stream: {
      async synchronize() {
        const number = ++synchronized;
        await new Promise(setImmediate);
        log.push(`${number} ended`);
      },
    },
  } as unknown as CudaDevice;
  const kernel = {
    residentBlocks: () => 2,
    launch: (_: unknown, { blocks }: { blocks: number }, [first]: Uint8Array) =>
      log.push(`${first} + ${blocks}`),
  };
  const launch = async (mostPairs: number, cost = 1, signal?: AbortSignal) => {
    const what = { blocks: 20, threads: 32, sharedBytes: 0, pairsPerBlock: 10, cost, mostPairs };
    const parameters = (first: number) => Uint8Array.of(first);
    await launchPairs(device, { ...what, kernel: kernel as never, parameters }, signal);
  };
  return { device, launch, log };
}

describe('launches over pairs of rows', () => {
  test('are of whole waves, and the next is in the queue before one ends', async () => {
    for (const pairs of [0, 50, 119]) {
      const { launch, log } = fakeDevice();
      await launch(pairs);
      const expected = ['0 + 6', '6 + 6', '1 ended', '12 + 6', '2 ended', '18 + 2', '3 ended', '4 ended'];
      expect(log).toEqual(expected);
    }
    const { launch, log } = fakeDevice();
    await launch(179);
    expect(log.filter((line) => line.includes('+'))).toEqual(['0 + 12', '12 + 8']);
  });

  test('are smaller where pairs cost more', async () => {
    const { launch, log } = fakeDevice();
    await launch(240, 1.9);
    expect(log[0]).toBe('0 + 12');
    log.length = 0;
    await launch(240, 2.1);
    expect(log[0]).toBe('0 + 6');
    expect(featureCost({ kind: 'rbf-features', bandwidth: 1 }, 48)).toBe(4);
    expect(featureCost({ kind: 'rbf-bits', bandwidth: 1 }, 48)).toBe(1);
    expect(
      [80, 86, 89, 90, 100, 120].map((capability) => float64Cost(fakeDevice(capability).device)),
    ).toEqual([1, 32, 32, 1, 1, 32]);
  });

  test('are not made once it is cancelled, and those made are waited for', async () => {
    const { launch, log } = fakeDevice();
    let looks = 0;
    const signal = {
      get aborted() {
        return ++looks > 2;
      },
    } as AbortSignal;
    await expect(launch(0, 1, signal)).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(log).toEqual(['0 + 6', '6 + 6', '1 ended', '2 ended']);
  });
});

describe.skipIf(whyNot !== undefined)(`MMD on emulated CUDA in many launches ${whyNot ?? ''}`, () => {
  expectNoProblems();

  test('gives the same bytes', async () => {
    const input = makeInput(283, 120, 150, [TANIMOTO, FEATURES]);
    const settings = { shared_bytes: sharedFor(32), multiprocessors: 1 };
    const found = await emulateMmd(settings, input);
    const launches = stub.calls('cuLaunchKernel');
    expect(await emulateMmd(settings, input, undefined, 1)).toEqual(found);
    expect(stub.calls('cuLaunchKernel') - launches).toBeGreaterThan(launches + 10);
  });

  test('no kernel reads what another thread writes at the same time', async () => {
    const { library } = await buildStub({ operations: ['mmd', 'permutations'], races: true });
    const checked = openStub(library!);
    checked.set('shared_bytes', sharedFor(32));
    await using device = new CudaDevice(openCudaContext({ library: library! }));
    const input = makeInput(65, 30, 100, [TANIMOTO, BITS, FEATURES]);
    const found = await cudaMmd(device, input);
    expect(found).toEqual(await emulateMmd({ shared_bytes: sharedFor(32) }, input));
    expect(checked.problems()).toEqual([]);
  });
});
