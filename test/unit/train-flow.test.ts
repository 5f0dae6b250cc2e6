import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { contractHash } from '../../src/core/contract.ts';
import { APPROVED_LIKE } from '../../src/flows/approved-like.ts';
import { modelCard } from '../../src/flows/card.ts';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';
import { screen } from '../../src/flows/screen.ts';
import { recipeOf } from '../../src/flows/train.ts';
import { readValidation } from '../../src/flows/validation/validation-files.ts';
import { createEngine } from '../../src/main.ts';
import { decodeReference } from '../../src/store/reference.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';
import { carbons, exampleRows, type Row, trainIn, writeData, writeSplit } from './dataset-fixtures.ts';

/** The example compounds trained once, for all tests that only look at what comes of it. */
let plainFolder: string;
let plain: Awaited<ReturnType<typeof trainIn>>;

beforeAll(async () => {
  plainFolder = mkdtempSync(join(tmpdir(), 'assayer-test-'));
  plain = await trainIn(plainFolder, writeData(plainFolder, 'solubility', exampleRows(false)), 1);
});
afterAll(() => rmSync(plainFolder, { recursive: true, force: true }));

test.each([
  { from: 'stored', threads: 1 },
  { from: 'fresh', threads: 3 },
])(
  'training again from $from features, with $threads threads, gives the same bytes',
  async ({ from, threads }) => {
    const folder = from === 'stored' ? plainFolder : temporaryFolder();
    const recipe = writeData(folder, 'solubility', exampleRows(false));
    const modelsFolder = join(temporaryFolder(), 'models');
    const again = await trainIn(folder, recipe, threads, { modelsFolder });
    expect(again.manifest.hash).toBe(plain.manifest.hash);
    for (const name of ['model.onnx', 'reference.arrow', 'card.md']) {
      const [one, other] = [plain, again].map((made) => readFileSync(join(made.folder, name)));
      expect([name, one.equals(other)]).toEqual([name, true]);
    }
  },
);

test('a trained artifact explains its labels on unseen rows, and serves a screen', async () => {
  expect(plain.manifest.metrics.Spearman.value).toBeGreaterThan(0.9);
  const { MAE, bias } = plain.manifest.metrics;
  expect(Object.keys(plain.manifest.metrics)[0]).toBe('MAE');
  expect(Math.abs(bias.value)).toBeLessThan(MAE.value);
  // Compounds of one parent scaffold are held out together, also where the split has them in different groups.
  const splitGroups = new Set(exampleRows(false).map(({ group }) => group));
  expect(plain.manifest.dataset.counts.trainGroups).toBeLessThan(0.9 * splitGroups.size);
  const folder = temporaryFolder();
  const output = join(folder, 'out.csv');
  const request = { input: new URL('../../examples/compounds.csv', import.meta.url).pathname, output };
  const modelsFolder = join(plainFolder, 'models');
  const workspace = join(folder, 'ws');
  await screen(createEngine({ devices: ['cpu'] }), { ...request, models: [], modelsFolder, workspace });
  const rows = readCsv(output);
  const errors = rows.map((row) => Math.abs(Number(row.solubility) + carbons(row.input) / 10));
  expect(errors.reduce((sum, error) => sum + error, 0) / rows.length).toBeLessThan(0.3);
});

test('a class endpoint is trained to probabilities', async () => {
  const folder = temporaryFolder();
  const { manifest, folder: artifact } = await trainIn(folder, writeData(folder, 'ames', exampleRows(true)));
  expect(manifest.calibration.kind).toBe('platt');
  expect(manifest.metrics.AUROC.value).toBeGreaterThan(0.9);
  expect(Object.keys(manifest.metrics)).toEqual(['AUROC', 'AUPRC', 'Brier', 'ECE', 'debiasedECE']);
  const { heldOut } = decodeReference(readFileSync(join(artifact, 'reference.arrow')));
  expect(Math.min(...heldOut)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...heldOut)).toBeLessThanOrEqual(1);
});

test('rejected rows and parents that stand in the test rows are left out, bounds are fitted, all are counted', async () => {
  const folder = temporaryFolder();
  const rows: Row[] = [
    ...exampleRows(false),
    { smiles: 'CCCCCCCCN', part: 'test', y: -0.8, relation: '=', group: 1000 },
    { smiles: 'CCCCCCCC[NH3+].[Cl-]', part: 'train', y: -3, relation: '=', group: 1001 },
    { smiles: 'CCCCCCCCCCO', part: 'train', y: -1, relation: '<', group: 1002 },
    { smiles: 'CC(', part: 'train', y: -1, relation: '=', group: 1003 },
    { smiles: 'CC)', part: 'test', y: -1, relation: '=', group: 1004 },
  ];
  const pairsAmongExamples = plain.manifest.dataset.counts.trainDroppedAsSameParentInTest;
  const { manifest, folder: artifact } = await trainIn(folder, writeData(folder, 'solubility', rows));
  expect(manifest.dataset.counts).toMatchObject({
    kept: rows.length,
    trainBounds: 1,
    testBounds: 0,
    trainRejected: 1,
    // Metformin or diclofenac and its salt lie on both sides among the examples; octylamine is the third pair.
    trainDroppedAsSameParentInTest: 1 + pairsAmongExamples,
    testRejected: 1,
  });
  expect(manifest.trainer.parameters).toMatchObject({ 'process.bounds': 1 });
  // A bound is a neighbour that the model knows, but no measured value: it comes last, without one.
  const { inchikeys, values } = decodeReference(readFileSync(join(artifact, 'reference.arrow')));
  expect(inchikeys).toHaveLength(manifest.dataset.counts.train + 1);
  expect([...values.keys()].filter((row) => Number.isNaN(values[row]))).toEqual([values.length - 1]);
  expect(inchikeys).not.toContain('IOQPZZOEVPZRBK-UHFFFAOYSA-N'); // octylamine
});

test('the models that are averaged and their weights stand in manifest and card', () => {
  const { manifest, folder: artifact } = plain;
  const { name, parameters } = manifest.trainer;
  const weights = ['process', 'networks', 'trees'].map((model) => Number(parameters[`${model}.weight`]));
  expect(weights[0]).toBeGreaterThan(0);
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(name).toBe(weights[0] === 1 ? 'gaussian-process' : 'average');
  // What takes part has its settings in the manifest, what does not has not.
  for (const [k, model] of ['process', 'networks', 'trees'].entries()) {
    expect([model, `${model}.rows` in parameters]).toEqual([model, weights[k] > 0]);
  }
  expect(parameters.heldOutLoss).toBeLessThanOrEqual(Number(parameters['process.heldOutLoss']));
  const card = readFileSync(join(artifact, 'card.md'), 'utf8');
  expect(card).toMatch(new RegExp(`^\\| Gaussian process .*\\| ${weights[0].toFixed(2)} \\|`, 'm'));
  expect(card).toContain(`Of ${manifest.dataset.curation.rawRows} raw rows`);
  expect(card).toContain(`Trainer ${name}, seed 1`);
});

test('predictions are held within what the assay can tell, also when they are calibrated', async () => {
  const folder = temporaryFolder();
  const floor = -1.8;
  const rows = exampleRows(false).map((row) => ({ ...row, y: Math.max(floor, Number(row.y)) }));
  const recipe = writeData(folder, 'solubility', rows, { assayLimits: { lower: floor } });
  const { manifest, folder: artifact } = await trainIn(folder, recipe);
  const { heldOut, values } = decodeReference(readFileSync(join(artifact, 'reference.arrow')));
  expect(Number(manifest.trainer.parameters['process.bounds'])).toBe(
    values.filter((y) => y === Math.fround(floor)).length,
  );
  expect(Math.min(...heldOut)).toBe(Math.fround(floor));
  expect(heldOut.filter((held) => held === Math.fround(floor)).length).toBeGreaterThan(5);
});

test('another label, another hash; another time, the same', async () => {
  const folder = temporaryFolder();
  cpSync(plainFolder, folder, { recursive: true });
  const rows = exampleRows(false);
  rows[1] = { ...rows[1], y: Number(rows[1].y) + 1 };
  const recipe = writeData(folder, 'solubility', rows);
  // Another artifact of the same version is not overwritten unasked, which is told before any work.
  const unread = { ...recipe, rawFile: 'none.csv.gz' };
  await expect(trainIn(folder, unread)).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: expect.stringMatching(
      /solubility\/1 holds another artifact \([0-9a-f]{12}, made with another data\)\. Give --replace .* --model-version or --models/,
    ),
  });
  const second = await trainIn(folder, recipe, 2, { replace: true });
  expect(second.manifest.dataset.hash).not.toBe(plain.manifest.dataset.hash);
  expect(second.manifest.hash).not.toBe(plain.manifest.hash);
});

test('a version is taken by another seed, and by what is no artifact', async () => {
  const folder = temporaryFolder();
  cpSync(plainFolder, folder, { recursive: true });
  const recipe = writeData(folder, 'solubility', exampleRows(false));
  await expect(trainIn(folder, recipe, 1, { seed: 2 })).rejects.toThrow(/made with another seed\)/);
  rmSync(join(folder, 'models/solubility/1/manifest.json'));
  await expect(trainIn(folder, recipe)).rejects.toThrow(/holds what is no whole artifact .*--replace/);
});

test('what would end a training at its last steps ends it before the first', async () => {
  const folder = temporaryFolder();
  // Without its raw file every one of these would fail for that, were it looked for first.
  const recipe = { ...writeData(folder, 'solubility', exampleRows(false)), rawFile: 'none.csv.gz' };
  await expect(trainIn(folder, recipe, 1, { drugs: APPROVED_LIKE })).rejects.toMatchObject({
    code: 'ERR_DATA_NOT_FOUND',
    message: expect.stringMatching(/pgp_broccatelli\.tab\.gz \(.*percentiles\)\. Give the folder/),
  });
  mkdirSync(join(folder, 'raw/tdc'), { recursive: true });
  writeFileSync(join(folder, APPROVED_LIKE.file), 'another file');
  await expect(trainIn(folder, recipe, 1, { drugs: APPROVED_LIKE })).rejects.toMatchObject({
    code: 'ERR_DATA_SOURCE',
  });
  for (const [name, code] of [
    ['report.docx', 'ERR_OUTPUT_FORMAT'],
    ['nowhere/report.csv', 'ERR_OUTPUT_UNWRITABLE'],
  ]) {
    const change = { curationReport: join(folder, name) };
    await expect(trainIn(folder, recipe, 1, change)).rejects.toMatchObject({ code });
  }
  expect(readdirSync(folder).filter((name) => /report|partial|lock/.test(name))).toEqual([]);
});

test('data that do not fit the recipe are refused with where and why', async () => {
  const folder = temporaryFolder();
  const recipe = writeData(folder, 'solubility', exampleRows(false));
  await expect(trainIn(folder, { ...recipe, rawFile: 'none.csv.gz' })).rejects.toMatchObject({
    code: 'ERR_DATA_NOT_FOUND',
  });
  const withSplit = (line: string) => trainIn(folder, { ...recipe, splitSha256: writeSplit(folder, [line]) });
  await expect(withSplit('0,maybe,maybe,1,1,=,1,X')).rejects.toMatchObject({
    code: 'ERR_DATA_MISMATCH',
    message: expect.stringContaining('line 2 reads 0,maybe'),
  });
  expect(() => recipeOf('toxicity')).toThrow(/Known: ames, bbb, .*, tox21-sr-mmp/);
});

test.each(['..', '../../x', '0', '1.5', ''])(
  'version %j is refused before anything is touched',
  async (version) => {
    const folder = temporaryFolder();
    const recipe = writeData(folder, 'solubility', exampleRows(false));
    await expect(trainIn(folder, recipe, 1, { version })).rejects.toMatchObject({ code: 'ERR_USAGE' });
  },
);

test('every shipped manifest was made by the recipe of its endpoint', async () => {
  for (const [endpoint, recipe] of Object.entries(DATASET_RECIPES)) {
    const path = new URL(`../../models/${endpoint}/1/manifest.json`, import.meta.url);
    const manifest: Manifest = JSON.parse(readFileSync(path, 'utf8'));
    expect(manifest.endpoint).toEqual(recipe.endpoint);
    expect(Object.keys(manifest.dataset.files)).toEqual([recipe.rawFile, recipe.splitFile]);
    expect(manifest.trainer.sourceHash).toBe(createEngine().trainerSourceHash);
    expect(manifest.contractHash).toBe(contractHash(createEngine().contract));
    const validation = await readValidation(fileURLToPath(new URL('.', path)), manifest);
    expect(validation?.model.hash).toBe(manifest.hash);
    expect(readFileSync(new URL('card.md', path), 'utf8')).toBe(modelCard(manifest, recipe, validation));
  }
});
