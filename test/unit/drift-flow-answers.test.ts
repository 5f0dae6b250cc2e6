import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { seededRandom } from '../../src/core/random.ts';
import { chemistryStream } from '../../src/flows/drift/chemistry-stream.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import type { AnsweredModel, ModelAnswers } from '../../src/flows/drift/model-answers.ts';
import { outputsStream } from '../../src/flows/drift/outputs-stream.ts';
import { proxiesStream } from '../../src/flows/drift/proxies-stream.ts';
import { neitherWords } from '../../src/flows/drift/proxy-words.ts';
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
  const endpoint = { id, kind, modelledScale: `log ${id}`, unit: id, transform: 'identity' };
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
    others: [],
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

    const endpoint = { ...one.manifest.endpoint, transform: 'log10-odds', unit: 'fraction bound' } as const;
    const bound = { ...moved, manifest: { ...moved.manifest, endpoint } };
    const inUnit = (await outputsStream(check, [bound])).verdict;
    expect(inUnit.inWords).toMatch(/predicted logd \(median 0\.[45]\d* to 0\.99\d* fraction bound\)/);
    expect(inUnit.p).toBe(verdict.p);
    expect(inUnit.moved[0].effect).toEqual(verdict.moved[0].effect);
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
      'Distance and confidence are both shown to be as before, within the margins for all 2 models.',
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
    expect(judge(0.2, steady).inWords).toContain('all 2 models are as sure of them as before');
    // As sure is not shown of one: neither a shift past chance nor equality.
    const undecided = judge(0.2, [steady[0], model('herg', 300, 0.25)], { ...wide, streamAlpha: 0.02 });
    expect(undecided).toMatchObject({ state: 'not-evaluable', p: null });
    expect(undecided.inWords).toContain('for a shift, in herg, greatest p ');
  });

  test('farther compounds of which models are less sure are as it should be, surer ones go the wrong way', () => {
    const right = judge(0.2, [model('herg', 300, 3), steady[0]]);
    expect(right).toMatchObject({ state: 'steady' });
    expect(right.inWords).toContain('The models are less sure of herg, as it should be');
    const wrong = judge(0.2, [model('herg', 300, 3), model('ppb', 400, -3)]);
    expect(wrong).toMatchObject({ state: 'drift' });
    expect(wrong.inWords).toContain('The models are surer of ppb: confidence goes the wrong way');
  });

  test('of many undecided models the extremes are told, not every p', () => {
    const many = Array.from({ length: 12 }, (_, m) => model(`m${m}`, 300 + 10 * m, 0));
    const { reason, inWords } = judge(0.2, many, { ...wide, streamAlpha: 0.02 });
    expect(reason).toBe('inconclusive');
    expect(inWords).toMatch(
      /\(confidence in \d+ of 12 models: least p [\d.]+ for a shift, in m\d+, greatest p [\d.]+ for being the same, in m\d+\)/,
    );
    expect(inWords.match(/\bp \d/g)).toHaveLength(2);
    // Six that moved: three are named.
    const moved = many.map((one, m) => (m < 6 ? model(`m${m}`, 300 + 10 * m, 3) : one));
    expect(judge(0.2, moved).inWords).toMatch(/less sure of m0, m1, m2 and \d+ more/);
  });

  test('the extremes are of what is undecided: the least p for a shift, the greatest for being the same', () => {
    const shift = { shifted: false, equivalent: false, shift: 0 };
    const of = (endpoint: string, shiftP: number, equivalenceP: number, equivalent = false) => {
      return { ...shift, endpoint, unit: '', shiftP, equivalenceP, equivalent };
    };
    const chemistry = { ...shift, shifted: true, shiftP: 0.001, equivalenceP: 1 };
    const several = [of('a', 0.3, 0.1), of('b', 0.2, 0.2), of('c', 0.4, 0.3), of('d', 0.01, 0.001, true)];
    expect(neitherWords(chemistry, several)).toBe(
      'it is shown neither that they have moved nor that they are the same (confidence in 3 of 4 models: least p 0.2 for a shift, in b, greatest p 0.3 for being the same, in c)',
    );
    expect(neitherWords({ ...chemistry, shifted: false }, several.slice(0, 1))).toBe(
      'it is shown neither that they have moved nor that they are the same (distance: p 0.001 for a shift, 1 for being the same; confidence in a: p 0.3 for a shift, 0.1 for being the same)',
    );
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

test('chemistry that has moved by its descriptors says that the effect told is of the fingerprints', async () => {
  const moved: DriftCheck = {
    ...check,
    // Four kernels share the stream's alpha.
    settings: { ...check.settings, permutations: 999 },
    reference: madeSample(60, { seed: 1, prefix: 'r' }),
    batch: madeSample(60, { seed: 2, prefix: 'b', mean: 2 }),
  };
  const { verdict } = await chemistryStream(moved);
  expect(verdict).toMatchObject({ state: 'drift', effect: { name: 'MMD2 (Tanimoto)' } });
  expect(verdict.inWords).toMatch(
    /seen in the descriptors, p [\d.]+ over all kernels, [\d.]+ for that one; the MMD2 told and drawn is of the fingerprints, p [\d.]+\)/,
  );
});
