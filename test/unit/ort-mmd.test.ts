import { describe, expect, test, vi } from 'vitest';
import { createOrtBackend } from '../../src/backends/ort/backend.ts';
import { createOrtMmd, estimateMmd } from '../../src/backends/ort/mmd.ts';
import { planTiles } from '../../src/backends/ort/mmd-plan.ts';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import type { MmdInput } from '../../src/core/mmd.ts';
import { drawColumns } from '../../src/core/mmd-labels.ts';
import { prepareMmd } from '../../src/core/mmd-problem.ts';
import { type MmdCase, makeMmdInput, readMmdCases } from '../conformance/mmd-case.ts';

const exact = referenceBackend.ops.mmd!;
const device = { device: 'cpu', threads: 1 };
const cases = readMmdCases();
const caseNamed = (name: string): MmdCase => cases.find((one) => one.name === name)!;

/** Memory that leaves tiles of 64 rows or fewer. */
const SMALL = 3e6;

async function largestError(input: MmdInput, memoryBytes?: number): Promise<number> {
  const found = await estimateMmd(prepareMmd(input), { ...device, ...(memoryBytes && { memoryBytes }) });
  const { values } = await exact(input);
  expect(found).toHaveLength(values.length);
  return Math.max(...values.map((value, i) => Math.abs(value - found[i])));
}

describe.each(cases.map((recipe) => ({ ...recipe, input: makeMmdInput(recipe) })))(
  'MMD by ONNX graphs: $name',
  ({ input }) => {
    test('float32 estimates are within 1e-6 of the reference', async () => {
      expect(await largestError(input)).toBeLessThanOrEqual(1e-6);
    });
  },
);

describe('tiles', () => {
  test.each([
    '64 and 65, round a chunk of 128',
    'clusters with features',
    'two rows against 600',
    'clusters of one to seven rows',
  ])('small ones give the same: %s', async (name) => {
    const recipe = caseNamed(name);
    const shape = { bits: recipe.bits, columns: recipe.permutations + 1, dimensions: 0 };
    expect(planTiles(shape, SMALL).rows).toBeLessThanOrEqual(64);
    expect(await largestError(makeMmdInput(recipe), SMALL)).toBeLessThanOrEqual(1e-6);
  });

  test('columns past one block are computed, too', async () => {
    const input = makeMmdInput({ ...caseNamed('two rows and two rows'), permutations: 4099 });
    expect(planTiles({ bits: 256, columns: 4100, dimensions: 0 }, 2 ** 30).columns).toBe(4096);
    expect(await largestError(input)).toBeLessThanOrEqual(1e-6);
  });

  test('sizes keep to the memory and to the largest array that WebGPU promises', () => {
    expect(planTiles({ bits: 2048, columns: 1000, dimensions: 0 }, 2 ** 30)).toEqual({
      rows: 2048,
      columns: 1000,
    });
    expect(planTiles({ bits: 2048, columns: 1000, dimensions: 43 }, 2 ** 33).rows).toBe(512);
    expect(planTiles({ bits: 8192, columns: 1e6, dimensions: 0 }, 0)).toEqual({ rows: 8, columns: 4096 });
  });
});

describe('answers', () => {
  const many = (name: string, permutations = 220) => makeMmdInput({ ...caseNamed(name), permutations });

  test.each([
    'three rows and four, one empty, one full, two alike',
    'every row the same',
    'two kinds of rows, so that many columns tie with the observed',
    'three kinds of rows in a larger sample, ties by the hundred',
    '64 and 65, round a chunk of 128',
    'a shift that only features show',
    'features far from zero',
    'clusters of one to seven rows',
    'four clusters of like rows, so that columns tie',
  ])("exceedances and p are the reference's, the observed value exact: %s", async (name) => {
    const input = many(name);
    const found = await createOrtMmd({ ...device, exact })(input);
    const expected = await exact(input);
    expect(found.exceedances).toEqual(expected.exceedances);
    expect(found.p).toEqual(expected.p);
    const columns = expected.values.length / input.kernels.length;
    for (const [i, value] of expected.values.entries()) {
      const tolerance = i % columns === 0 ? 1e-12 : 1e-5;
      expect(Math.abs(found.values[i] - value), `value ${i}`).toBeLessThanOrEqual(tolerance);
    }
  });

  test('most columns are left to the graphs: the exact operation sees a few', async () => {
    const spy = vi.fn(exact);
    await createOrtMmd({ ...device, exact: spy })(many('60 and 67, round a chunk of 128'));
    const asked = spy.mock.calls.map(([{ labels }]) =>
      'columns' in labels ? labels.columns.length / 16 : Infinity,
    );
    expect(Math.max(...asked)).toBeLessThan(30);
    expect(asked.length).toBeGreaterThan(0);
  });

  test('labels given by column are the same as labels drawn', async () => {
    const input = many('64 and 65, round a chunk of 128');
    if (!('observed' in input.labels)) throw new Error('the case draws its labels');
    const given: MmdInput = { ...input, labels: { columns: drawColumns(input.labels, 129, 64).bits } };
    const mmd = createOrtMmd({ ...device, exact });
    expect(await mmd(given)).toEqual(await mmd(input));
  });

  test('rows far from the others keep their distance to each other', async () => {
    const features = Float64Array.of(1e6, 1e6 + 0.7, 1e6 + 1.1, 0, 0.4, 1.3, 2.2);
    const input: MmdInput = {
      samples: { fingerprints: new Uint8Array(7 * 32), bits: 256 },
      features,
      labels: { observed: Uint8Array.of(0b0000111), permutations: 30, seed: 3 },
      kernels: [{ kind: 'rbf-features', bandwidth: 1 }],
    };
    expect(await largestError(input)).toBeLessThanOrEqual(1e-6);
  });

  test('features too far apart for float32 are left to the exact operation as a whole', async () => {
    const input = many('a shift that only features show');
    const features = input.features!.map((value, i) => (i === 4 ? 1e30 : value));
    const found = await createOrtMmd({ ...device, exact })({ ...input, features });
    expect(found).toEqual(await exact({ ...input, features }));
  });
});

test('a cancelled call ends with ERR_CANCELLED, before it starts and between tiles', async () => {
  const input = makeMmdInput({ ...caseNamed('past two slabs, three kernels'), permutations: 120 });
  const mmd = createOrtMmd({ ...device, exact, memoryBytes: SMALL });
  await expect(mmd(input, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  const controller = new AbortController();
  const running = mmd(input, { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await expect(running).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
});

test('a device that fails is named with its reason', async () => {
  const input = makeMmdInput({ ...caseNamed('two rows and two rows'), permutations: 120 });
  await expect(createOrtMmd({ exact, device: 'abacus', threads: 1 })(input)).rejects.toMatchObject({
    code: 'ERR_NO_BACKEND',
    message: expect.stringContaining('abacus'),
  });
});

test('wrong input is refused as elsewhere', async () => {
  const input = makeMmdInput(caseNamed('two rows and two rows'));
  const mmd = createOrtMmd({ ...device, exact });
  await expect(mmd({ ...input, kernels: [] })).rejects.toMatchObject({ code: 'ERR_USAGE' });
});

test('the backend opens on the first device that computes, and tells which', async () => {
  const backend = await createOrtBackend({ providers: ['abacus', 'cpu'], exactMmd: exact });
  expect(backend).toMatchObject({ name: 'ort', device: 'cpu' });
  expect(Object.keys(backend.ops)).toEqual(['mmd']);
});
