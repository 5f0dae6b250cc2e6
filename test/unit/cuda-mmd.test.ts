import { describe, expect, test } from 'vitest';
import { referenceMmd } from '../../src/backends/reference/mmd.ts';
import type { MmdInput, MmdResult } from '../../src/core/mmd.ts';
import { drawColumns } from '../../src/core/mmd-labels.ts';
import { hundredthOfSpread } from '../../src/core/mmd-sums.ts';
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

/** @returns for each kernel the largest error of a permuted column, in standard deviations of the permuted columns */
async function expectReference(found: MmdResult, input: MmdInput): Promise<number[]> {
  const expected = await referenceMmd(input);
  const columns = expected.values.length / input.kernels.length;
  const errors = found.values.map((value, i) => Math.abs(value - expected.values[i]));
  for (const [i, error] of errors.entries()) {
    expect(error, `value ${i}`).toBeLessThanOrEqual(i % columns === 0 ? 1e-12 : 1e-5);
  }
  expect(found.exceedances).toEqual(expected.exceedances);
  expect(found.p).toEqual(expected.p);
  return input.kernels.map((_, k) => {
    const permuted = [k * columns + 1, (k + 1) * columns] as const;
    const deviation = 100 * hundredthOfSpread(expected.values.subarray(...permuted));
    return Math.max(0, ...errors.subarray(...permuted)) / deviation;
  });
}

/** Columns in half precision were in the result, and were as good as half precision is. */
function expectEstimates(errors: readonly number[]): void {
  for (const error of errors) {
    expect(error).toBeGreaterThan(1e-6);
    expect(error).toBeLessThan(0.005);
  }
}

const ALL = [TANIMOTO, BITS, FEATURES];

describe.skipIf(whyNot !== undefined)(`MMD on emulated CUDA ${whyNot ?? ''}`, () => {
  expectNoProblems();

  // Blocks of rows: one; an odd number; an even one, where pairs across the circle are met from both sides.
  test.each([
    ['one block', 253, 256, [TANIMOTO]],
    ['two blocks, the last of one row', 257, 256, [TANIMOTO]],
    ['three blocks of 96', 260, 96, [BITS]],
    ['four blocks of 64, all full', 256, 64, [FEATURES]],
    ['nine blocks of 32', 283, 32, ALL],
  ])('estimates past 128 columns: %s', async (_, rows, blockRows, kernels) => {
    const input = makeInput(rows, 120, 150, kernels);
    const found = await emulateMmd({ shared_bytes: sharedFor(blockRows), seed: rows }, input);
    expectEstimates(await expectReference(found, input));
  });

  test.each([
    [256, 64],
    [512, 64],
    [1280, 192],
    [4096, 512],
  ])('estimates of rows of %i bits', async (bits, rowBytes) => {
    const input = makeInput(350, 170, 100, [TANIMOTO, BITS], { bits, rowBytes: bits / 8 + 3 });
    const found = await emulateMmd({ shared_bytes: sharedFor(64, { rowBytes }) }, input);
    expectEstimates(await expectReference(found, input));
  });

  test('one buffer for tiles where shared memory has no room for two', async () => {
    const input = makeInput(250, 120, 100, [TANIMOTO]);
    const found = await emulateMmd({ shared_bytes: sharedFor(32, { stages: 1 }) }, input);
    expectEstimates(await expectReference(found, input));
  });

  test('estimates where clusters change sides, of sizes that differ', async () => {
    const input = makeInput(400, 130, 100, [TANIMOTO], { clusterSizes: [1, 2] });
    expectEstimates(await expectReference(await emulateMmd({}, input), input));
  });

  test('estimates where all rows but the first are far from the first', async () => {
    const input = makeInput(250, 120, 100, [FEATURES]);
    const features = input.features!.slice();
    features[0] -= 1e7;
    const far = { ...input, features };
    expectEstimates(await expectReference(await emulateMmd({}, far), far));
  });

  test('estimates where all that is not the same has a kernel of 0, and empty rows are the same', async () => {
    const narrow = { kind: 'rbf-bits', bandwidth: 1e-20 } as const;
    const input = makeInput(250, 120, 100, [narrow]);
    const fingerprints = input.samples.fingerprints.slice().fill(0, 0, 2 * 256);
    const empty = { ...input, samples: { ...input.samples, fingerprints } };
    expectEstimates(await expectReference(await emulateMmd({}, empty), empty));
  });

  test('shared memory of 99 kB has room for 256 rows', async () => {
    const input = makeInput(257, 100, 3, [TANIMOTO]);
    const found = await emulateMmd({ shared_bytes: 99 * 1024 }, input);
    await expectReference(found, input);
  });

  test.each([4, 5, 31, 32, 33, 63, 64, 65])(
    'exact sums of %i rows, the same in any order of threads',
    async (rows) => {
      // Two rows on a side: X or Y.
      const input = makeInput(rows, rows % 2 === 0 ? rows - 2 : 2, 17, ALL);
      const settings = { shared_bytes: sharedFor(32), seed: 1 };
      const found = await emulateMmd(settings, input);
      await expectReference(found, input);
      expect(await emulateMmd({ ...settings, seed: 2 }, input)).toEqual(found);
    },
  );

  test('labels given by column are the same as labels drawn', async () => {
    const input = makeInput(75, 33, 130, [TANIMOTO]);
    if (!('observed' in input.labels)) throw new Error('the input draws its labels');
    const columns = drawColumns(input.labels, 75, 33).bits;
    expect(await emulateMmd({}, { ...input, labels: { columns } })).toEqual(await emulateMmd({}, input));
  });

  test('columns in batches, where memory has no room for all, give the same bytes', async () => {
    const input = makeInput(250, 120, 300, [TANIMOTO]);
    const found = await emulateMmd({}, input);
    const launches = stub.calls('cuLaunchKernel');
    expect(await emulateMmd({ memory_bytes: 80_000 }, input)).toEqual(found);
    expect(stub.calls('cuLaunchKernel') - launches).toBeGreaterThan(launches + 5);
  });
});
