import { expect, it } from 'vitest';
import { loadPredictor } from '../../src/backends/ort/predictor.ts';
import { withSignedBits } from '../../src/backends/ort/signed-bits.ts';
import { loadLinearAlgebra } from '../../src/backends/wasm/linear-algebra.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { exportGaussianProcess, trainingFingerprints } from '../../src/trainers/export-gaussian-process.ts';
import { fitGaussianProcess, predictGaussianProcess } from '../../src/trainers/gaussian-process.ts';
import { listSetBits } from '../../src/trainers/set-bits.ts';
import { packBits, unpackBits } from '../../src/trainers/training-bits.ts';
import { series } from './trainers-fixtures.ts';

/** Fingerprints with these bits. */
function withBits(rows: readonly (readonly number[])[]): Uint8Array {
  const out = new Uint8Array(rows.length * FINGERPRINT_BYTES);
  rows.forEach((bits, i) => {
    for (const bit of bits) out[i * FINGERPRINT_BYTES + (bit >> 3)] |= 1 << (bit & 7);
  });
  return out;
}

/** Distances of 0, 1, 253 to 256, 508 to 510 and 763 between bits, within a row and from one row to the next. */
const EDGES = [[0, 1, 254, 508], [0, 255, 511, 1019, 1528, 2038, 2801], [3071], [1, 3071], [253]];

it.each([
  { rows: [[3]], bytes: [3] },
  { rows: [[0]], bytes: [0] },
  { rows: [[254]], bytes: [254] },
  { rows: [[255]], bytes: [255, 1] },
  { rows: [[508]], bytes: [255, 254] },
  { rows: [[509]], bytes: [255, 255, 1] },
  { rows: [[5, 259, 514, 770, 1279, 1789]], bytes: [5, 254, 255, 1, 255, 2, 255, 255, 1, 255, 255, 2] },
  { rows: [[3070], [0]], bytes: [...new Array(12).fill(255), 22, 2] },
])('bits $rows are packed as they are documented', ({ rows, bytes }) => {
  const fingerprints = withBits(rows);
  expect([...packBits(listSetBits(fingerprints))]).toEqual(bytes);
  expect(unpackBits(Uint8Array.from(bytes), rows.length)).toEqual(fingerprints);
});

it('the first form, two bytes a distance, is read, too; bits past the last row are refused', () => {
  const expected = withBits([[5, 260, 770]]);
  expect(unpackBits(Uint16Array.of(5, 255, 510), 1)).toEqual(expected);
  expect(() => unpackBits(Uint8Array.of(...new Array(13).fill(255)), 1)).toThrow(RangeError);
});

it('ONNX Runtime unpacks distances of every kind as they were', async () => {
  const data = series(64, 1);
  const model = await fitGaussianProcess(data, { kind: 'regression', seed: 3 }, loadLinearAlgebra());
  const fingerprints = data.fingerprints.slice();
  fingerprints.set(withBits(EDGES));
  const sparse = { ...model, fingerprints };
  const onnx = exportGaussianProcess(sparse, null);
  expect(trainingFingerprints(onnx)).toEqual(fingerprints);
  const queries = { fingerprints, descriptors: data.descriptors };
  const expected = predictGaussianProcess(sparse, queries);
  for (const bytes of [onnx, withSignedBits(onnx)]) {
    const { predictor } = await loadPredictor(bytes, { name: 'test', providers: ['cpu'], threads: 1 });
    await using _ = predictor;
    const { values } = await predictor.predict(queries.fingerprints, queries.descriptors, 64);
    expect(values.length).toBe(64);
    values.forEach((value, i) => {
      expect(Math.abs(value - expected[i]), `row ${i}`).toBeLessThan(1e-5);
    });
  }
  expect(withSignedBits(onnx)).not.toEqual(onnx);
});
