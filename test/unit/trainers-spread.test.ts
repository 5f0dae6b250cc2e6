import { beforeAll, describe, expect, it } from 'vitest';
import { loadPredictor } from '../../src/backends/ort/predictor.ts';
import { DESCRIPTOR_COUNT } from '../../src/core/descriptors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import { meanIntervalScore, mondrianConformal } from '../../src/statistics/conformal.ts';
import { type BoostedTrees, fitBoostedTrees, predictBoostedTrees } from '../../src/trainers/boosted-trees.ts';
import { exportAverage } from '../../src/trainers/export-average.ts';
import { dealFolds, FOLDS } from '../../src/trainers/scaffold-folds.ts';
import {
  fitSpread,
  type HeldOutErrors,
  predictSpread,
  type SpreadChoice,
} from '../../src/trainers/spread.ts';
import { series } from './trainers-fixtures.ts';

const ROWS = 900;
const data = series(ROWS, 1);
const unseen = series(129, 2);
const bushes = { trees: 10, rate: 0.3, leaves: 6, leastRows: 5, ridge: 1, featureShare: 0.5, folds: 3 };

/** Errors whose size is told by descriptor 3, by the predicted value, by bit 0, or by nothing. */
function errorsBy(size: (row: number) => number): HeldOutErrors {
  const random = seededRandom(5);
  const groups = Int32Array.from({ length: ROWS }, (_, i) => i % 97);
  const residuals = Float64Array.from({ length: ROWS }, (_, row) => size(row) * -Math.log(1 - random()));
  return { ...data, groups, residuals, predicted: data.y };
}
const descriptor = (row: number) => (data.descriptors[row * DESCRIPTOR_COUNT + 3] > 2 ? 3 : 0.5);
const byDescriptor = errorsBy(descriptor);
const byValue = errorsBy((row) => Math.exp(1.5 * Math.abs(data.y[row] - 2)));
const byNothing = errorsBy(() => 1);

const scoreOf =
  ({ residuals }: HeldOutErrors) =>
  (spreads: Float64Array | null) => {
    const rows = { residuals, similarities: new Float64Array(ROWS), spreads };
    return meanIntervalScore(mondrianConformal(rows, 0.9), rows);
  };
const learn = (errors: HeldOutErrors, seed = 1, lossOf = scoreOf(errors)) =>
  fitSpread(errors, seed, lossOf, async () => undefined);

let trees: BoostedTrees;
let chosen: SpreadChoice;
let curved: SpreadChoice;
beforeAll(async () => {
  trees = await fitBoostedTrees(data, { kind: 'regression', seed: 3 }, bushes);
  chosen = await learn(byDescriptor);
  curved = await learn(byValue);
}, 60_000);

describe('choice of a spread', () => {
  it('takes trees where descriptors tell the errors, the curve where the value does, a constant where nothing does', async () => {
    expect(chosen.parameters.form).toBe('trees');
    expect(chosen.model?.bends.length).toBe(1);
    expect(curved.parameters.form).toBe('valueAndTrees');
    expect(curved.model?.bends.length).toBe(5);
    const none = await learn(byNothing);
    expect(none).toMatchObject({ model: null, heldOut: null });
    const { constantLoss, treesLoss } = none.parameters;
    expect(treesLoss).toBeGreaterThan(0.99 * Number(constantLoss));
    expect(chosen.parameters.treesLoss).toBeLessThan(0.9 * Number(chosen.parameters.constantLoss));
  });

  it('is larger where the errors are', () => {
    const meanWhere = (size: number) => {
      const spreads = (chosen.heldOut ?? new Float64Array(0)).filter((_, row) => descriptor(row) === size);
      return spreads.reduce((sum, spread) => sum + spread, 0) / spreads.length;
    };
    expect(meanWhere(3)).toBeGreaterThan(1.5 * meanWhere(0.5));
  });

  it('is constant with too few residuals, and where a fold is predicted without error', async () => {
    const few = { ...byDescriptor, residuals: byDescriptor.residuals.subarray(0, 120) };
    expect(await learn(few)).toEqual({ model: null, heldOut: null, parameters: {} });
    const exact = { ...byDescriptor, residuals: new Float64Array(ROWS) };
    expect(await learn(exact)).toEqual({ model: null, heldOut: null, parameters: {} });
  });

  it("a row's spread never sees the residuals of its fold, but those of the others", async () => {
    const folds = dealFolds(byDescriptor.groups, FOLDS);
    const planted = byDescriptor.residuals.map((residual, row) =>
      folds[row] === 2 ? residual * (1 + (row % 7)) : residual,
    );
    const treesAlways = (spreads: Float64Array | null) => (spreads ? 0 : 1);
    const after = await learn({ ...byDescriptor, residuals: planted }, 1, treesAlways);
    const changed = (wanted: boolean) =>
      [...folds.keys()].filter(
        (row) => (folds[row] === 2) === wanted && after.heldOut?.[row] !== chosen.heldOut?.[row],
      ).length;
    expect(after.heldOut?.length).toBe(ROWS);
    expect(changed(true)).toBe(0);
    expect(changed(false)).toBeGreaterThan(0.9 * folds.filter((fold) => fold !== 2).length);
  });

  it('stays within a factor of four of the mean residual, whatever the value', () => {
    const mean = byValue.residuals.reduce((sum, residual) => sum + residual, 0) / ROWS;
    if (!curved.model) throw new Error('no model');
    const features = {
      fingerprints: new Uint8Array(3 * FINGERPRINT_BYTES),
      descriptors: new Float32Array(3 * DESCRIPTOR_COUNT),
    };
    for (const spread of predictSpread(curved.model, features, Float64Array.of(-1e9, 0, 1e9))) {
      expect(spread).toBeGreaterThan(mean / 4.001);
      expect(spread).toBeLessThan(mean * 4.001);
    }
  });

  it('equal predictions make one bend, and an interrupt ends the fit', async () => {
    const floored = { ...byValue, predicted: byValue.predicted.map((value) => Math.max(2, value)) };
    const { model } = await learn(floored);
    const bends = [...(model?.bends ?? [])];
    expect(bends.length).toBeLessThan(5);
    expect(new Set(bends).size).toBe(bends.length);
    const stop = fitSpread(byValue, 1, () => 1, () => Promise.reject(new Error('stopped'))); // biome-ignore format: short
    await expect(stop).rejects.toThrow('stopped');
  });
});

describe('spread in the graph', () => {
  const graph = (choice: SpreadChoice) =>
    exportAverage({ trees: { model: trees, factor: 1 } }, null, { lower: 1.5 }, choice.model);

  it.each([
    { name: 'trees', choice: () => chosen },
    { name: 'value and trees', choice: () => curved },
  ])('$name: values and spreads equal the float64 fit, whatever the batch', async ({ choice }) => {
    const { model } = choice();
    if (!model) throw new Error('no model');
    const loaded = await loadPredictor(graph(choice()), { name: 'test', providers: ['cpu'], threads: 1 });
    await using predictor = loaded.predictor;
    const expected = predictBoostedTrees(trees, unseen).map((value) => Math.max(1.5, value));
    const expectedSpreads = predictSpread(model, unseen, expected);
    expect(new Set(expectedSpreads).size).toBeGreaterThan(20);
    for (const count of [0, 1, 127, 129]) {
      const { values, spreads } = await predictor.predict(unseen.fingerprints, unseen.descriptors, count);
      expect([values.length, spreads?.length]).toEqual([count, count]);
      for (let i = 0; i < count; i++) {
        expect(Math.abs(values[i] - expected[i]), `value ${i}`).toBeLessThan(1e-5);
        expect(Math.abs((spreads?.[i] ?? 0) / expectedSpreads[i] - 1), `spread ${i}`).toBeLessThan(1e-5);
      }
    }
  });

  it('same errors and seed, same bytes; without a model there is no second output', async () => {
    const first = Buffer.from(graph(chosen));
    expect(first.equals(graph(await learn(byDescriptor)))).toBe(true);
    expect(first.equals(graph(await learn(byDescriptor, 2)))).toBe(false);
    const plain = exportAverage({ trees: { model: trees, factor: 1 } }, null);
    const { predictor } = await loadPredictor(plain, { name: 'test', providers: ['cpu'], threads: 1 });
    await using _ = predictor;
    expect((await predictor.predict(unseen.fingerprints, unseen.descriptors, 1)).spreads).toBeNull();
  });
});
