import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, expect, test } from 'vitest';
import type { Manifest } from '../../src/core/artifact.ts';
import { sha256 } from '../../src/core/hash.ts';
import { type StateInForce, stateText } from '../../src/core/monitoring-state.ts';
import { screen } from '../../src/flows/screen.ts';
import { createEngine } from '../../src/main.ts';
import { openTable } from '../../src/store/compound-table.ts';
import { updateMonitoringState } from '../../src/store/monitoring-state.ts';
import { appendRelease, readReleaseState } from '../../src/store/release-records.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { assayer, readCsv, temporaryFolder } from '../assayer.ts';
import { STATES, watched } from './monitoring-fixtures.ts';
import { decisionOf } from './release-fixtures.ts';

const modelsFolder = new URL('../../models', import.meta.url).pathname;
const manifest: Manifest = JSON.parse(readFileSync(join(modelsFolder, 'herg', '1', 'manifest.json'), 'utf8'));
const artifact = manifest.hash;

/** For the model of herg the second lies in its domain and the third outside. */
const SAMPLE = `name,smiles
broken,CC(
terfenadine,CC(C)(C)c1ccc(cc1)C(O)CCCN1CCC(CC1)C(O)(c1ccccc1)c1ccccc1
tetracosane,CCCCCCCCCCCCCCCCCCCCCCCC
`;
const PREDICTED = ['herg', 'herg_low', 'herg_high', 'herg_percentile'];
const OF_HERG = [...PREDICTED, 'herg_in_domain', 'herg_nn_similarity', 'herg_nn_id', 'herg_nn_value'];

const engine = createEngine({ threads: 1, devices: ['cpu'] });
const shared = mkdtempSync(join(tmpdir(), 'assayer-frozen-'));
afterAll(() => rmSync(shared, { recursive: true, force: true }));

async function screenIn(folder: string, name: string, models: readonly string[]) {
  const output = join(folder, name);
  const input = join(folder, 'in.csv');
  writeFileSync(input, SAMPLE);
  const request = { input, output, models, modelsFolder, workspace: join(folder, 'ws') };
  const { lineage } = await screen(engine, request);
  return { lineage, output };
}

/** What the models say while nothing is frozen; it makes the features that the other workspaces start from. */
const unfrozen = screenIn(shared, 'out.csv', ['herg', 'ames']).then(({ output }) => readCsv(output));

/** A workspace that has released herg. */
async function released() {
  const before = await unfrozen;
  const folder = temporaryFolder();
  cpSync(join(shared, 'ws', 'features'), join(folder, 'ws', 'features'), { recursive: true });
  const workspace = await openWorkspace(join(folder, 'ws'));
  const release = async (of = artifact) =>
    appendRelease(
      workspace,
      { ...decisionOf('released', '1'), artifact: of },
      (await readReleaseState(workspace))?.endpoints.herg ?? null,
    );
  const { hash } = await release();
  const freeze = (...states: StateInForce[]) =>
    updateMonitoringState(workspace, async () => [watched(states, { record: hash, artifact })]);
  const run = (name = 'out.csv', models = ['herg']) => screenIn(folder, name, models);
  return { folder, before, workspace, release, freeze, run };
}

function cells(row: Record<string, string>, columns: readonly string[]): string[] {
  return columns.map((column) => row[column]);
}

test('a release that refuses leaves its columns empty and says why; the other endpoints answer as ever', async () => {
  const { before, freeze, run } = await released();
  expect(cells(before[1], OF_HERG)).not.toContain('');
  await freeze(STATES.refused, STATES.outside);
  const { lineage, output } = await run('out.csv', ['herg', 'ames']);
  const rows = readCsv(output);
  expect(Object.keys(rows[0])).toEqual(
    Object.keys(before[0]).flatMap((name) => (name === 'herg_nn_value' ? [name, 'herg_state'] : [name])),
  );
  // Not that of rows outside the domain: nobody looked which these are.
  const state = stateText([STATES.refused]);
  const emptied = Object.fromEntries(OF_HERG.map((column) => [column, '']));
  for (const [i, row] of rows.entries())
    expect(row).toEqual({ ...before[i], ...emptied, herg_state: i === 0 ? '' : state });
  expect(lineage.work.models.map(({ states }) => states)).toEqual([
    [STATES.refused, STATES.outside],
    undefined,
  ]);
  // It was not even loaded.
  expect(Object.keys(lineage.devices)).toEqual(['ames']);
  expect(lineage.counts).toEqual({ rows: 3, accepted: 2, rejected: 1 });
});

test('a release that marks answers as ever, each row with the state and the reason', async () => {
  const { before, freeze, run } = await released();
  await freeze(STATES.marked, STATES.widened);
  const state = stateText([STATES.marked, STATES.widened]);
  for (const [i, row] of readCsv((await run()).output).entries()) {
    expect(cells(row, OF_HERG)).toEqual(cells(before[i], OF_HERG));
    expect(row.herg_state).toBe(i === 0 ? '' : state);
  }
});

test('with predictions outside the domain frozen only such rows have no value, and they say why', async () => {
  const { before, freeze, run } = await released();
  expect(before.map((row) => row.herg_in_domain)).toEqual(['', 'true', 'false']);
  await freeze(STATES.outside);
  const rows = readCsv((await run()).output);
  expect(rows.map((row) => row.herg_state)).toEqual(['', '', stateText([STATES.outside])]);
  expect(cells(rows[1], OF_HERG)).toEqual(cells(before[1], OF_HERG));
  expect(cells(rows[2], PREDICTED)).toEqual(['', '', '', '']);
  const kept = OF_HERG.slice(PREDICTED.length);
  expect(cells(rows[2], kept)).toEqual(cells(before[2], kept));
  expect(cells(rows[2], kept)).not.toContain('');
  // Together with another state each row tells what holds for it.
  await freeze(STATES.outside, STATES.comparisons);
  expect(readCsv((await run()).output).map((row) => row.herg_state)).toEqual([
    '',
    stateText([STATES.comparisons]),
    stateText([STATES.outside, STATES.comparisons]),
  ]);
});

test.each(['csv.gz', 'tsv', 'jsonl', 'parquet', 'arrow'])(
  'as .%s the state stands beside the answers',
  async (extension) => {
    const { folder, freeze, run } = await released();
    await freeze(STATES.outside);
    const { output } = await run(`out.${extension}`);
    await using table = await openTable(output, { smilesColumn: 'smiles', spoolFolder: folder });
    const [states, values] = await table.cells(['herg_state', 'herg']);
    expect(states).toEqual(['', '', stateText([STATES.outside])]);
    expect(values.map((value) => value === '')).toEqual([true, false, true]);
    if (extension !== 'arrow') return;
    const { metadata } = tableFromIPC(readFileSync(output)).schema;
    expect(JSON.parse(metadata.get('assayer.work') ?? '').models[0].states).toEqual([STATES.outside]);
  },
);

test('what is in force for others changes no byte of a result, and equal states give equal bytes', async () => {
  const { workspace, freeze, run } = await released();
  const hashes = async () => {
    const { lineage, output } = await run('out.parquet');
    return [sha256(readFileSync(output)), lineage.workHash];
  };
  const before = await hashes();
  await updateMonitoringState(workspace, async () => [watched([STATES.refused], { artifact: 'another' })]);
  expect(await hashes()).toEqual(before);
  await freeze(STATES.marked);
  const frozen = await hashes();
  for (const [i, hash] of frozen.entries()) expect(hash).not.toBe(before[i]);
  expect(await hashes()).toEqual(frozen);
});

test('the sidecar and the record in the outbox name the decision', async () => {
  const { workspace, freeze, run } = await released();
  await freeze(STATES.marked);
  const { lineage, output } = await run();
  expect(lineage.work.models[0].states).toEqual([STATES.marked]);
  const [left] = readdirSync(workspace.outbox);
  for (const path of [`${output}.lineage.json`, join(workspace.outbox, left)])
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(lineage);
});

test('a run that asks for refused endpoints alone is refused, says why, and leaves an earlier result as it was', async () => {
  const { folder, workspace, freeze, run } = await released();
  const output = join(folder, 'out.csv');
  writeFileSync(output, 'an earlier result');
  await freeze(STATES.refused);
  for (const name of ['herg', 'herg@1']) {
    await expect(run('out.csv', [name])).rejects.toMatchObject({
      code: 'ERR_FROZEN',
      message: expect.stringContaining(`herg@1 is ${stateText([STATES.refused])}`),
    });
  }
  expect(readFileSync(output, 'utf8')).toBe('an earlier result');
  expect(readdirSync(folder).sort()).toEqual(['in.csv', 'out.csv', 'ws']);
  expect(readdirSync(workspace.outbox)).toEqual([]);
});

test('a new release ends a freeze, of the same artifact too', async () => {
  const { release, freeze, run } = await released();
  await freeze(STATES.refused);
  await release();
  const { lineage, output } = await run();
  expect(lineage.work.models[0]).not.toHaveProperty('states');
  expect(Object.keys(readCsv(output)[0])).not.toContain('herg_state');
});

test('a frozen model that another one has replaced stays frozen when it is asked for by its version', async () => {
  const { release, freeze, run } = await released();
  await freeze(STATES.marked);
  await release('f'.repeat(64));
  const { lineage } = await run('out.csv', ['herg@1']);
  expect(lineage.work.models[0]).toMatchObject({ released: false, states: [STATES.marked] });
});

test('a damaged monitoring state ends every screen, and no output is begun', async () => {
  const { folder, workspace, freeze, run } = await released();
  await freeze(STATES.refused);
  const path = join(workspace.path, 'monitoring.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"refuse"', '"mark"'));
  await expect(run('out.csv', ['ames'])).rejects.toMatchObject({
    code: 'ERR_MONITORING_CORRUPT',
    message: expect.stringContaining(path),
  });
  expect(existsSync(join(folder, 'out.csv'))).toBe(false);
});

test('the command warns on standard error and ends with 0; with nothing to answer it ends with 2', async () => {
  const { folder, freeze } = await released();
  writeFileSync(join(folder, 'in.csv'), SAMPLE);
  const call = (endpoints: string) =>
    assayer(['screen', 'in.csv', '-o', 'out.csv', '--workspace', 'ws', '-e', endpoints, '--json'], {
      cwd: folder,
    });
  await freeze(STATES.refused);
  const some = await call('herg,ames');
  expect(some.code).toBe(0);
  expect(JSON.parse(some.stderr).warning.message).toMatch(/^herg@1 is frozen and refuses to answer/);
  expect(JSON.parse(some.stdout).work.models[0].states).toEqual([STATES.refused]);
  const none = await call('herg');
  expect(none).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(none.stderr).error).toMatchObject({
    code: 'ERR_FROZEN',
    message: expect.stringContaining('Release another version'),
  });
});
