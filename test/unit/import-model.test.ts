import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contractHash } from '../../src/core/contract.ts';
import { sha256 } from '../../src/core/hash.ts';
import { type ImportSummary, importModel } from '../../src/flows/import-model.ts';
import { readModel, selectModels } from '../../src/flows/models.ts';
import { screen } from '../../src/flows/screen.ts';
import { recipeOf } from '../../src/flows/train.ts';
import { createEngine } from '../../src/main.ts';
import { decodeReference, encodeReference } from '../../src/store/reference.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';
import { engine, exampleTables, goodModel, heavyAtoms, importIn, writeTable } from './import-fixtures.ts';
import { float32, node, value } from './onnx-fixtures.ts';

/** One folder for all tests, so that features are computed once. */
let folder: string;
let plain: ImportSummary;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assayer-test-'));
  plain = await importIn(folder, goodModel);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const examplesFile = new URL('../../examples/compounds.csv', import.meta.url).pathname;

/** Screens the examples with the models of a folder. */
async function screenWith(modelsFolder: string): Promise<Record<string, string>[]> {
  const output = join(temporaryFolder(), 'out.csv');
  const workspace = join(folder, 'ws');
  await screen(engine, { input: examplesFile, output, models: [], modelsFolder, workspace });
  return readCsv(output);
}

test('an imported model is listed, read and screened like the others', async () => {
  const { manifest } = plain;
  expect(manifest.endpoint).toEqual(recipeOf('solubility').endpoint);
  expect(manifest.trainer).toMatchObject({
    name: 'imported',
    sourceHash: sha256(goodModel),
    parameters: {
      producer: 'by hand',
      inputs: 'd=descriptors',
      output: 'out',
      opset: 17,
      operators: 'Add MatMul',
    },
  });
  expect(manifest.metrics.Spearman.value).toBeGreaterThan(0.8);
  const [entry] = await selectModels(join(folder, 'models'), ['solubility']);
  const artifact = await readModel(entry);
  expect(artifact.manifest).toEqual(manifest);
  expect(readFileSync(join(entry.folder, 'card.md'), 'utf8')).toContain(`Artifact \`${manifest.hash}\``);

  const rows = await screenWith(join(folder, 'models'));
  const training = new Map(exampleTables(false).training);
  const known = rows.filter(({ input }) => training.has(input));
  expect(known.length).toBeGreaterThan(60);
  for (const row of known) {
    expect(Number(row.solubility_nn_similarity)).toBe(1);
    expect(row.solubility_nn_id).toBe(row.inchikey);
    expect(row.solubility_low).toBe(''); // no calibration, no interval
  }
  const aspirin = rows.find(({ inchikey }) => inchikey === 'BSYNRYMUTXBXSQ-UHFFFAOYSA-N');
  expect(Number(aspirin?.solubility)).toBeCloseTo(-0.07 * 13, 5);
  expect(rows.filter((row) => row.solubility_in_domain === 'true').length).toBeGreaterThan(150);
});

test('evaluation rows of training compounds are left out and counted, and none of the rest is lost', () => {
  const { dataset, evaluation } = plain.manifest;
  const { training, evaluation: given } = exampleTables(false);
  expect(plain.rows.evaluationInTraining).toBeGreaterThanOrEqual(3);
  expect(dataset.counts).toMatchObject({
    train: training.length,
    test: given.length - plain.rows.evaluationInTraining,
    testDroppedAsSameParentInTrain: plain.rows.evaluationInTraining,
  });
  expect(evaluation.rows).toBe(dataset.counts.test);
  const trained = new Set(plain.rows.training.rows.inchikeys);
  expect(plain.rows.evaluation.rows.inchikeys.filter((key) => trained.has(key))).toEqual([]);
});

test('the same files give the same bytes, and another artifact is not overwritten unasked', async () => {
  const modelsFolder = join(temporaryFolder(), 'models');
  const again = await importIn(folder, goodModel, { modelsFolder });
  expect(again.manifest.hash).toBe(plain.manifest.hash);
  for (const name of ['model.onnx', 'reference.arrow', 'card.md']) {
    const [one, other] = [plain, again].map((made) => readFileSync(join(made.folder, name)));
    expect([name, one.equals(other)]).toEqual([name, true]);
  }
  const other = heavyAtoms(-0.068, 0);
  await expect(importIn(folder, other, { modelsFolder })).rejects.toMatchObject({
    code: 'ERR_OUTPUT_UNWRITABLE',
  });
  const replaced = await importIn(folder, other, { modelsFolder, replace: true });
  expect(replaced.manifest.hash).not.toBe(plain.manifest.hash);
});

test('held-out rows give intervals that cover, and none of them is a row of another table', async () => {
  const { calibration } = exampleTables(false);
  const table = writeTable(folder, 'calibration.csv', [
    ...calibration,
    ...exampleTables(false).training.slice(0, 9),
  ]);
  const modelsFolder = join(temporaryFolder(), 'models');
  const made = await importIn(folder, goodModel, { modelsFolder, calibration: table });
  expect(made.manifest.calibration).toMatchObject({ kind: 'conformal', coverage: 0.9, spread: 'constant' });
  expect(made.rows.calibrationElsewhere).toBeGreaterThanOrEqual(9);
  const elsewhere = new Set([made.rows.training, made.rows.evaluation].flatMap(({ rows }) => rows.inchikeys));
  expect(made.rows.calibration?.rows.inchikeys.filter((key) => elsewhere.has(key))).toEqual([]);
  expect(made.manifest.metrics.coverage90.value).toBeGreaterThan(0.8);
  const rows = await screenWith(modelsFolder);
  const ends = rows
    .filter(({ status }) => status === 'ok')
    .map((row) => [row.solubility_low, row.solubility_high]);
  expect(ends.every(([low, high]) => low !== '' && Number(low) < Number(high))).toBe(true);
});

test('probabilities are calibrated in the graph, on their log-odds', async () => {
  const calibration = writeTable(folder, 'classes.csv', exampleTables(true).calibration);
  // Overconfident: the sign is right, the size is not.
  const onnx = heavyAtoms(3, -75);
  const change = {
    endpoint: 'ames',
    outputKind: 'logit',
    modelsFolder: join(temporaryFolder(), 'models'),
  } as const;
  const raw = await importIn(folder, onnx, change);
  const made = await importIn(folder, onnx, { ...change, calibration, replace: true });
  expect(raw.manifest.calibration).toEqual({ kind: 'none' });
  expect(made.manifest.calibration.kind).toBe('platt');
  expect(made.manifest.metrics.Brier.value).toBeLessThan(raw.manifest.metrics.Brier.value);
  expect(made.manifest.trainer.sourceHash).toBe(raw.manifest.trainer.sourceHash);
});

test('what is wrong with a call, a file or its answers is said, and nothing is registered', async () => {
  const modelsFolder = join(temporaryFolder(), 'models');
  const refuses = (onnx: Uint8Array, change: Parameters<typeof importIn>[2], code: string, says: RegExp) =>
    expect(importIn(folder, onnx, { modelsFolder, ...change })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says),
    });
  const nan = heavyAtoms(-0.07, 0, {
    nodes: [node('MatMul', ['d', 'w'], ['product']), node('Log', ['product'], ['out'])],
  });
  const batch = heavyAtoms(-0.07, 0, {
    nodes: [
      node('MatMul', ['d', 'w'], ['product']),
      node('ReduceMean', ['product'], ['mean'], { axes: [0], keepdims: 1 }),
      node('Sub', ['product', 'mean'], ['out']),
    ],
  });
  const wide = heavyAtoms(-0.07, 0, {
    outputs: [value('out', 'float32', ['n', null])],
    constants: [float32('w', [43, 2], new Float32Array(86).fill(0.1)), float32('offset', [1], [0])],
  });
  const half = heavyAtoms(-0.07, 0, { nodes: [node('MatMul', ['d', 'offset'], ['out'])] });
  await refuses(goodModel, { version: '1.5' }, 'ERR_USAGE', /not a whole number/);
  await refuses(goodModel, { model: join(folder, 'none.onnx') }, 'ERR_INPUT_NOT_FOUND', /none\.onnx/);
  await refuses(goodModel, { endpoint: 'toxicity' }, 'ERR_ENDPOINT_UNKNOWN', /a new one needs --definition/);
  await refuses(Buffer.from('x'), {}, 'ERR_MODEL_IMPORT', /no ONNX file/);
  await refuses(
    goodModel,
    { inputs: 'd=morgan' },
    'ERR_MODEL_INTERFACE',
    /has inputs d float32 \[n, 43\] and outputs out float32 \[n, 1\]/,
  );
  await refuses(half, {}, 'ERR_MODEL_IMPORT', /ONNX Runtime refuses it/);
  await refuses(wide, {}, 'ERR_MODEL_ANSWERS', /ONNX Runtime cannot run it on 13 compounds/);
  await refuses(nan, {}, 'ERR_MODEL_ANSWERS', /one of 13 compounds gets NaN/);
  await refuses(batch, {}, 'ERR_MODEL_ANSWERS', /by itself and .* among 13 compounds/);
  await refuses(heavyAtoms(0, 1.5), {}, 'ERR_MODEL_ANSWERS', /all \d+ compounds get 1\.5/);
  await refuses(heavyAtoms(0.07, 0), {}, 'ERR_MODEL_ANSWERS', /worse than no model: R2 -.*modelled scale \(/);
  const classes = { endpoint: 'ames' } as const;
  await refuses(
    heavyAtoms(1, -25),
    classes,
    'ERR_MODEL_ANSWERS',
    /probability -?[\d.]+\. If it gives logits/,
  );
  await refuses(
    heavyAtoms(0.002, 0.1),
    { ...classes, outputKind: 'logit' },
    'ERR_MODEL_ANSWERS',
    /so they are probabilities/,
  );
  await refuses(
    heavyAtoms(-1, 25),
    { ...classes, outputKind: 'logit' },
    'ERR_MODEL_ANSWERS',
    /worse than no model: AUROC 0.*class 1/,
  );
  expect(existsSync(modelsFolder)).toBe(false);
});

/** Two columns of an output, each made of one score by some nodes. */
function twoColumns(nodes: readonly (readonly [string, string[], string])[]): Uint8Array {
  return heavyAtoms(0.2, -5, {
    nodes: [
      node('MatMul', ['d', 'w'], ['product']),
      node('Add', ['product', 'offset'], ['score']),
      ...nodes.map(([operation, inputs, output]) => node(operation, inputs, [output])),
      node('Concat', ['first', 'second'], ['out'], { axis: 1 }),
    ],
    constants: [
      float32(
        'w',
        [43, 1],
        Float32Array.from({ length: 43 }, (_, i) => (i === 7 ? 0.2 : 0)),
      ),
      float32('offset', [1], [-5]),
      float32('one', [1], [1]),
    ],
    outputs: [value('out', 'float32', ['n', 2])],
  });
}

test('two probabilities are not taken for two logits; two logits are', async () => {
  const change = {
    endpoint: 'ames',
    outputKind: 'logit',
    modelsFolder: join(temporaryFolder(), 'models'),
  } as const;
  const probabilities = twoColumns([
    ['Sigmoid', ['score'], 'second'],
    ['Sub', ['one', 'second'], 'first'],
  ]);
  await expect(importIn(folder, probabilities, change)).rejects.toMatchObject({
    code: 'ERR_MODEL_ANSWERS',
    message: expect.stringMatching(
      /both columns lie within 0 and 1 and add up to 1.*--output-kind probability/,
    ),
  });
  expect(existsSync(change.modelsFolder)).toBe(false);
  // Declared as what they are, and as logits, the same predictions.
  const asProbability = await importIn(folder, probabilities, { ...change, outputKind: 'probability' });
  const logits = twoColumns([
    ['Identity', ['score'], 'second'],
    ['Sub', ['score', 'score'], 'first'],
  ]);
  const asLogit = await importIn(folder, logits, { ...change, replace: true });
  expect(asLogit.manifest.metrics.Brier.value).toBeCloseTo(asProbability.manifest.metrics.Brier.value, 5);
  // Two numbers within 0 and 1 that do not add up to 1 can be logits.
  const small = twoColumns([
    ['Sigmoid', ['score'], 'second'],
    ['Sub', ['second', 'second'], 'first'],
  ]);
  await importIn(folder, small, { ...change, replace: true });
});

test('a contract that differs is refused with what differs; a manifest can name it', async () => {
  const { contract } = createEngine();
  const path = join(temporaryFolder(), 'contract.json');
  const change = { contract: path, modelsFolder: join(temporaryFolder(), 'models') };
  writeFileSync(path, JSON.stringify({ ...contract, toolkit: { ...contract.toolkit, version: '2020.3.1' } }));
  await expect(importIn(folder, goodModel, change)).rejects.toMatchObject({
    code: 'ERR_CONTRACT_MISMATCH',
    message: expect.stringContaining('they differ in toolkit'),
  });
  for (const text of ['[]', '{"contract": {"schema": "other"}}', 'no JSON', 'null']) {
    writeFileSync(path, text);
    await expect(importIn(folder, goodModel, change)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  }
  const manifest = join(plain.folder, 'manifest.json');
  const made = await importIn(folder, goodModel, { ...change, contract: manifest });
  expect(made.manifest.contractHash).toBe(contractHash(contract));
});

test('one endpoint means one thing: a definition that differs is refused, a variant has its own id', async () => {
  const path = join(temporaryFolder(), 'endpoint.json');
  const modelsFolder = join(temporaryFolder(), 'models');
  const { endpoint: shared } = recipeOf('solubility');
  const given = (definition: object, endpoint: string) => {
    writeFileSync(path, JSON.stringify(definition));
    return importIn(folder, goodModel, { endpoint, definition: path, modelsFolder, replace: true });
  };
  const refused = (says: RegExp) => ({
    code: 'ERR_ENDPOINT_DEFINITION',
    message: expect.stringMatching(says),
  });
  const micro = { ...shared, unit: 'log10 of umol/L' };
  await expect(given(micro, 'solubility')).rejects.toMatchObject(
    refused(/unit is ".*" there, "log10 of umol\/L" here.*own id/),
  );
  const variant = { ...micro, id: 'solubility-kinetic', assay: 'Kinetic solubility at pH 7.4.' };
  await expect(given(variant, 'solubility')).rejects.toMatchObject(refused(/its id is solubility-kinetic/));
  await expect(given({ ...variant, kind: 'ranking' }, variant.id)).rejects.toMatchObject(
    refused(/kind is "ranking", not regression or/),
  );
  await expect(given({ ...variant, species: '' }, variant.id)).rejects.toMatchObject(
    refused(/species is missing/),
  );
  await expect(given({ ...variant, pH: '7.4' }, variant.id)).rejects.toMatchObject(
    refused(/holds pH, which is no part/),
  );
  await expect(given({ ...variant, id: '../x' }, '../x')).rejects.toMatchObject(
    refused(/small letters, digits/),
  );
  await expect(given([], 'solubility')).rejects.toMatchObject(refused(/no JSON object/));
  await expect(given({ ...variant, kind: 'classification' }, variant.id)).rejects.toMatchObject(
    refused(/unit probability/),
  );
  expect(existsSync(modelsFolder)).toBe(false);

  const made = await given(variant, variant.id);
  expect(made.manifest.endpoint).toEqual(variant);
  // From now on the id is known: it needs no definition, and takes no other.
  expect(
    (await importIn(folder, goodModel, { endpoint: variant.id, modelsFolder, replace: true })).manifest.hash,
  ).toBe(made.manifest.hash);
  await expect(given({ ...variant, species: 'rat' }, variant.id)).rejects.toMatchObject(
    refused(/species is/),
  );
  expect(readdirSync(modelsFolder)).toEqual([variant.id]);
});

test('a cancelled import leaves nothing', async () => {
  const controller = new AbortController();
  const modelsFolder = join(temporaryFolder(), 'models');
  const tables = {
    training: join(folder, 'training.csv'),
    evaluation: join(folder, 'evaluation.csv'),
    calibration: null,
  };
  const request = {
    model: join(folder, 'model.onnx'),
    inputs: '',
    output: '',
    outputKind: '',
    ...tables,
  } as const;
  const more = {
    endpoint: 'solubility',
    definition: null,
    contract: 'current',
    source: '',
    licence: '',
    version: '1',
  };
  const run = importModel(
    engine,
    { ...request, ...more, modelsFolder, workspace: join(folder, 'ws'), replace: false },
    { signal: controller.signal, onStep: (step) => step === 'evaluation' && controller.abort() },
  );
  await expect(run).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  expect(existsSync(modelsFolder)).toBe(false);
});

test('a reference keeps training fingerprints where it is given them, and is as before where not', () => {
  const reference = decodeReference(readFileSync(join(plain.folder, 'reference.arrow')));
  const { fingerprints, ...without } = reference;
  expect(Buffer.compare(fingerprints!, plain.rows.training.rows.fingerprints)).toBe(0);
  expect(reference.heldOut.every(Number.isNaN)).toBe(true);
  const bytes = encodeReference(reference);
  expect(Buffer.compare(bytes, encodeReference(reference))).toBe(0);
  expect(Buffer.compare(bytes, readFileSync(join(plain.folder, 'reference.arrow')))).toBe(0);
  expect('fingerprints' in decodeReference(encodeReference(without))).toBe(false);
  // A shipped reference, written before there was such a column, is written the same today.
  const shipped = readFileSync(new URL('../../models/ppb/1/reference.arrow', import.meta.url));
  expect(Buffer.compare(encodeReference(decodeReference(shipped)), shipped)).toBe(0);
});
