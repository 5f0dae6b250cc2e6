import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { seededRandom } from '../../src/core/random.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import type { AnsweredModel, ModelAnswers } from '../../src/flows/drift/model-answers.ts';
import { outputsStream } from '../../src/flows/drift/outputs-stream.ts';
import { proxiesStream } from '../../src/flows/drift/proxies-stream.ts';
import type { TrainingDistances } from '../../src/flows/drift/training-distances.ts';
import { createEngine } from '../../src/main.ts';
import { madeSample } from './drift-flow-fixtures.ts';

const [REFERENCE, BATCH] = [240, 180];
const check: DriftCheck = {
  reference: madeSample(REFERENCE, { seed: 1, prefix: 'r' }),
  batch: madeSample(BATCH, { seed: 2, prefix: 'b' }),
  ofModel: false,
  settings: { alpha: 0.05, permutations: 399, seed: 1 },
  streamAlpha: 0.05 / 6,
  backends: createEngine({ threads: 1, devices: ['cpu'] }).backends,
};

/** Normal numbers about a mean. */
function normals(rows: number, seed: number, mean = 0, deviation = 1): Float64Array {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Float64Array.from({ length: rows }, () => mean + deviation * normal());
}

/** A model by name: what the streams read of a manifest. */
function manifestOf(id: string, kind: 'regression' | 'classification' = 'regression'): Manifest {
  const endpoint = { id, kind, modelledScale: `log ${id}`, unit: id };
  return { endpoint, domain: { minSimilarity: 0.3 } } as unknown as Manifest;
}

function answers(values: Float64Array, halfWidths: Float64Array | null = null): ModelAnswers {
  return { values, halfWidths, similarities: values.map(() => 0.5) };
}

/** A model that is as sure of the batch as of the reference, but for a shift of its half-widths. */
function model(id: string, seed: number, wider: number): AnsweredModel {
  return {
    manifest: manifestOf(id),
    reference: answers(normals(REFERENCE, seed), normals(REFERENCE, seed + 1, 5)),
    batch: answers(normals(BATCH, seed + 2), normals(BATCH, seed + 3, 5 + wider)),
  };
}

/** Held-out compounds about 0.5 from the training set, and a batch so much farther. */
function distancesOf(farther: number): TrainingDistances {
  return {
    heldOut: Uint32Array.from({ length: REFERENCE }, (_, row) => row),
    calibration: normals(REFERENCE, 50, 0.5, 0.05),
    batch: normals(BATCH, 51, 0.5 + farther, 0.05),
  };
}

describe('outputs of several models', () => {
  const first = normals(REFERENCE, 10);
  const firstOfBatch = normals(BATCH, 11);
  const noise = (rows: number, seed: number) => normals(rows, seed, 0, 0.3);
  const follows = (values: Float64Array, seed: number, sign: number) =>
    noise(values.length, seed).map((value, row) => value + sign * values[row]);
  const pair = (sign: number): AnsweredModel[] => [
    { manifest: manifestOf('logd'), reference: answers(first), batch: answers(firstOfBatch) },
    {
      manifest: manifestOf('herg'),
      reference: answers(follows(first, 12, 1)),
      batch: answers(follows(firstOfBatch, 13, sign)),
    },
  ];

  test('predictions that turn against each other are seen together, where none moves by itself', async () => {
    const { verdict } = await outputsStream(check, pair(-1));
    expect(verdict).toMatchObject({ state: 'drift', p: 2 / 400, moved: [] });
    expect(verdict.effect?.name).toBe('MMD2 of the predictions together');
    expect(verdict.inWords).toContain('moved together, and none was seen to move by itself');
    expect(verdict.test).toContain('maximum mean discrepancy');
  });

  test('predictions that go along as before are steady, and both tests are told', async () => {
    const { verdict, plots } = await outputsStream(check, pair(1));
    expect(verdict.state).toBe('steady');
    expect(verdict.inWords).toMatch(/None of 2 outputs .* all 2 predictions together: p /);
    expect(verdict.minimumDetectable).toBeGreaterThan(0);
    expect(plots.outputs.map(({ name, unit }) => [name, unit])).toEqual([
      ['predicted logd', 'log logd'],
      ['predicted herg', 'log herg'],
    ]);
  });

  test('one model has no vector: all of the alpha is for its columns', async () => {
    const [one] = pair(1);
    const moved = { ...one, batch: answers(firstOfBatch.map((value) => value + 2)) };
    const { verdict } = await outputsStream(check, [moved]);
    expect(verdict).toMatchObject({ state: 'drift', p: 1 / 400 });
    expect(verdict.test).not.toContain('maximum mean discrepancy');
    expect(verdict.moved).toMatchObject([{ name: 'predicted logd', measure: 'median' }]);
  });

  test('two tests have half of the alpha each, and a check that cannot reach it says so', async () => {
    const few = { ...check, settings: { ...check.settings, permutations: 199 } };
    expect((await outputsStream(few, pair(1).slice(1))).verdict.p).not.toBeNull();
    expect((await outputsStream(few, pair(-1))).verdict.reason).toBe('cannot-fire-at-this-alpha');
  });

  test('models that say the same of every compound have nothing to compare', async () => {
    const same = (id: string): AnsweredModel => ({
      manifest: manifestOf(id),
      reference: answers(new Float64Array(REFERENCE)),
      batch: answers(new Float64Array(BATCH)),
    });
    const { verdict } = await outputsStream(check, [same('logd'), same('herg')]);
    expect(verdict).toMatchObject({ reason: 'not-measured', p: null });
  });
});

describe('proxies of several models', () => {
  const steady = [model('logd', 100, 0), model('ppb', 200, 0)];
  // Both sides of equal law need more compounds than a test has for their equality to be shown at a small alpha.
  const wide: DriftCheck = { ...check, streamAlpha: 0.2 };
  const judge = (farther: number, models: readonly AnsweredModel[], of = wide) =>
    proxiesStream(of, distancesOf(farther), models);

  test('distance and the confidence of every model as before are steady', () => {
    const { state, inWords } = judge(0, steady);
    expect([state, inWords]).toEqual([
      'steady',
      'Distance and confidence are both shown to be as before, within the margins for logd, ppb.',
    ]);
  });

  test('one model that is less sure of compounds as near as before is named', () => {
    const verdict = judge(0, [steady[0], model('herg', 300, 3), steady[1]]);
    expect(verdict).toMatchObject({ state: 'drift', p: 2 / 400 });
    expect(verdict.inWords).toContain('The models are less sure of herg though');
    expect(verdict.effect).toMatchObject({ name: 'shift of the mean confidence in herg', unit: 'log herg' });
    expect(verdict.effect?.value).toBeCloseTo(-3, 0);
  });

  test('farther compounds of which no model is less sure are odd, and only where that is shown of all', () => {
    expect(judge(0.2, steady)).toMatchObject({ state: 'drift' });
    expect(judge(0.2, steady).inWords).toContain('as sure of them as before for logd, ppb');
    // As sure is not shown of one: neither a shift past chance nor equality.
    const undecided = judge(0.2, [steady[0], model('herg', 300, 0.25)], { ...wide, streamAlpha: 0.02 });
    expect(undecided).toMatchObject({ state: 'not-evaluable', p: null });
    expect(undecided.inWords).toContain('confidence in herg: p ');
  });

  test('farther compounds of which models are less sure are as it should be, surer ones go the wrong way', () => {
    const right = judge(0.2, [model('herg', 300, 3), steady[0]]);
    expect(right).toMatchObject({ state: 'steady' });
    expect(right.inWords).toContain('The models are less sure of herg, as it should be');
    const wrong = judge(0.2, [model('herg', 300, 3), model('ppb', 400, -3)]);
    expect(wrong).toMatchObject({ state: 'drift' });
    expect(wrong.inWords).toContain('The models are surer of ppb: confidence goes the wrong way');
  });

  test('a model without intervals is left out and told; without any other nothing is judged', () => {
    const none = { ...model('mdr1-efflux', 500, 0), manifest: manifestOf('mdr1-efflux') };
    const bare = { ...none, reference: { ...none.reference, halfWidths: null } };
    expect(judge(0, [...steady, bare]).inWords).toContain('Not compared: mdr1-efflux has no intervals');
    expect(judge(0, [bare])).toMatchObject({ reason: 'not-measured' });
  });

  test('classes are sure by their probabilities', () => {
    const toward = (rows: number, seed: number, mean: number) =>
      answers(normals(rows, seed, mean, 0.05).map((value) => Math.min(1, Math.max(0, value))));
    const ames: AnsweredModel = {
      manifest: manifestOf('ames', 'classification'),
      reference: toward(REFERENCE, 600, 0.6),
      batch: toward(BATCH, 601, 0.9),
    };
    const verdict = judge(0, [ames]);
    expect(verdict).toMatchObject({ state: 'drift' });
    expect(verdict.inWords).toContain('The model is surer though');
    expect(verdict.effect?.value).toBeCloseTo(0.3, 1);
  });
});
