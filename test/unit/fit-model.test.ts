import { expect, it } from 'vitest';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { seededRandom } from '../../src/core/random.ts';
import { fitModel } from '../../src/flows/fit-model.ts';
import { createEngine } from '../../src/main.ts';
import { series } from './trainers-fixtures.ts';

const ROWS = 420;
const engine = createEngine({ threads: 1, devices: ['cpu'] });
const data = series(ROWS, 1);
const unseen = series(129, 2);
const isNoisy = (descriptors: Float32Array, row: number) => descriptors[row * DESCRIPTOR_COUNT + 26] > 13;
const random = seededRandom(9);
const y = data.y.map((value, row) => value + (isNoisy(data.descriptors, row) ? 3 : 0.1) * (random() - 0.5));
const groups = Int32Array.from({ length: ROWS }, (_, row) => row % 60);
const rows = { ...data, y, groups };
const limits = { upper: 3 };

it('where descriptors tell how large errors are, the graph gives values and spreads as the fit does', async () => {
  const model = await fitModel(engine, rows, ROWS, limits, { kind: 'regression', seed: 1 });
  const { calibration } = model;
  expect(calibration).toMatchObject({ kind: 'conformal', spread: 'predicted' });
  const { parameters } = model.trainer;
  const losses = ['trees', 'valueAndTrees'].map((form) => Number(parameters[`spread.${form}Loss`]));
  expect(Math.min(...losses)).toBeLessThan(0.9 * Number(parameters['spread.constantLoss']));

  const expected = model.predict(unseen);
  const spreads = expected.spreads ?? new Float64Array(0);
  const meanWhere = (noisy: boolean) => {
    const some = spreads.filter((_, row) => isNoisy(unseen.descriptors, row) === noisy);
    return some.reduce((sum, spread) => sum + spread, 0) / some.length;
  };
  expect(meanWhere(true)).toBeGreaterThan(1.5 * meanWhere(false));

  const { predictor } = await engine.loadPredictor(model.onnx, 'test');
  await using _ = predictor;
  for (const count of [0, 1, 127, 129]) {
    const answers = await predictor.predict(unseen.fingerprints, unseen.descriptors, count);
    expect([answers.values.length, answers.spreads?.length]).toEqual([count, count]);
    for (let i = 0; i < count; i++) {
      expect(Math.abs(answers.values[i] - expected.values[i]), `value ${i}`).toBeLessThan(1e-4);
      expect(Math.abs((answers.spreads?.[i] ?? 0) - spreads[i]), `spread ${i}`).toBeLessThan(1e-4);
    }
  }
}, 300_000);
