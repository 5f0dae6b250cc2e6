import { beforeAll, describe, expect, it } from 'vitest';
import { loadPredictor } from '../../src/backends/ort/predictor.ts';
import { referenceLinearAlgebra } from '../../src/backends/reference/linear-algebra.ts';
import { loadLinearAlgebra } from '../../src/backends/wasm/linear-algebra.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { exportGaussianProcess, trainingFingerprints } from '../../src/trainers/export-gaussian-process.ts';
import {
  fitGaussianProcess,
  type GaussianProcess,
  predictGaussianProcess,
} from '../../src/trainers/gaussian-process.ts';
import { kernelInputs, kernelRow } from '../../src/trainers/kernel.ts';
import { dealFolds, FOLDS } from '../../src/trainers/scaffold-folds.ts';
import type { TrainingData } from '../../src/trainers/training-data.ts';
import { series } from './trainers-fixtures.ts';

/** The inverse kernel matrix is never needed here: a plain solve of (K + noise) x = b by elimination. */
function solve(matrix: number[][], rhs: number[]): number[] {
  const n = rhs.length;
  const a = matrix.map((row, i) => [...row, rhs[i]]);
  for (let c = 0; c < n; c++) {
    for (let r = c + 1; r < n; r++) {
      const f = a[r][c] / a[c][c];
      for (let k = c; k <= n; k++) a[r][k] -= f * a[c][k];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let r = n - 1; r >= 0; r--) {
    let sum = a[r][n];
    for (let k = r + 1; k < n; k++) sum -= a[r][k] * x[k];
    x[r] = sum / a[r][r];
  }
  return x;
}

const data = series(150, 1);
const unseen = series(61, 2);
let model: GaussianProcess;

beforeAll(async () => {
  model = await fitGaussianProcess(data, { kind: 'regression', seed: 3 }, loadLinearAlgebra());
}, 60_000);

describe('Gaussian process', () => {
  it('predicts unseen compounds better than the mean does', () => {
    const predictions = predictGaussianProcess(model, unseen);
    const error = (guess: (i: number) => number) =>
      unseen.y.reduce((sum, y, i) => sum + (y - guess(i)) ** 2, 0);
    expect(error((i) => predictions[i])).toBeLessThan(0.4 * error(() => model.mean));
  });

  it('held-out predictions equal refitting the weights and the mean without the group or fold', () => {
    const inputs = kernelInputs(model.fingerprints, model.z, model.kernel);
    const n = data.y.length;
    const row = new Float64Array(n);
    const kernel = Array.from({ length: n }, (_, i) => {
      kernelRow(model.kernel, inputs, i, inputs, n, row, 0);
      return [...row];
    });
    const folds = dealFolds(data.groups, FOLDS);
    for (const [groups, heldOut, group] of [
      [data.groups, model.heldOut, data.groups[0]],
      [data.groups, model.heldOut, data.groups[1]],
      [folds, model.foldHeldOut, 2],
    ] as const) {
      const kept = [...data.y.keys()].filter((i) => groups[i] !== group);
      const matrix = kept.map((i) => kept.map((j) => kernel[i][j] + (i === j ? model.kernel.noise : 0)));
      const ones = solve(matrix, kept.map(() => 1)); // biome-ignore format: short
      const ys = solve(matrix, kept.map((i) => data.y[i])); // biome-ignore format: short
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
      const mean = sum(ys) / sum(ones);
      for (let i = 0; i < n; i++) {
        if (groups[i] !== group) continue;
        const direct = mean + sum(kept.map((j, at) => kernel[i][j] * (ys[at] - mean * ones[at])));
        expect(Math.abs(direct - heldOut[i])).toBeLessThan(1e-8);
      }
    }
  });

  it('same data and seed give the same bytes; the plain linear algebra gives the same answers', async () => {
    const again = await fitGaussianProcess(data, { kind: 'regression', seed: 3 }, loadLinearAlgebra());
    expect(again).toEqual(model);
    expect(Buffer.compare(exportGaussianProcess(again, null), exportGaussianProcess(model, null))).toBe(0);
    const plain = await fitGaussianProcess(data, { kind: 'regression', seed: 3 }, referenceLinearAlgebra);
    const [a, b] = [plain, model].map((fit) => predictGaussianProcess(fit, unseen));
    for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-2);
  }, 60_000);

  it('survives equal features with equal classes, whose likelihood has no upper bound', async () => {
    const twice = (values: Uint8Array | Float32Array) => [...values, ...values];
    const classes = Float64Array.from(data.y, (y) => (y > model.mean ? 1 : 0));
    const doubled: TrainingData = {
      fingerprints: Uint8Array.from(twice(data.fingerprints)),
      descriptors: Float32Array.from(twice(data.descriptors)),
      y: Float64Array.of(...classes, ...classes),
      groups: Int32Array.of(...data.groups, ...data.groups),
    };
    const fit = await fitGaussianProcess(doubled, { kind: 'classification', seed: 3 }, loadLinearAlgebra());
    expect(fit.kernel.noise).toBeGreaterThan(1e-4);
    for (const score of fit.heldOut) expect(Math.abs(score)).toBeLessThan(5);
  }, 60_000);

  it('stops when cancelled, and reports progress up to then', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const fit = fitGaussianProcess(
      data,
      {
        kind: 'regression',
        seed: 3,
        signal: controller.signal,
        onProgress: (_, share) => {
          steps.push(share);
          if (steps.length === 3) controller.abort();
        },
      },
      loadLinearAlgebra(),
    );
    await expect(fit).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.length).toBe(3);
  });
});

describe('exported graph', () => {
  const load = (bytes: Uint8Array) =>
    loadPredictor(bytes, { name: 'test', providers: ['cpu'], threads: 1 }).then(({ predictor }) => predictor);

  it('answers as the float64 model does, whatever the batch', async () => {
    await using predictor = await load(exportGaussianProcess(model, null));
    const expected = predictGaussianProcess(model, unseen);
    for (const count of [0, 1, 61]) {
      const { values: answers } = await predictor.predict(unseen.fingerprints, unseen.descriptors, count);
      expect(answers.length).toBe(count);
      answers.forEach((answer, i) => {
        expect(Math.abs(answer - expected[i])).toBeLessThan(1e-5);
      });
    }
  });

  it('answers for a compound without any feature, and for descriptors far outside', async () => {
    await using predictor = await load(exportGaussianProcess(model, null));
    const features = {
      fingerprints: new Uint8Array(2 * FINGERPRINT_BYTES),
      descriptors: new Float32Array(2 * DESCRIPTOR_COUNT).fill(1e30, DESCRIPTOR_COUNT),
    };
    const expected = predictGaussianProcess(model, features);
    const { values: answers } = await predictor.predict(features.fingerprints, features.descriptors, 2);
    answers.forEach((answer, i) => {
      expect(Math.abs(answer - expected[i])).toBeLessThan(1e-5);
    });
  });

  it('gives probabilities with a calibration', async () => {
    const calibration = { kind: 'platt', slope: -3, offset: 0.5 } as const;
    await using predictor = await load(exportGaussianProcess(model, calibration));
    const scores = predictGaussianProcess(model, unseen);
    const { values: answers } = await predictor.predict(unseen.fingerprints, unseen.descriptors, 61);
    answers.forEach((answer, i) => {
      expect(Math.abs(answer - 1 / (1 + Math.exp(-3 * scores[i] + 0.5)))).toBeLessThan(1e-5);
    });
  });

  it('gives back the training fingerprints, and says what is damaged', () => {
    const bytes = exportGaussianProcess(model, null);
    expect(Buffer.compare(trainingFingerprints(bytes), data.fingerprints)).toBe(0);
    for (const damaged of [new Uint8Array(0), bytes.subarray(0, 5000), new Uint8Array(50).fill(255)]) {
      expect(() => trainingFingerprints(damaged)).toThrow(
        expect.objectContaining({ code: 'ERR_MODEL_CORRUPT' }),
      );
    }
  });

  it('refuses a training compound without a fingerprint', () => {
    const fingerprints = data.fingerprints.slice().fill(0, 0, FINGERPRINT_BYTES);
    expect(() => exportGaussianProcess({ ...model, fingerprints }, null)).toThrow(
      expect.objectContaining({ code: 'ERR_INTERNAL' }),
    );
  });
});
