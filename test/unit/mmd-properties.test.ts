import fc from 'fast-check';
import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { MmdInput, MmdKernel } from '../../src/core/mmd.ts';

const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
const reference = referenceBackend.ops.mmd!;
const wasm = createWasmBackend({ workerUrl, threads: 1 }).ops.mmd!;

const bandwidth = fc.double({ min: 0.05, max: 500, noNaN: true });
const kernel: fc.Arbitrary<MmdKernel> = fc.oneof(
  fc.constant({ kind: 'tanimoto' } as const),
  fc.record({ kind: fc.constantFrom('rbf-bits' as const, 'rbf-features' as const), bandwidth }),
);

/** Few distinct rows, so that columns tie; two rows or more of at least one cluster on each side. */
const inputs: fc.Arbitrary<MmdInput> = fc
  .record({
    rows: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 6, maxLength: 60 }),
    palette: fc.array(fc.uint8Array({ minLength: 64, maxLength: 64 }), { minLength: 10, maxLength: 10 }),
    units: fc.option(fc.integer({ min: 2, max: 4 }), { nil: undefined }),
    seed: fc.maxSafeNat(),
    permutations: fc.integer({ min: 0, max: 120 }),
    kernels: fc.array(kernel, { minLength: 1, maxLength: 3 }),
    dimensions: fc.integer({ min: 1, max: 3 }),
    scale: fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
  })
  .map(({ rows, palette, units, seed, permutations, kernels, dimensions, scale }) => {
    const count = rows.length - (rows.length % 2);
    const fingerprints = new Uint8Array(count * 64);
    for (let i = 0; i < count; i++) fingerprints.set(palette[rows[i]], i * 64);
    const features = Float64Array.from(
      { length: count * dimensions },
      (_, i) => (palette[rows[i % count]][i % 64] - 128) * scale,
    );
    // Clusters of two rows, so that any labels leave two rows on each side.
    const clusters = units ? Uint32Array.from({ length: count }, (_, i) => i % (count / 2)) : undefined;
    const labelled = clusters ? count / 2 : count;
    const inX = clusters ? 1 : 2 + (seed % (count - 3));
    const observed = new Uint8Array(Math.ceil(labelled / 8));
    for (let unit = 0; unit < inX; unit++) observed[unit >> 3] |= 1 << (unit & 7);
    return {
      samples: { fingerprints, bits: 512 },
      features,
      ...(clusters && { clusters }),
      labels: { observed, permutations, seed },
      kernels,
    };
  });

test('wasm agrees with the reference on any input', async () => {
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      const expected = await reference(input);
      const found = await wasm(input);
      const columns = expected.values.length / input.kernels.length;
      for (const [i, value] of expected.values.entries()) {
        const tolerance = i % columns === 0 ? 1e-12 : 1e-6;
        expect(Math.abs(found.values[i] - value)).toBeLessThanOrEqual(tolerance);
      }
      expect(found.exceedances).toEqual(expected.exceedances);
      expect(found.p).toEqual(expected.p);
    }),
    { numRuns: 150 },
  );
});

test('swapping the samples changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      if (!('observed' in input.labels) || input.clusters) return;
      const { observed } = input.labels;
      const rows = input.samples.fingerprints.length / 64;
      const swapped = observed.map((byte) => byte ^ 0xff);
      swapped[swapped.length - 1] &= 0xff >> (-rows & 7);
      const one = await wasm({ ...input, labels: { columns: observed } });
      const other = await wasm({ ...input, labels: { columns: swapped } });
      for (const [k, value] of one.values.entries()) {
        expect(Math.abs(other.values[k] - value)).toBeLessThan(1e-12);
      }
    }),
    { numRuns: 50 },
  );
});
