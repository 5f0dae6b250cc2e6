import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { artifactHash, type Manifest } from '../../src/core/artifact.ts';
import { sha256, sha256File } from '../../src/core/hash.ts';
import type { LineageRecord } from '../../src/flows/lineage.ts';
import { DATASET_RECIPES } from '../../src/flows/recipes.ts';
import { type ScreenRequest, screen } from '../../src/flows/screen.ts';
import { createEngine } from '../../src/main.ts';
import { appendRelease, readReleaseState } from '../../src/store/release-records.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';
import { decisionOf } from './release-fixtures.ts';

const modelsFolder = new URL('../../models', import.meta.url).pathname;

const SAMPLE = `name,smiles
aspirin,CC(=O)Oc1ccccc1C(=O)O
metformin hydrochloride,CN(C)C(=N)NC(=N)N.Cl
not a compound,CC(
terfenadine,CC(C)(C)c1ccc(cc1)C(O)CCCN1CCC(CC1)C(O)(c1ccccc1)c1ccccc1
benzo[a]pyrene,c1ccc2c(c1)cc1ccc3cccc4ccc2c1c34
empty,
tetracosane,CCCCCCCCCCCCCCCCCCCCCCCC
`;

/** Screens the sample in a folder; a folder used twice has its feature set the second time. */
async function run(folder: string, change: Partial<ScreenRequest> = {}, threads = 2) {
  const input = join(folder, 'sample.csv');
  writeFileSync(input, SAMPLE);
  const output = change.output ?? join(folder, 'out.csv');
  const request = { input, models: [], modelsFolder, workspace: join(folder, 'ws'), ...change, output };
  const summary = await screen(createEngine({ threads, devices: ['cpu'] }), request);
  return { summary, output, bytes: readFileSync(output) };
}

test('columns come in the agreed order', async () => {
  const { output } = await run(temporaryFolder());
  const [head] = readFileSync(output, 'utf8').split('\n');
  const perEndpoint = (e: string) =>
    [
      e,
      `${e}_low`,
      `${e}_high`,
      `${e}_percentile`,
      `${e}_in_domain`,
      `${e}_nn_similarity`,
      `${e}_nn_id`,
      `${e}_nn_value`,
    ].join(',');
  expect(head).toBe(
    `row,id,input,smiles,inchikey,status,reason,${Object.keys(DATASET_RECIPES).sort().map(perEndpoint).join(',')},low_evidence`,
  );
});

test('answers are what a chemist expects of these compounds', async () => {
  const { output } = await run(temporaryFolder());
  const rows = Object.fromEntries(readCsv(output).map((row) => [row.id, row]));
  // Aspirin stands in the training data of both: its own measurement is its nearest neighbour.
  expect(rows.aspirin.inchikey).toBe('BSYNRYMUTXBXSQ-UHFFFAOYSA-N');
  expect(rows.aspirin).toMatchObject({
    solubility_nn_similarity: '1',
    solubility_in_domain: 'true',
    ames_low: '',
  });
  expect(Number(rows.aspirin.ames)).toBeLessThan(0.3);
  expect(rows['metformin hydrochloride'].smiles).toBe('CN(C)C(=N)NC(=N)N');
  expect(rows['metformin hydrochloride'].inchikey).toBe('XZWYZXLIPXDOLR-UHFFFAOYSA-N');
  // hERG is in nM: a known strong blocker is far below aspirin, and its interval is in order and around it.
  const { herg, herg_low, herg_high } = rows.terfenadine;
  expect(Number(herg)).toBeLessThan(1500);
  expect(Number(rows.aspirin.herg)).toBeGreaterThan(10 * Number(herg));
  expect(Number(herg_low)).toBeLessThan(Number(herg));
  expect(Number(herg_high)).toBeGreaterThan(Number(herg));
  expect(Number(rows['benzo[a]pyrene'].ames)).toBeGreaterThan(0.8);
  expect(Number(rows['benzo[a]pyrene'].solubility)).toBeLessThan(-6);
  expect(Number(rows['benzo[a]pyrene'].ames)).toBeLessThanOrEqual(1);
});

test('rejected rows keep their place with a reason and no numbers; counts add up', async () => {
  const { output, summary } = await run(temporaryFolder());
  const rows = readCsv(output);
  expect(rows.map((row) => row.row)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  expect(rows.map((row) => row.status)).toEqual(['ok', 'ok', 'rejected', 'ok', 'ok', 'rejected', 'ok']);
  for (const [name, value] of Object.entries(rows[2])) {
    if (!['row', 'id', 'input', 'status', 'reason'].includes(name)) expect(value, name).toBe('');
  }
  expect(summary.lineage.counts).toEqual({ rows: 7, accepted: 5, rejected: 2 });
});

test.each(['csv', 'csv.gz', 'tsv', 'jsonl', 'parquet', 'arrow'])(
  'the same work gives the same bytes as .%s: cold or warm, one thread or three',
  async (extension) => {
    const [a, b] = [temporaryFolder(), temporaryFolder()];
    const name = `out.${extension}`;
    const cold = await run(a, { output: join(a, name) }, 1);
    const warm = await run(a, { output: join(a, name) }, 3);
    const elsewhere = await run(b, { output: join(b, name) }, 3);
    expect(cold.summary.lineage.featureSet.reused).toBe(false);
    expect(warm.summary.lineage.featureSet.reused).toBe(true);
    expect(elsewhere.summary.lineage.featureSet.reused).toBe(false);
    expect(warm.summary.lineage.featureSet.sha256).toBe(cold.summary.lineage.featureSet.sha256);
    expect(sha256(warm.bytes)).toBe(sha256(cold.bytes));
    expect(sha256(elsewhere.bytes)).toBe(sha256(cold.bytes));
    expect(elsewhere.summary.lineage.workHash).toBe(cold.summary.lineage.workHash);
  },
);

test('the lineage record names input, contract, models and output by hash, in the sidecar and the outbox', async () => {
  const folder = temporaryFolder();
  const { output, summary } = await run(folder);
  const sidecar: LineageRecord = JSON.parse(readFileSync(`${output}.lineage.json`, 'utf8'));
  expect(sidecar).toEqual(summary.lineage);
  expect(sidecar.output?.sha256).toBe(await sha256File(output));
  expect(sidecar.work.input.sha256).toBe(await sha256File(join(folder, 'sample.csv')));
  for (const model of sidecar.work.models) {
    const path = join(modelsFolder, model.endpoint, model.version, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    expect(model).toEqual({
      endpoint: manifest.endpoint.id,
      version: manifest.version,
      hash: manifest.hash,
      unit: manifest.endpoint.unit,
      lowEvidence: manifest.endpoint.id === 'ppb',
      calibrated: true,
      released: null,
    });
    expect(sidecar.work.contract).toBe(manifest.contractHash);
  }
  expect(sidecar.devices).toEqual(Object.fromEntries(Object.keys(DATASET_RECIPES).map((id) => [id, 'cpu'])));
  const [left] = readdirSync(join(folder, 'ws', 'outbox'));
  expect(JSON.parse(readFileSync(join(folder, 'ws', 'outbox', left), 'utf8'))).toEqual(sidecar);
});

test('a model set of one endpoint answers as it does among others', async () => {
  const folder = temporaryFolder();
  const all = readCsv((await run(folder)).output);
  const one = readCsv((await run(folder, { models: ['herg@1'], output: join(folder, 'one.csv') })).output);
  expect(Object.keys(one[0])).toHaveLength(15);
  expect(one.map((row) => row.herg)).toEqual(all.map((row) => row.herg));
});

test('with notes the last column tells what standardization did', async () => {
  const folder = temporaryFolder();
  const rows = readCsv((await run(folder, { notes: true })).output);
  expect(Object.keys(rows[0]).at(-1)).toBe('notes');
  expect(Object.keys(rows[0]).at(-2)).toBe('low_evidence');
  expect(rows[0].notes).toBe('');
  expect(rows[1].notes).toMatch(/fragment/);
});

test('models of few training rows are named in every row that has answers', async () => {
  const { output } = await run(temporaryFolder(), { models: ['herg', 'ppb'] });
  const rows = readCsv(output);
  expect(rows.map((row) => row.low_evidence)).toEqual(['ppb', 'ppb', '', 'ppb', 'ppb', '', 'ppb']);
});

/** A folder with herg@1, and herg@2 beside it: the same graph without a calibration, and so another artifact. */
function twoVersions(folder: string): { models: string; artifacts: string[] } {
  const models = join(folder, 'models');
  const [first, second] = ['1', '2'].map((version) => join(models, 'herg', version));
  for (const version of [first, second]) {
    cpSync(join(modelsFolder, 'herg', '1'), version, { recursive: true });
  }
  const path = join(second, 'manifest.json');
  const manifest: Manifest = {
    ...JSON.parse(readFileSync(path, 'utf8')),
    version: '2',
    calibration: { kind: 'none' },
  };
  const hash = artifactHash(manifest);
  writeFileSync(path, JSON.stringify({ ...manifest, hash }));
  return { models, artifacts: [JSON.parse(readFileSync(join(first, 'manifest.json'), 'utf8')).hash, hash] };
}

/** Records a release as the gate does. */
async function releaseIn(folder: string, version: string, artifact: string): Promise<void> {
  const workspace = await openWorkspace(join(folder, 'ws'));
  const current = (await readReleaseState(workspace))?.endpoints.herg ?? null;
  await appendRelease(workspace, { ...decisionOf('released', version), artifact }, current);
}

test('a screen without a version takes what the workspace releases, else the newest', async () => {
  const folder = temporaryFolder();
  const { models, artifacts } = twoVersions(folder);
  const screened = async (name: string) => {
    const { summary } = await run(folder, { models: [name], modelsFolder: models });
    const [{ version, calibrated, released }] = summary.lineage.work.models;
    expect(calibrated).toBe(version === '1');
    return { version, released, releasedInstead: summary.releasedInstead };
  };
  expect(await screened('herg')).toEqual({ version: '2', released: null, releasedInstead: [] });
  await releaseIn(folder, '1', artifacts[0]);
  expect(await screened('herg')).toEqual({ version: '1', released: true, releasedInstead: [] });
  expect(await screened('herg@2')).toEqual({ version: '2', released: false, releasedInstead: ['herg@1'] });
  const all = await run(folder, { models: [], modelsFolder: models });
  expect(all.summary.lineage.work.models.map(({ version }) => version)).toEqual(['1']);
  await releaseIn(folder, '2', artifacts[1]);
  // A damaged version that is not asked for is in nobody's way.
  truncateSync(join(models, 'herg', '1', 'manifest.json'), 100);
  expect(await screened('herg')).toMatchObject({ version: '2', released: true });
});

test('a released artifact is known by its hash: another one under its version does not answer for it', async () => {
  const folder = temporaryFolder();
  const { models, artifacts } = twoVersions(folder);
  await releaseIn(folder, '3', artifacts[0]);
  const { summary } = await run(folder, { models: ['herg'], modelsFolder: models });
  expect(summary.lineage.work.models[0]).toMatchObject({ version: '1', hash: artifacts[0], released: true });
  await releaseIn(folder, '2', 'f'.repeat(64));
  await expect(run(folder, { models: ['herg'], modelsFolder: models })).rejects.toMatchObject({
    code: 'ERR_MODEL_NOT_FOUND',
    message: expect.stringMatching(/no model herg@2 \(artifact f{12}\), which this workspace releases,/),
  });
});

test('a release that was cut off before releases.json answers, as its record says; a damaged one ends the screen', async () => {
  const folder = temporaryFolder();
  const { models, artifacts } = twoVersions(folder);
  await releaseIn(folder, '1', artifacts[0]);
  const state = join(folder, 'ws', 'releases.json');
  rmSync(state);
  const { summary } = await run(folder, { models: ['herg'], modelsFolder: models });
  expect(summary.lineage.work.models[0]).toMatchObject({ version: '1', released: true });
  writeFileSync(state, '{}');
  await expect(run(folder, { models: ['herg'], modelsFolder: models })).rejects.toMatchObject({
    code: 'ERR_RELEASE_CORRUPT',
  });
});
