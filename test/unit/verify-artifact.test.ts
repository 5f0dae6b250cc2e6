import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApprovedLike, artifactHash, type Manifest } from '../../src/core/artifact.ts';
import { sha256 } from '../../src/core/hash.ts';
import { APPROVED_LIKE, type DrugSet } from '../../src/flows/approved-like.ts';
import { makeArtifact } from '../../src/flows/make-artifact.ts';
import type { DatasetRecipe } from '../../src/flows/recipes.ts';
import { verifyArtifact } from '../../src/flows/verify-artifact.ts';
import { createEngine } from '../../src/main.ts';
import { assayer } from '../assayer.ts';
import { noShared, shared } from '../shared.ts';
import { exampleRows, trainIn, writeData } from './dataset-fixtures.ts';

let folder: string;
let recipe: DatasetRecipe;
let place: { dataFolder: string; workspace: string };
const entryOf = () => ({ endpoint: 'solubility', version: '1', folder: join(folder, 'models/solubility/1') });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assayer-test-'));
  recipe = writeData(folder, 'solubility', exampleRows(false));
  place = { dataFolder: folder, workspace: join(folder, 'ws') };
  await trainIn(folder, recipe);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an artifact made from its data verifies; a forged one does not, and it is said where', async () => {
  const engine = createEngine({ threads: 1, devices: ['cpu'] });
  const verification = await verifyArtifact(engine, entryOf(), recipe, { ...place, drugs: null });
  expect(verification).toMatchObject({ model: 'solubility@1', differs: [] });
  expect(verification.rebuiltHash).toBe(verification.hash);

  const manifest = JSON.parse(readFileSync(join(entryOf().folder, 'manifest.json'), 'utf8')) as Manifest;
  const model = readFileSync(join(entryOf().folder, 'model.onnx'));
  const bytes = Buffer.from(model);
  // A digit of the producer's name: every answer stays the same.
  bytes[bytes.indexOf('assayer')] ^= 1;
  const metrics = { ...manifest.metrics, MAE: { value: 0, low: 0, high: 0 } };
  const files = { ...manifest.files, 'model.onnx': sha256(bytes) };
  const claimed = { ...manifest, metrics, files, extra: 1 };
  const forged = { ...entryOf(), folder: join(folder, 'forged/solubility/1') };
  mkdirSync(forged.folder, { recursive: true });
  cpSync(join(entryOf().folder, 'reference.arrow'), join(forged.folder, 'reference.arrow'));
  writeFileSync(join(forged.folder, 'model.onnx'), bytes);
  const text = JSON.stringify({ ...claimed, hash: artifactHash(claimed) });
  writeFileSync(join(forged.folder, 'manifest.json'), text);
  const other = await verifyArtifact(engine, forged, recipe, { ...place, drugs: null });
  expect(other.differs).toEqual(['metrics.MAE', 'extra', 'model.onnx']);
  expect(other.rebuiltHash).toBe(verification.hash);
});

/** Drugs as a file, of which the third has no drug's name and the fourth is no compound. */
function writeDrugs(): DrugSet {
  const names = ['Ethanol', 'Acetic acid', '2-propanol', 'Nonsense', 'Hexane'];
  const smiles = ['CCO', 'CC(=O)O', 'CC(C)O', 'C(', 'CCCCCC'];
  const text = `Drug_ID\tDrug\n${names.map((name, i) => `${name}\t${smiles[i]}`).join('\n')}\n`;
  writeFileSync(join(folder, 'drugs.tsv'), text);
  return { ...APPROVED_LIKE, file: 'drugs.tsv', sha256: sha256(text), source: 'a test' };
}

test('an artifact keeps how its values for drugs are spread', async () => {
  const engine = createEngine({ threads: 1, devices: ['cpu'] });
  const request = { ...place, recipe, version: '1', seed: 1, curationReport: null, drugs: writeDrugs() };
  const { manifest, files } = await makeArtifact(engine, request);
  expect(manifest.approvedLike).toMatchObject({ source: 'a test', compounds: 3 });
  const { quantiles } = manifest.approvedLike as ApprovedLike;
  expect(quantiles).toHaveLength(101);
  expect(quantiles).toEqual([...quantiles].sort((a, b) => a - b));

  await using featurizer = await engine.createFeaturizer();
  const { fingerprints, descriptors } = await featurizer.featurize(['CCO', 'CC(=O)O', 'CCCCCC']);
  const { predictor } = await engine.loadPredictor(files['model.onnx'], 'test');
  await using _ = predictor;
  const { values } = await predictor.predict(fingerprints, descriptors, 3);
  const sorted = [...values].sort((a, b) => a - b);
  expect([quantiles[0], quantiles[50], quantiles[100]]).toEqual(sorted);
  expect(quantiles[25]).toBeCloseTo((sorted[0] + sorted[1]) / 2, 12);
});

test('an artifact whose percentiles were taken out does not verify, nor one that never had some', async () => {
  const engine = createEngine({ threads: 1, devices: ['cpu'] });
  const verification = await verifyArtifact(engine, entryOf(), recipe, { ...place, drugs: writeDrugs() });
  expect(verification.differs).toEqual(['approvedLike']);
  expect(verification.rebuiltHash).not.toBe(verification.hash);
});

test('another file of drugs than the one named is refused before it is used', async () => {
  const engine = createEngine({ threads: 1, devices: ['cpu'] });
  const drugs = { ...writeDrugs(), sha256: '0'.repeat(64) };
  const request = { ...place, recipe, version: '1', seed: 1, curationReport: null, drugs };
  await expect(makeArtifact(engine, request)).rejects.toMatchObject({ code: 'ERR_DATA_SOURCE' });
});

test('an endpoint or models to verify must be named, and not both', async () => {
  for (const args of [['train'], ['train', 'ppb', '--verify', 'ppb']]) {
    const { code, stderr } = await assayer(args, { cwd: folder });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('Name one endpoint to train, or models to --verify'),
    ]);
  }
});

test('a folder without data is told as it is found from here, with the remedy', async () => {
  const { code, stderr } = await assayer(['train', 'ppb', '--data', 'nowhere', '--models', 'm'], {
    cwd: folder,
  });
  expect(code).toBe(2);
  expect(stderr).toContain(
    `ERR_DATA_NOT_FOUND: Training data for ppb is missing: ${join(folder, 'nowhere')}`,
  );
  expect(stderr).toContain('Give the folder that holds it with --data or ASSAYER_SHARED.');
});

test.skipIf(noShared)(
  'a shipped artifact is made again from the raw data, byte by byte',
  async () => {
    const args = [
      'train',
      '--verify',
      'ppb',
      '--data',
      join(shared, 'data'),
      '--workspace',
      join(folder, 'ws'),
    ];
    const { code, stdout, stderr } = await assayer(args, { cwd: folder });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^ppb@1 {2}[0-9a-f]{12} {2}the same bytes\n$/);
  },
  600_000,
);
