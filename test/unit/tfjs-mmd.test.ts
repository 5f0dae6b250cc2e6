import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { createTfjsBackend } from '../../src/backends/tfjs/backend.ts';
import { estimateMmd } from '../../src/backends/tfjs/mmd-estimate.ts';
import { MmdFeatures } from '../../src/backends/tfjs/mmd-features.ts';
import { sizeMmdTiles } from '../../src/backends/tfjs/mmd-tiles.ts';
import type { TensorEngine } from '../../src/backends/tfjs/tensor-engine.ts';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { MmdInput } from '../../src/core/mmd.ts';
import { prepareMmd } from '../../src/core/mmd-problem.ts';
import { seededRandom } from '../../src/core/random.ts';
import { makeMmdInput, readMmdCases } from '../conformance/mmd-case.ts';
import { openEngine } from './tfjs-engines.ts';

const { engine, countTensors } = await openEngine('wasm');
const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
const exactMmd = createWasmBackend({ workerUrl, threads: 1 }).ops.mmd!;

/** Tiles of 16 rows, and some 30 columns. */
const SMALL_TILE_BYTES = 2 ** 16;
const FEW_ROWS = 150;
const FLOAT32_TOLERANCE = 1e-6;

const cases = readMmdCases().map((recipe) => {
  // So many that columns are estimated; the labels are drawn one after the other, so the first stay what they were.
  const permutations = recipe.permutations > 1 ? Math.max(recipe.permutations, 120) : recipe.permutations;
  const input = makeMmdInput({ ...recipe, permutations });
  return {
    name: recipe.name,
    input,
    rows: input.samples.fingerprints.length / (input.samples.rowBytes ?? input.samples.bits / 8),
  };
});

function estimate(input: MmdInput, tileBytes: number): Promise<Float64Array> {
  const problem = prepareMmd(input);
  const features = problem.dimensions > 0 ? new MmdFeatures(problem) : undefined;
  return estimateMmd(engine, problem, features, sizeMmdTiles(tileBytes, problem));
}

describe.each(cases)('MMD on TensorFlow.js: $name', ({ input, rows }) => {
  test('exceedances are those of the reference, values within 1e-6, the observed within 1e-12', async () => {
    const before = countTensors();
    // The reference takes seconds over more; there wasm gives the same (test/conformance/mmd.test.ts).
    const expected = await (rows <= FEW_ROWS ? referenceBackend.ops.mmd! : exactMmd)(input);
    const columns = expected.values.length / input.kernels.length;
    const { mmd } = createTfjsBackend({ engine, exactMmd }).ops;
    const found = await mmd!(input);
    expect(found.exceedances).toEqual(expected.exceedances);
    expect(found.p).toEqual(expected.p);
    for (const [i, value] of expected.values.entries()) {
      const tolerance = i % columns === 0 ? 1e-12 : FLOAT32_TOLERANCE;
      expect(Math.abs(found.values[i] - value), `value ${i}`).toBeLessThanOrEqual(tolerance);
    }
    if (rows <= FEW_ROWS) {
      for (const [i, value] of (await estimate(input, SMALL_TILE_BYTES)).entries()) {
        const error = Math.abs(value - expected.values[i]);
        expect(error, `estimate ${i}`).toBeLessThanOrEqual(FLOAT32_TOLERANCE);
      }
    }
    expect(countTensors()).toBe(before);
  });
});

/** Rows of two kinds far apart, each with small differences of its own. */
function clumpedFeatures(distance: number): MmdInput {
  const random = seededRandom(3);
  const rows = 60;
  return {
    samples: { fingerprints: new Uint8Array(rows * 32), bits: 256 },
    features: Float64Array.from({ length: rows * 2 }, (_, i) => (i & 2 ? distance : 0) + random()),
    labels: { observed: Uint8Array.from([255, 255, 255, 3, 0, 0, 0, 0]), permutations: 150, seed: 1 },
    kernels: [
      { kind: 'rbf-features', bandwidth: 0.5 },
      { kind: 'rbf-features', bandwidth: 3 },
    ],
  };
}

test('small differences count between features far from their mean', async () => {
  const input = clumpedFeatures(1e6);
  const expected = await referenceBackend.ops.mmd!(input);
  for (const [i, value] of (await estimate(input, 2 ** 20)).entries()) {
    expect(Math.abs(value - expected.values[i])).toBeLessThanOrEqual(FLOAT32_TOLERANCE);
  }
});

test('with the smallest bandwidths only rows that are the same are alike, with the largest all', async () => {
  const input = makeMmdInput({
    name: 'two kinds of rows',
    bits: 256,
    seed: 1,
    references: [
      { make: 'random', count: 15, popcount: [3, 9] },
      { make: 'copies', of: 0, count: 15 },
    ],
    inX: 9,
    permutations: 120,
    labelSeed: 2,
    kernels: [
      { kind: 'rbf-bits', bandwidth: 1e-149 },
      { kind: 'rbf-bits', bandwidth: 1e149 },
    ],
  });
  const expected = await referenceBackend.ops.mmd!(input);
  for (const [i, value] of (await estimate(input, 2 ** 20)).entries()) {
    expect(Math.abs(value - expected.values[i])).toBeLessThanOrEqual(FLOAT32_TOLERANCE);
  }
});

test('a small Y keeps its digits beside a large X, as a small X does', async () => {
  for (const inX of [2, 600]) {
    const input = makeMmdInput({
      name: 'two rows and 600',
      bits: 256,
      seed: 17,
      references: [{ make: 'random', count: 602, popcount: [20, 60] }],
      inX,
      permutations: 40,
      labelSeed: 1017,
      kernels: [{ kind: 'tanimoto' }],
    });
    const expected = await exactMmd(input);
    for (const [i, value] of (await estimate(input, 2 ** 26)).entries()) {
      expect(Math.abs(value - expected.values[i])).toBeLessThanOrEqual(1e-7);
    }
  }
});

test('features that float32 cannot hold are left to the exact backend', async () => {
  const { engine: unused, calls } = countCalls(engine);
  const input = clumpedFeatures(1e12);
  const { mmd } = createTfjsBackend({ engine: unused, exactMmd }).ops;
  expect(await mmd!(input)).toEqual(await exactMmd(input));
  expect(calls()).toBe(0);
});

test('columns are estimated on the engine, and few are asked of the exact backend', async () => {
  const input = makeMmdInput({
    name: 'no ties',
    bits: 1024,
    seed: 77,
    references: [{ make: 'random', count: 100, popcount: [20, 60] }],
    inX: 40,
    permutations: 400,
    labelSeed: 5,
    kernels: [{ kind: 'tanimoto' }],
  });
  let asked = 0;
  const counting: typeof exactMmd = async (some, options) => {
    const found = await exactMmd(some, options);
    asked += found.values.length;
    return found;
  };
  const { mmd } = createTfjsBackend({ engine, exactMmd: counting }).ops;
  const { exceedances } = await mmd!(input);
  expect(asked).toBeLessThan(40);
  expect(exceedances).toEqual((await referenceBackend.ops.mmd!(input)).exceedances);
});

test('an aborted estimate ends between tiles, a failed one says why, and both give back their tensors', async () => {
  const { input } = cases.find(({ name }) => name === 'a shift that only features show')!;
  const before = countTensors();
  const controller = new AbortController();
  const { signal } = controller;
  let calls = 0;
  const stop: TensorEngine['matMul'] = (...given) => {
    if (++calls === 3) controller.abort();
    return engine.matMul(...given);
  };
  const aborting = createTfjsBackend({
    engine: { ...engine, matMul: stop },
    exactMmd,
    tileBytes: SMALL_TILE_BYTES,
  });
  await expect(aborting.ops.mmd!(input, { signal })).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  expect(calls).toBe(3);
  expect(countTensors()).toBe(before);
  for (const name of ['tensor', 'matMul', 'exp', 'sum', 'slice', 'mul'] as const) {
    for (const at of [1, 5, 20]) {
      let count = 0;
      const fail = (...given: unknown[]) => {
        if (++count === at) throw new Error('OOM when allocating tensor with shape[9]');
        return (engine[name] as (...given: unknown[]) => unknown)(...given);
      };
      const failing = createTfjsBackend({
        engine: { ...engine, [name]: fail },
        exactMmd,
        tileBytes: SMALL_TILE_BYTES,
      });
      await expect(failing.ops.mmd!(input), `${name} ${at}`).rejects.toMatchObject({
        code: 'ERR_OUT_OF_MEMORY',
      });
      expect(countTensors(), `${name} ${at}`).toBe(before);
    }
  }
});

function countCalls(used: TensorEngine): { engine: TensorEngine; calls(): number } {
  let calls = 0;
  const tensor: TensorEngine['tensor'] = (...given) => {
    calls++;
    return used.tensor(...given);
  };
  return { engine: { ...used, tensor }, calls: () => calls };
}
