import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { artifactHash, type Manifest } from '../../src/core/artifact.ts';
import { AssayerError } from '../../src/core/errors.ts';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { modelCard } from '../../src/flows/card.ts';
import { fitModel } from '../../src/flows/fit-model.ts';
import { readModel } from '../../src/flows/models.ts';
import type { DatasetRecipe } from '../../src/flows/recipes.ts';
import { type ValidateRequest, validate } from '../../src/flows/validate.ts';
import { compareResults } from '../../src/flows/validation/compare.ts';
import { plotsOf } from '../../src/flows/validation/plots/plots.ts';
import type { Fit } from '../../src/flows/validation/refit.ts';
import type { SplitReport } from '../../src/flows/validation/report-schema.ts';
import {
  attachValidation,
  readValidation,
  validationJson,
} from '../../src/flows/validation/validation-files.ts';
import { createEngine } from '../../src/main.ts';
import { temporaryFolder } from '../assayer.ts';
import { exampleRows, type Row, trainIn, writeData } from './dataset-fixtures.ts';

/** Example compounds, a rejected test row, bounds on both sides; trained once. */
const ROWS: Row[] = [
  ...exampleRows(false),
  { smiles: 'CC)', part: 'test', y: -1, relation: '=', group: 1000 },
  { smiles: 'CCCCCCCCCCO', part: 'train', y: -1, relation: '<', group: 1001 },
  { smiles: 'CCCCCCCCCCCCO', part: 'test', y: -1, relation: '<', group: 1002 },
  { smiles: 'CCCCCCCCCCCCCCO', part: 'test', y: -9, relation: '<', group: 1003 },
];
let folder: string;
let recipe: DatasetRecipe;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assayer-test-'));
  recipe = writeData(folder, 'solubility', ROWS);
  await trainIn(folder, recipe, 1);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of the raw file in two sources; years for all but the first ten. */
const findProvenance: NonNullable<ValidateRequest['findProvenance']> = async () => ({
  years: ROWS.map((_, row) => (row < 10 ? null : 2000 + Math.floor(row / 25))),
  origin: [{ by: 'site', labels: ROWS.map((_, row) => (row % 4 === 0 ? 'north' : 'south')) }],
  source: { by: 'site' },
});

/** Answers with the mean of the training rows: what a split does with a model does not depend on the model. */
const fitMean: Fit = async (_, rows, values, __, { signal }) => {
  if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
  const mean = rows.y.subarray(0, values).reduce((sum, y) => sum + y, 0) / values;
  return {
    calibration: {
      kind: 'conformal',
      coverage: 0.9,
      spread: 'constant',
      edges: [0],
      halfWidths: [1],
      counts: [values],
    },
    predict: ({ fingerprints }) => ({
      values: new Float64Array(fingerprints.length / FINGERPRINT_BYTES).fill(mean),
      spreads: null,
    }),
  };
};

function validateIn(at: string, change: Partial<ValidateRequest> = {}, options = {}) {
  const engine = createEngine({ threads: 1, devices: ['cpu'] });
  return validate(
    engine,
    {
      recipe,
      model: 'solubility',
      modelsFolder: join(at, 'models'),
      dataFolder: at,
      workspace: join(at, 'ws'),
      splits: ['fixed'],
      against: null,
      findProvenance,
      fitWith: fitMean,
      ...change,
    },
    options,
  );
}

/** A copy of the trained folder, which a test may change. */
function copied(): string {
  const at = temporaryFolder();
  cpSync(folder, at, { recursive: true });
  return at;
}

function changeManifest(
  at: string,
  version: string,
  change: (manifest: Manifest) => Partial<Manifest>,
): void {
  const path = join(at, `models/solubility/${version}/manifest.json`);
  const manifest: Manifest = JSON.parse(readFileSync(path, 'utf8'));
  const changed = { ...manifest, ...change(manifest) };
  writeFileSync(path, JSON.stringify({ ...changed, hash: artifactHash(changed) }));
}

const sumOf = (slices: SplitReport['distance']) => slices.reduce((sum, { rows }) => sum + rows, 0);

test('the fixed split gives the figures of the manifest, and slices that hold every scored row', async () => {
  const { validation, artifact } = await validateIn(folder);
  const { metrics, dataset, hash } = artifact.manifest;
  const [fixed] = validation.splits;
  expect(validation.model.hash).toBe(hash);
  expect(validation.refits).toBeNull();
  expect(validation.testCompoundsInTraining).toBe(0);
  for (const [name, { value, low, high }] of Object.entries(metrics)) {
    expect([name, fixed.metrics[name].value]).toEqual([name, expect.closeTo(value, 3)]);
    expect(fixed.metrics[name].low).toBeCloseTo(low, 2);
    expect(fixed.metrics[name].high).toBeCloseTo(high, 2);
  }
  expect(fixed.counts).toMatchObject({
    training: dataset.counts.train,
    test: dataset.counts.test,
    testRejected: 1,
  });
  const rows = fixed.counts.test;
  expect(sumOf(fixed.distance)).toBe(rows);
  expect(sumOf(fixed.intervalBins)).toBe(rows);
  expect(sumOf(fixed.domain.slices)).toBe(rows);
  // The rejected row has no origin; it is outside the domain and furthest away.
  expect(sumOf(fixed.origin[0].slices)).toBe(rows - 1);
  expect(fixed.domain.share.count).toBeLessThan(rows);
  const covered = fixed.intervalBins.reduce((sum, { observed }) => sum + (observed?.count ?? 0), 0);
  expect(covered).toBe(fixed.overall.observed?.count);
  expect(covered / rows).toBeCloseTo(metrics.coverage90.value, 2);
  // Predictions for long alcohols lie below -1 and above -9: one bound of two is kept.
  expect(fixed.bounds).toMatchObject({ count: 1, rows: 2 });
});

test('every split is scored or said to be impossible, and the same inputs give the same bytes', async () => {
  const splits = ['random', 'scaffold', 'time', 'source', 'next-week'] as const;
  const { validation, durationsMs } = await validateIn(folder, { splits });
  expect(validation.splits.map(({ split, heldOut }) => (heldOut ? `${split}: ${heldOut}` : split))).toEqual([
    'fixed',
    'random',
    'scaffold',
    'time',
    'source: south',
    'source: north',
    'next-week',
  ]);
  expect(validation.impossible).toEqual([]);
  expect(validation.refits).toMatchObject({ sameTrainer: true, seed: 1 });
  const [, random, , time, south, north] = validation.splits;
  const all =
    random.counts.training + random.counts.trainingBounds + random.counts.test + (random.bounds?.rows ?? 0);
  for (const { counts, bounds, overall } of validation.splits.slice(1)) {
    const leftOut = Object.values(counts.leftOut).reduce((sum, rows) => sum + rows, 0);
    expect(counts.training + counts.trainingBounds + counts.test + (bounds?.rows ?? 0) + leftOut).toBe(all);
    expect(overall.rows).toBe(counts.test);
  }
  expect(Object.keys(time.counts.leftOut)).toEqual(['no year is known']);
  expect(south.counts.test).toBeGreaterThan(2.5 * north.counts.test);
  expect(Object.keys(durationsMs)).toHaveLength(7);

  const again = await validateIn(folder, { splits });
  expect(validationJson(again.validation)).toBe(validationJson(validation));
  expect(validationJson(validation)).not.toMatch(/\d{4}-\d\d-\d\d|Ms"/);
});

test('what the data do not allow is listed with its reason', async () => {
  const { validation } = await validateIn(folder, {
    splits: ['time', 'source'],
    findProvenance: async () => ({ years: 'the file has no dates', origin: [], source: 'one laboratory' }),
  });
  expect(validation.splits.map(({ split }) => split)).toEqual(['fixed']);
  expect(validation.impossible).toEqual([
    { split: 'time', reason: 'the file has no dates' },
    { split: 'source', reason: 'one laboratory' },
  ]);
});

test('other rows than those of the manifest are refused, with what differs', async () => {
  const at = copied();
  const rows = ROWS.map((row, i) => (i === 0 ? { ...row, y: Number(row.y) + 1 } : row));
  const other = writeData(at, 'solubility', rows);
  await expect(validateIn(at, { recipe: other })).rejects.toMatchObject({
    code: 'ERR_NOT_COMPARABLE',
    message: expect.stringContaining('assay source, split rule, evaluation set'),
  });
});

test('a manifest whose figures its graph does not give is damaged', async () => {
  const at = copied();
  changeManifest(at, '1', ({ metrics }) => ({
    metrics: { ...metrics, MAE: { ...metrics.MAE, value: metrics.MAE.value / 2 } },
  }));
  await expect(validateIn(at)).rejects.toMatchObject({
    code: 'ERR_MODEL_CORRUPT',
    message: expect.stringMatching(/manifest says MAE .* its graph gives/),
  });
});

test('an imported model is refused before anything is read, with what can be done', async () => {
  const at = copied();
  changeManifest(at, '1', ({ trainer }) => ({ trainer: { ...trainer, name: 'imported' } }));
  await expect(validateIn(at, { dataFolder: 'nowhere' })).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: expect.stringMatching(/solubility@1 was imported.*models show solubility@1.*--evaluation/),
  });
});

test('a cancelled validation ends and writes nothing', async () => {
  const at = copied();
  const controller = new AbortController();
  const { signal } = controller;
  const fitWith: Fit = async (...call) => {
    const model = await fitMean(...call);
    controller.abort();
    return model;
  };
  await expect(validateIn(at, { splits: ['scaffold'], fitWith }, { signal })).rejects.toMatchObject({
    code: 'ERR_CANCELLED',
  });
  expect(readdirSync(join(at, 'models/solubility/1')).sort()).toEqual(
    readdirSync(join(folder, 'models/solubility/1')).sort(),
  );
});

test('two artifacts stand side by side with a paired difference only where they were measured alike', async () => {
  const at = copied();
  cpSync(join(at, 'models/solubility/1'), join(at, 'models/solubility/2'), { recursive: true });
  changeManifest(at, '2', () => ({ version: '2' }));
  const { comparison, fixed, artifact } = await validateIn(at, {
    model: 'solubility@2',
    against: 'solubility@1',
  });
  // The same graph under two names gives the same figures.
  expect(comparison).toMatchObject({
    first: { model: 'solubility@2' },
    second: { model: 'solubility@1' },
    figures: { MAE: { difference: { value: 0, low: 0, high: 0, standardError: 0 } } },
  });
  // Answers that are all off by 0.1 more.
  const worse = fixed.rows.predicted.map((value, i) => value + Math.sign(value - fixed.rows.actual[i]) / 10);
  const { manifest } = artifact;
  const { MAE } = compareResults(manifest, fixed, manifest, {
    ...fixed,
    rows: { ...fixed.rows, predicted: worse },
  }).figures;
  expect(MAE.second - MAE.first).toBeCloseTo(MAE.difference.value, 12);
  expect(MAE.difference.value).toBeCloseTo(0.1, 2);
  expect(MAE.difference.high - MAE.difference.low).toBeLessThan(0.05);

  changeManifest(at, '1', ({ split }) => ({ split: { ...split, name: 'another rule' } }));
  // Before anything is read that takes time.
  const refused = validateIn(at, { model: 'solubility@2', against: 'solubility@1', dataFolder: 'nowhere' });
  await expect(refused).rejects.toMatchObject({
    code: 'ERR_NOT_COMPARABLE',
    message: expect.stringContaining('they differ in split rule'),
  });
  await expect(validateIn(at, { against: 'herg@1' })).rejects.toMatchObject({ code: 'ERR_MODEL_NOT_FOUND' });
});

test('an attached validation stands beside the artifact and in its card, and keeps what was scored before', async () => {
  const at = copied();
  const artifactFolder = join(at, 'models/solubility/1');
  const first = await validateIn(at, { splits: ['scaffold'] });
  const { manifest } = first.artifact;
  const attach = async ({ validation, fixed }: typeof first) =>
    attachValidation(
      artifactFolder,
      manifest,
      recipe,
      validation,
      plotsOf(manifest, fixed, validation.splits[0]),
    );
  await attach(first);
  const merged = await attach(await validateIn(at, { splits: ['random'] }));
  expect(merged.splits.map(({ split }) => split)).toEqual(['fixed', 'random', 'scaffold']);

  const stored = await readValidation(artifactFolder, manifest);
  expect(stored).toEqual(merged);
  const card = readFileSync(join(artifactFolder, 'card.md'), 'utf8');
  expect(card).toBe(modelCard(manifest, recipe, stored));
  expect(card).toMatch(/^\| random \|/m);
  expect(card).toMatch(/^\| scaffold \|/m);
  const [, plot] = /\]\((validation\/[a-z]+\.svg)\)/.exec(card) ?? [];
  expect(existsSync(join(artifactFolder, plot))).toBe(true);
  const report = readFileSync(join(artifactFolder, 'validation/report.md'), 'utf8');
  for (const [, file] of report.matchAll(/\]\(([a-z]+\.svg)\)/g)) {
    expect(existsSync(join(artifactFolder, 'validation', file))).toBe(true);
  }
  // The artifact is the same one: what lies beside it is no part of its identity.
  const entry = { endpoint: 'solubility', version: '1', folder: artifactFolder };
  expect((await readModel(entry)).manifest.hash).toBe(manifest.hash);

  // A validation of what stood here before says nothing of what stands here now.
  const other = { ...manifest, hash: '0'.repeat(64) };
  expect(await readValidation(artifactFolder, other)).toBeNull();
  expect(() => modelCard(other, recipe, stored)).toThrow(/another|was asked for/);
});

test('a refit is of the whole model, calibrated on the training part of its split', async () => {
  const { validation } = await validateIn(folder, { splits: ['random'], fitWith: fitModel });
  const [, random] = validation.splits;
  expect(random.metrics.Spearman.value).toBeGreaterThan(0.8);
  expect(random.overall.observed?.value).toBeGreaterThan(0.7);
  expect(random.intervalBins.reduce((sum, { rows }) => sum + rows, 0)).toBe(random.counts.test);
});
