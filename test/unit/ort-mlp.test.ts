import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { buildMlp, type MlpPrecision } from '../../kernels/infer/build-mlp.ts';
import { makeMlpWeights, runMlpReference } from '../../kernels/infer/mlp-weights.ts';
import { createSession } from '../../src/backends/ort/session.ts';
import { FINGERPRINT_BYTES, MORGAN_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import { trainingFingerprints } from '../../src/trainers/export-gaussian-process.ts';

const layers = makeMlpWeights(7);

/** Rows of 20 to 79 random bits. */
function randomRows(count: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const rows = new Uint8Array(count * MORGAN_BYTES);
  for (let row = 0; row < count; row++) {
    const bits = 20 + Math.floor(60 * random());
    for (let i = 0; i < bits; i++) {
      const bit = Math.floor(2048 * random());
      rows[row * MORGAN_BYTES + (bit >> 3)] |= 1 << (bit & 7);
    }
  }
  return rows;
}

/** Morgan bits of training compounds of a shipped model. */
function realRows(count: number): Uint8Array {
  const trained = trainingFingerprints(
    readFileSync(new URL('../../models/herg/1/model.onnx', import.meta.url)),
  );
  const rows = new Uint8Array(count * MORGAN_BYTES);
  for (let row = 0; row < count; row++) {
    const at = row * 37 * FINGERPRINT_BYTES;
    rows.set(trained.subarray(at, at + MORGAN_BYTES), row * MORGAN_BYTES);
  }
  return rows;
}

const sample = randomRows(128, 1);
const usual = largestOf(runMlpReference(layers, sample)[layers.length - 1]);

/** Largest error over the largest output: of float32 by its roundings, of the others by what their steps leave. */
const TOLERANCES: Record<MlpPrecision, number> = { float32: 1e-5, float16: 2e-3, uint8: 0.03, int8: 0.05 };
const ROWS: Record<string, Uint8Array> = {
  random: randomRows(65, 2),
  real: realRows(65),
  'one empty': new Uint8Array(MORGAN_BYTES),
  'one full': new Uint8Array(MORGAN_BYTES).fill(255),
};

function largestOf(values: Float64Array): number {
  return Math.max(...values.map(Math.abs));
}

describe.each(Object.entries(TOLERANCES))('the network in %s', (name, tolerance) => {
  const model = buildMlp(layers, name as MlpPrecision, sample);
  // A full fingerprint reaches forty times the activations that bytes were scaled for: they are cut.
  const kinds = Object.keys(ROWS).filter((kind) => kind !== 'one full' || name.startsWith('float'));
  test.each(kinds)(`gives what the reference gives, within ${tolerance}: %s`, async (kind) => {
    const rows = ROWS[kind];
    const expected = runMlpReference(layers, rows)[layers.length - 1];
    const session = await createSession(model, 'cpu', 1);
    const input = new ort.Tensor('uint8', rows, [rows.length / MORGAN_BYTES, MORGAN_BYTES]);
    const { outputs } = await session.run({ fingerprints: input });
    await session.release();
    const found = outputs.data as Float32Array;
    expect(found).toHaveLength(expected.length);
    const error = largestOf(expected.map((value, i) => value - found[i]));
    expect(error / Math.max(usual, largestOf(expected))).toBeLessThanOrEqual(tolerance);
  });

  test('is the same bytes each time', () => {
    expect(Buffer.from(buildMlp(makeMlpWeights(7), name as MlpPrecision, sample)).equals(model)).toBe(true);
  });
});
