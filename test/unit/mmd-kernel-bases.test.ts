import { expect, test } from 'vitest';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import { kernelBase } from '../../src/backends/wasm/mmd-kernel-bases.ts';
import type { MmdKernel } from '../../src/core/mmd.ts';

const mmd = createWasmBackend({
  workerUrl: new URL('../../src/workers/search.ts', import.meta.url),
  threads: 1,
}).ops.mmd!;

const onFeatures = (...bandwidths: number[]): MmdKernel[] =>
  bandwidths.map((bandwidth) => ({ kind: 'rbf-features', bandwidth }));
const basesOf = (kernels: MmdKernel[]) =>
  kernels.map((_, k) => {
    const { base, squarings } = kernelBase(kernels, k);
    return [base, squarings];
  });

/**
 * K between two rows at a distance by each kernel: with two more rows, so far off that K with and between them is 0, it is MMD.
 */
async function kernelValues(kernels: MmdKernel[], distance: number): Promise<number[]> {
  const features = Float64Array.of(0, distance, 1e9, 3e9);
  const samples = { fingerprints: new Uint8Array(4 * 32), bits: 256 };
  const { values } = await mmd({ samples, features, labels: { columns: Uint8Array.of(0b0011) }, kernels });
  return [...values];
}

test('Gaussians of half and a quarter of a bandwidth are powers of the widest', () => {
  expect(basesOf([{ kind: 'tanimoto' }, ...onFeatures(0.35, 0.7, 1.4)])).toEqual([
    [0, 0],
    [3, 4],
    [3, 2],
    [3, 0],
  ]);
  expect(basesOf(onFeatures(2, 2, 1))).toEqual([
    [0, 0],
    [0, 0],
    [0, 2],
  ]);
});

test('a Gaussian that is nearly a power of another, too high a one, or over bits, has its own exponential', () => {
  const alone = [
    [0, 0],
    [1, 0],
  ];
  expect(basesOf(onFeatures(1, 2 * (1 + 2e-16)))).toEqual(alone);
  expect(basesOf(onFeatures(1, 2 - 1e-12))).toEqual(alone);
  expect(basesOf(onFeatures(1, 8))).toEqual(alone);
  expect(basesOf([{ kind: 'rbf-bits', bandwidth: 1 }, ...onFeatures(2)])).toEqual(alone);
  // 0.5 is a power of 1, but that is one of 4 itself.
  expect(basesOf(onFeatures(4, 1, 0.5))).toEqual([
    [0, 0],
    [0, 4],
    [2, 0],
  ]);
});

test.each([0, 1e-6, 0.1, 0.34, 1, 2.5, 7, 13])(
  'powers and exponentials of their own are exp(-d^2 / 2 h^2) to 1e-13, at distance %f',
  async (distance) => {
    const bandwidths = [0.5, 1, 2, 2 * (1 + 2e-16), 0.7];
    const together = await kernelValues(onFeatures(...bandwidths), distance);
    for (const [k, bandwidth] of bandwidths.entries()) {
      const expected = Math.exp(-(distance ** 2) / (2 * bandwidth ** 2));
      expect(Math.abs(together[k] - expected)).toBeLessThanOrEqual(1e-13 * expected);
      const [alone] = await kernelValues(onFeatures(bandwidth), distance);
      expect(Math.abs(together[k] - alone)).toBeLessThanOrEqual(1e-13 * alone);
    }
  },
);

test('an exponential that no number holds is as good as 0', async () => {
  for (const value of await kernelValues(onFeatures(0.5, 1, 2), 1e5)) {
    expect(Math.abs(value)).toBeLessThan(1e-300);
  }
});
