import { beforeAll, describe, expect, it } from 'vitest';
import { loadPredictor } from '../../src/backends/ort/predictor.ts';
import { loadLinearAlgebra } from '../../src/backends/wasm/linear-algebra.ts';
import { createNetwork } from '../../src/backends/wasm/mlp.ts';
import { withinLimits } from '../../src/trainers/assay-limits.ts';
import { averageScores, chooseAverage } from '../../src/trainers/average.ts';
import { type BoostedTrees, fitBoostedTrees, predictBoostedTrees } from '../../src/trainers/boosted-trees.ts';
import { exportAverage } from '../../src/trainers/export-average.ts';
import { exportMlpEnsemble } from '../../src/trainers/export-mlp-ensemble.ts';
import {
  fitGaussianProcess,
  type GaussianProcess,
  predictGaussianProcess,
} from '../../src/trainers/gaussian-process.ts';
import {
  fitMlpEnsemble,
  MLP_SETTINGS,
  type MlpEnsemble,
  predictMlpEnsemble,
} from '../../src/trainers/mlp-ensemble.ts';
import { dealFolds } from '../../src/trainers/scaffold-folds.ts';
import type { TrainingData } from '../../src/trainers/training-data.ts';
import { series } from './trainers-fixtures.ts';

const data = series(150, 1);
const unseen = series(61, 2);
const classes: TrainingData = { ...data, y: data.y.map((value) => (value > 0.6 ? 1 : 0)) };
const regression = { kind: 'regression', seed: 3 } as const;
const small = { ...MLP_SETTINGS, members: 2, folds: 3, epochs: 60, decay: [20, 2, 0], dropout: [0, 0, 0] };
const bushes = { trees: 40, rate: 0.2, leaves: 6, leastRows: 5, ridge: 1, featureShare: 0.5, folds: 3 };
let ensemble: MlpEnsemble;
let trees: BoostedTrees;
let process: GaussianProcess;

beforeAll(async () => {
  ensemble = await fitMlpEnsemble(data, regression, createNetwork, small);
  trees = await fitBoostedTrees(data, regression, bushes);
  process = await fitGaussianProcess(data, regression, loadLinearAlgebra());
}, 120_000);

const squared = (y: Float64Array, guess: (row: number) => number) =>
  y.reduce((sum, value, row) => sum + (value - guess(row)) ** 2, 0);

/** Answers of a graph in ONNX Runtime. */
async function answersOf(onnx: Uint8Array): Promise<Float32Array> {
  const loaded = await loadPredictor(onnx, { name: 'test', providers: ['cpu'], threads: 1 });
  await using predictor = loaded.predictor;
  return (await predictor.predict(unseen.fingerprints, unseen.descriptors, unseen.y.length)).values;
}

function expectClose(answers: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(answers.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(answers[i] - expected[i]), `row ${i}`).toBeLessThan(1e-4);
}

describe('folds', () => {
  it('keep groups whole and are of about equal size', () => {
    const groups = Int32Array.of(5, 5, 5, 5, 9, 9, 2, 7, 7, 5, 3);
    const folds = dealFolds(groups, 3);
    for (const group of groups) expect(new Set(folds.filter((_, i) => groups[i] === group)).size).toBe(1);
    const sizes = [0, 1, 2].map((fold) => folds.filter((other) => other === fold).length);
    expect(sizes.toSorted()).toEqual([3, 3, 5]);
  });

  it('stay the same whatever the groups are called, but for the order of equal sizes', () => {
    expect([...dealFolds(Int32Array.of(1, 1, 2, 2, 2, 3), 2)]).toEqual([1, 1, 0, 0, 0, 1]);
    expect(dealFolds(new Int32Array(0), 4).length).toBe(0);
  });
});

describe.each([
  { name: 'network ensemble', model: () => ensemble, predict: () => predictMlpEnsemble(ensemble, unseen) },
  { name: 'boosted trees', model: () => trees, predict: () => predictBoostedTrees(trees, unseen) },
])('$name', ({ model, predict }) => {
  it('predicts unseen compounds better than the mean does', () => {
    const predicted = predict();
    const mean = data.y.reduce((sum, y) => sum + y, 0) / data.y.length;
    expect(squared(unseen.y, (row) => predicted[row])).toBeLessThan(0.7 * squared(unseen.y, () => mean));
  });

  it('held-out scores of a fold do not change with its labels, those of other folds do', async () => {
    const folds = dealFolds(data.groups, 3);
    const inFold = [...folds.keys()].filter((row) => folds[row] === 1);
    // The same labels dealt in another order, so that the positive rate stays.
    const y = classes.y.slice();
    inFold.forEach((row, i) => {
      y[row] = classes.y[inFold[inFold.length - 1 - i]];
    });
    const options = { kind: 'classification', seed: 4 } as const;
    const trainOn = (labels: Float64Array) =>
      model() === ensemble
        ? fitMlpEnsemble({ ...data, y: labels }, options, createNetwork, { ...small, epochs: 3 })
        : fitBoostedTrees({ ...data, y: labels }, options, bushes);
    const [before, after] = [await trainOn(classes.y), await trainOn(y)];
    const differ = (fold: (of: number) => boolean) =>
      [...folds.keys()].filter((row) => fold(folds[row]) && before.heldOut[row] !== after.heldOut[row])
        .length;
    expect(y).not.toEqual(classes.y);
    expect(differ((fold) => fold === 1)).toBe(0);
    expect(differ((fold) => fold !== 1)).toBeGreaterThan(0.9 * (folds.length - inFold.length));
  }, 60_000);

  it('stops when it is told to', async () => {
    const options = { ...regression, signal: AbortSignal.abort() };
    const fit =
      model() === ensemble
        ? fitMlpEnsemble(data, options, createNetwork, small)
        : fitBoostedTrees(data, options, bushes);
    await expect(fit).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  });
});

describe('classes', () => {
  it.each(['networks', 'trees'])('%s score the positives above the negatives', async (what) => {
    const options = { kind: 'classification', seed: 4 } as const;
    const model =
      what === 'networks'
        ? await fitMlpEnsemble(classes, options, createNetwork, small)
        : await fitBoostedTrees(classes, options, bushes);
    const mean = (label: number) => {
      const scores = model.heldOut.filter((_, row) => classes.y[row] === label);
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    };
    expect(mean(1)).toBeGreaterThan(mean(0) + 0.3);
  });
});

describe('graphs in ONNX Runtime', () => {
  it('an ensemble answers as it does here, held within limits where there are some', async () => {
    const expected = predictMlpEnsemble(ensemble, unseen);
    expectClose(await answersOf(exportMlpEnsemble(ensemble, null)), expected);
    const [lower, upper] = [20, 40].map((at) => expected.toSorted()[at]);
    for (const limits of [{ lower }, { upper }, { lower, upper }]) {
      const held = withinLimits(expected, limits);
      expect(held.filter((value, i) => value !== expected[i]).length).toBeGreaterThan(15);
      expectClose(await answersOf(exportMlpEnsemble(ensemble, null, limits)), held);
    }
  });

  it('an average adds the scores times their factors, and calibrates the sum', async () => {
    const scores = [
      predictGaussianProcess(process, unseen),
      predictMlpEnsemble(ensemble, unseen),
      predictBoostedTrees(trees, unseen),
    ];
    const factors = [0.5, 0.2, 0.3];
    const parts = {
      process: { model: process, factor: 0.5 },
      ensemble: { model: ensemble, factor: 0.2 },
      trees: { model: trees, factor: 0.3 },
    };
    const sum = averageScores(scores, factors);
    expectClose(await answersOf(exportAverage(parts, null)), sum);
    const calibration = { kind: 'platt', slope: -2, offset: 0.5 } as const;
    const probabilities = sum.map((score) => 1 / (1 + Math.exp(-2 * score + 0.5)));
    expectClose(await answersOf(exportAverage(parts, calibration)), probabilities);
    const treesAlone = exportAverage({ trees: { model: trees, factor: 1 } }, null);
    expectClose(await answersOf(treesAlone), scores[2]);
  });

  it('same data and seed give the same bytes, another seed others', async () => {
    const few = { ...small, epochs: 2 };
    const bytes = async (seed: number) => {
      const networks = await fitMlpEnsemble(data, { ...regression, seed }, createNetwork, few);
      const bush = await fitBoostedTrees(data, { ...regression, seed }, bushes);
      const parts = { ensemble: { model: networks, factor: 0.5 }, trees: { model: bush, factor: 0.5 } };
      return Buffer.from(exportAverage(parts, null));
    };
    const first = await bytes(5);
    expect(first.equals(await bytes(5))).toBe(true);
    expect(first.equals(await bytes(6))).toBe(false);
  });

  it('models of different rows are not averaged, nor none', async () => {
    const other = {
      ...ensemble,
      encoding: { ...ensemble.encoding, means: ensemble.encoding.means.map((m) => m + 1) },
    };
    const parts = { process: { model: process, factor: 0.5 }, ensemble: { model: other, factor: 0.5 } };
    expect(() => exportAverage(parts, null)).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }));
    expect(() => exportAverage({}, null)).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }));
  });
});

describe('choice of an average', () => {
  const y = Float64Array.from({ length: 200 }, (_, i) => Math.sin(i));
  const wrong = (by: (i: number) => number) => y.map((value, i) => value + by(i));
  const rows = { ...data, y };

  it('errors of opposite sign are averaged away', () => {
    const choice = chooseAverage(
      'regression',
      [wrong((i) => Math.cos(3 * i)), wrong((i) => -Math.cos(3 * i))],
      rows,
    );
    expect(choice.weights).toEqual([0.5, 0.5]);
    expect(choice.loss).toBeLessThan(1e-12);
    expect(choice.alone[0]).toBeGreaterThan(0.5);
  });

  it('a model that adds nothing is left out, wherever it stands', () => {
    const good = wrong((i) => 0.1 * Math.cos(3 * i));
    const poor = wrong((i) => 0.1 * Math.cos(3 * i) + 2 * Math.cos(5 * i));
    expect(chooseAverage('regression', [good, poor], rows).factors).toEqual([1, 0]);
    expect(chooseAverage('regression', [poor, good], rows).factors).toEqual([0, 1]);
    expect(chooseAverage('regression', [good], rows).factors).toEqual([1]);
  });

  it('a model that is required takes part by a tenth at least, whatever it adds', () => {
    const good = wrong((i) => 0.1 * Math.cos(3 * i));
    const poor = wrong((i) => 0.1 * Math.cos(3 * i) + 2 * Math.cos(5 * i));
    expect(chooseAverage('regression', [poor, good], rows, null, [0]).weights).toEqual([0.1, 0.9]);
    expect(chooseAverage('regression', [good, poor], rows, null, [0]).weights).toEqual([1, 0]);
  });

  it('a model that would count less than a tenth is left out, though it makes the average better', () => {
    // Best by a weight of 0.05: errors of 1 against -19.
    const most = wrong(() => 1);
    const other = wrong(() => -19);
    expect(chooseAverage('regression', [most, other], rows).weights).toEqual([1, 0]);
    const mild = wrong(() => -9);
    expect(chooseAverage('regression', [most, mild], rows).weights).toEqual([0.9, 0.1]);
  });

  it('scores of classes are averaged in their deviations', () => {
    const labels = { ...rows, y: y.map((value) => (value > 0 ? 1 : 0)) };
    const scores = labels.y.map((label, i) => label + Math.cos(3 * i));
    const others = labels.y.map((label, i) => 100 * (label - Math.cos(3 * i)));
    const { weights, factors } = chooseAverage('classification', [scores, others], labels);
    expect(weights).toEqual([0.5, 0.5]);
    expect(factors[0] / factors[1]).toBeGreaterThan(95);
    expect(factors[0] / factors[1]).toBeLessThan(105);
  });

  it('bounds do not count, labels at a limit of the assay do, and scores are held within these', () => {
    const relation = Int8Array.from(y, (_, i) => (i % 2 ? 0 : -1));
    const goodOnBounds = wrong((i) => (i % 2 ? 1 : 0));
    const goodOnValues = wrong((i) => (i % 2 ? 0 : 1));
    const bounded = { ...rows, relation };
    expect(chooseAverage('regression', [goodOnBounds, goodOnValues], bounded).weights).toEqual([0, 1]);
    const floored = {
      ...rows,
      y: y.map((value) => Math.max(0, value)),
      relation: Int8Array.from(y, (v) => (v > 0 ? 0 : -1)),
    };
    const latent = y.map((value) => (value > 0 ? value : -5));
    expect(chooseAverage('regression', [latent], floored, { lower: 0 }).loss).toBe(0);
  });
});
