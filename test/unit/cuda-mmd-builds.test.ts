import { describe, expect, test } from 'vitest';
import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { cudaMmd } from '../../src/backends/cuda/mmd.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openStub } from '../stub/stub-driver.ts';
import { BITS, emulateMmd, expectNoProblems, makeInput, TANIMOTO, whyNot } from './cuda-mmd-device.ts';

/**
 * The kernels as on sm_100 and later, with int8 matrix instructions; and with float32 sums put together after every two
 * tiles, which otherwise takes more than 8,192 rows to happen at all.
 */
const { library } = await buildStub({
  operations: ['mmd', 'permutations'],
  defines: ['ASSAYER_MMA_BY_BYTES'],
  change: { file: 'kernels/mmd/estimate.h', from: 'FLUSH_TILES = 128', to: 'FLUSH_TILES = 2' },
});

describe.skipIf(whyNot !== undefined)(`MMD kernels in another build ${whyNot ?? ''}`, () => {
  expectNoProblems();

  test('int8 instead of one-bit matrix instructions, and shorter sums, give the same values', async () => {
    const input = makeInput(250, 120, 100, [TANIMOTO, BITS]);
    const stub = openStub(library!);
    const found = await runOn(library!);
    const expected = await emulateMmd({}, input);
    for (const [i, value] of expected.values.entries()) {
      // The same roundings to half precision; those to float32 are others.
      expect(Math.abs(found.values[i] - value)).toBeLessThanOrEqual(1e-9);
    }
    expect(found.p).toEqual(expected.p);
    expect(stub.problems()).toEqual([]);

    async function runOn(path: string) {
      await using device = new CudaDevice(openCudaContext({ library: path }));
      return await cudaMmd(device, input);
    }
  });
});
