import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { contractHash } from '../../src/core/contract.ts';
import { DATASET_RECIPES, type DatasetRecipe } from '../../src/flows/recipes.ts';
import { screen } from '../../src/flows/screen.ts';
import { recipeOf, type TrainRequest, train } from '../../src/flows/train.ts';
import { createEngine } from '../../src/main.ts';
import { decodeReference } from '../../src/store/reference.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';

const examples = readCsv(new URL('../../examples/compounds.csv', import.meta.url).pathname);

interface Row {
  readonly smiles: string;
  readonly part: 'train' | 'test';
  readonly y: number;
  readonly relation: string;
  readonly group: number;
}

/** A label that the features can explain: minus a tenth of the carbon atoms written. */
const carbons = (smiles: string) => (smiles.match(/c(?!l)|C(?!l)/g) ?? []).length;

/** The example compounds as a dataset, every fifth a test row. */
function exampleRows(classes: boolean): Row[] {
  return examples.map(({ smiles }, i) => ({
    smiles,
    part: i % 5 === 0 ? 'test' : 'train',
    y: classes ? Number(carbons(smiles) > 18) : -carbons(smiles) / 10,
    relation: '=',
    group: Math.floor(i / 2),
  }));
}

/** Writes rows as the raw file and split file of a recipe, and gives the recipe. */
function writeData(folder: string, endpoint: 'solubility' | 'ames', rows: readonly Row[]): DatasetRecipe {
  mkdirSync(folder, { recursive: true });
  const raw = rows.map((row, i) => `m${i},"${row.smiles}"`);
  const split = rows.map(
    (row, i) => `${i},${row.part},${row.part},${row.y},1,${row.relation},${row.group},X`,
  );
  writeFileSync(join(folder, 'raw.csv.gz'), gzipSync(`id,smi\n${raw.join('\n')}\n`));
  writeFileSync(
    join(folder, 'split.csv.gz'),
    gzipSync(`row,split,strict,y,n,rel,group,skeleton\n${split.join('\n')}\n`),
  );
  return {
    ...DATASET_RECIPES[endpoint],
    rawFile: 'raw.csv.gz',
    splitFile: 'split.csv.gz',
    smilesColumn: 'smi',
  };
}

async function trainIn(
  folder: string,
  recipe: DatasetRecipe,
  threads = 2,
  change: Partial<TrainRequest> = {},
) {
  const request = { recipe, version: '1', dataFolder: folder, workspace: join(folder, 'ws'), seed: 1 };
  const modelsFolder = join(folder, 'models');
  const engine = createEngine({ threads, devices: ['cpu'] });
  return train(engine, { ...request, modelsFolder, replace: false, ...change });
}

test('training twice gives the same bytes, from fresh or stored features, with any number of threads', async () => {
  const made: { folder: string; files: Buffer[]; hash: string | undefined }[] = [];
  for (const [again, threads] of [
    [false, 1],
    [true, 1],
    [false, 3],
  ] as const) {
    const folder = again ? made[made.length - 1].folder : temporaryFolder();
    const recipe = writeData(folder, 'solubility', exampleRows(false));
    const { manifest, folder: artifact } = await trainIn(folder, recipe, threads);
    const files = ['model.onnx', 'reference.arrow', 'card.md'].map((name) =>
      readFileSync(join(artifact, name)),
    );
    made.push({ folder, files, hash: manifest.hash });
  }
  for (const other of made.slice(1)) {
    expect(other.hash).toBe(made[0].hash);
    expect(other.files).toEqual(made[0].files);
  }
});

test('a trained artifact explains its labels on unseen rows, and serves a screen', async () => {
  const folder = temporaryFolder();
  const { manifest } = await trainIn(folder, writeData(folder, 'solubility', exampleRows(false)));
  expect(manifest.metrics.Spearman.value).toBeGreaterThan(0.9);
  // Compounds of one parent scaffold are held out together, also where the split has them in different groups.
  const splitGroups = new Set(exampleRows(false).map(({ group }) => group));
  expect(manifest.dataset.counts.trainGroups).toBeLessThan(0.9 * splitGroups.size);
  const output = join(folder, 'out.csv');
  const request = { input: new URL('../../examples/compounds.csv', import.meta.url).pathname, output };
  const modelsFolder = join(folder, 'models');
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
  const { heldOut } = decodeReference(readFileSync(join(artifact, 'reference.arrow')));
  expect(Math.min(...heldOut)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...heldOut)).toBeLessThanOrEqual(1);
});

test('bounds, rejected rows and parents that stand in the test rows are left out, and counted', async () => {
  const folder = temporaryFolder();
  const rows: Row[] = [
    ...exampleRows(false),
    { smiles: 'CCCCCCCCN', part: 'test', y: -0.8, relation: '=', group: 1000 },
    { smiles: 'CCCCCCCC[NH3+].[Cl-]', part: 'train', y: -3, relation: '=', group: 1001 },
    { smiles: 'CCCCCCCCCCO', part: 'train', y: -1, relation: '<', group: 1002 },
    { smiles: 'CC(', part: 'train', y: -1, relation: '=', group: 1003 },
    { smiles: 'CC)', part: 'test', y: -1, relation: '=', group: 1004 },
  ];
  const examplesAlone = temporaryFolder();
  const alone = await trainIn(examplesAlone, writeData(examplesAlone, 'solubility', exampleRows(false)));
  const pairsAmongExamples = alone.manifest.dataset.counts.trainDroppedAsSameParentInTest;
  const { manifest, folder: artifact } = await trainIn(folder, writeData(folder, 'solubility', rows));
  expect(manifest.dataset.counts).toMatchObject({
    kept: rows.length,
    censoredLeftOut: 1,
    trainRejected: 1,
    // Metformin or diclofenac and its salt lie on both sides among the examples; octylamine is the third pair.
    trainDroppedAsSameParentInTest: 1 + pairsAmongExamples,
    testRejected: 1,
  });
  const { inchikeys } = decodeReference(readFileSync(join(artifact, 'reference.arrow')));
  expect(inchikeys).toHaveLength(manifest.dataset.counts.train);
  expect(inchikeys).not.toContain('IOQPZZOEVPZRBK-UHFFFAOYSA-N'); // octylamine
});

test('another label, another hash; another time, the same', async () => {
  const folder = temporaryFolder();
  const rows = exampleRows(false);
  const first = await trainIn(folder, writeData(folder, 'solubility', rows));
  rows[1] = { ...rows[1], y: rows[1].y + 1 };
  const recipe = writeData(folder, 'solubility', rows);
  // Another artifact of the same version is not overwritten unasked.
  await expect(trainIn(folder, recipe)).rejects.toMatchObject({
    code: 'ERR_OUTPUT_UNWRITABLE',
    message: expect.stringContaining('it holds another artifact'),
  });
  const second = await trainIn(folder, recipe, 2, { replace: true });
  expect(second.manifest.dataset.hash).not.toBe(first.manifest.dataset.hash);
  expect(second.manifest.hash).not.toBe(first.manifest.hash);
});

test('data that do not fit the recipe are refused with where and why', async () => {
  const folder = temporaryFolder();
  const recipe = writeData(folder, 'solubility', exampleRows(false));
  await expect(trainIn(folder, { ...recipe, rawFile: 'none.csv.gz' })).rejects.toMatchObject({
    code: 'ERR_DATA_NOT_FOUND',
  });
  writeFileSync(join(folder, 'split.csv.gz'), gzipSync('row,split,y,rel,group\n0,maybe,1,=,1\n'));
  await expect(trainIn(folder, recipe)).rejects.toMatchObject({
    code: 'ERR_DATA_MISMATCH',
    message: expect.stringContaining('line 2 reads 0,maybe'),
  });
  writeFileSync(join(folder, 'split.csv.gz'), gzipSync('row,split,y,rel,group\n9999,train,1,=,1\n'));
  await expect(trainIn(folder, recipe)).rejects.toMatchObject({
    message: expect.stringContaining('row 9999'),
  });
  expect(() => recipeOf('toxicity')).toThrow(/Known: ames, herg, solubility/);
});

test.each(['..', '../../x', '0', '1.5', ''])(
  'version %j is refused before anything is touched',
  async (version) => {
    const folder = temporaryFolder();
    const recipe = writeData(folder, 'solubility', exampleRows(false));
    await expect(trainIn(folder, recipe, 1, { version })).rejects.toMatchObject({ code: 'ERR_USAGE' });
  },
);

test('data on which figures would mean nothing are refused', async () => {
  const folder = temporaryFolder();
  const refusal = async (rows: Row[], endpoint: 'solubility' | 'ames') =>
    (await trainIn(folder, writeData(folder, endpoint, rows)).catch((error: Error) => error)) as Error;
  const rows = exampleRows(false);
  expect((await refusal(rows.slice(0, 40), 'solubility')).message).toMatch(/too few/);
  expect(
    (
      await refusal(
        rows.map((row) => ({ ...row, group: 1 })),
        'solubility',
      )
    ).message,
  ).toMatch(/in 1 scaffold/);
  expect(
    (
      await refusal(
        rows.map((row) => ({ ...row, part: 'train' })),
        'solubility',
      )
    ).message,
  ).toMatch(/no test rows/);
  expect(
    (
      await refusal(
        rows.map((row) => ({ ...row, y: 1 })),
        'ames',
      )
    ).message,
  ).toMatch(/all of one class/);
});

test('every shipped manifest was made by the recipe of its endpoint', () => {
  for (const [endpoint, recipe] of Object.entries(DATASET_RECIPES)) {
    const path = new URL(`../../models/${endpoint}/1/manifest.json`, import.meta.url);
    const manifest: Manifest = JSON.parse(readFileSync(path, 'utf8'));
    expect(manifest.endpoint).toEqual(recipe.endpoint);
    expect(Object.keys(manifest.dataset.files)).toEqual([recipe.rawFile, recipe.splitFile]);
    expect(manifest.trainer.sourceHash).toBe(createEngine().trainerSourceHash);
    expect(manifest.contractHash).toBe(contractHash(createEngine().contract));
  }
});
