import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { addReleaseCommand } from '../../src/cli/release.ts';
import { releaseHash } from '../../src/core/release.ts';
import { DEFAULT_RELEASE_POLICY, policyHash } from '../../src/core/release-policy.ts';
import { requireReleased } from '../../src/flows/release.ts';
import { findRelease, listReleases } from '../../src/flows/release-list.ts';
import { failedChecks, ReleaseBench, resign, wordsOf } from './release-fixtures.ts';

/** One honest model, trained once; every test damages a copy of it or takes it through the gate of its own workspace. */
let bench: ReleaseBench;
let pristine: string;
let workspace: string;
let tests = 0;
beforeAll(async () => {
  bench = new ReleaseBench();
  await bench.train('1');
  pristine = join(bench.folder, 'pristine');
  cpSync(join(bench.modelsFolder, 'solubility', '1'), pristine, { recursive: true });
});
beforeEach(() => {
  rmSync(join(bench.modelsFolder, 'solubility'), { recursive: true, force: true });
  copyAs('1');
  workspace = join(bench.folder, `workspace-${++tests}`);
});
afterAll(() => bench[Symbol.dispose]());

const folderOf = (version: string) => join(bench.modelsFolder, 'solubility', version);

/** The same model under another version: as good as itself, with a hash of its own. */
function copyAs(version: string): string {
  cpSync(pristine, folderOf(version), { recursive: true });
  if (version !== '1') resign(folderOf(version), bench.recipe, (manifest) => ({ ...manifest, version }));
  return folderOf(version);
}

const stateFile = () => join(workspace, 'releases.json');
const stateText = () => (existsSync(stateFile()) ? readFileSync(stateFile(), 'utf8') : null);

test('a first release and its successor are recorded in a chain, and the state follows', async () => {
  const first = await bench.release('1', { workspace, dryRun: false });
  requireReleased(first);
  expect(first.record).toMatchObject({ sequence: 1, previous: null, replaces: null, outcome: 'released' });
  copyAs('2');
  const second = await bench.release('2', { workspace, dryRun: false });
  expect(second.record).toMatchObject({
    sequence: 2,
    previous: first.record!.hash,
    replaces: first.record!.artifact,
    policy: { hash: policyHash(DEFAULT_RELEASE_POLICY) },
    approver: { name: 'Ada Example', mail: 'ada@example.org' },
  });
  expect(second.record!.hash).toBe(releaseHash(second.record!));
  const difference = second.decision.checks.find(({ check }) => check === 'no-worse')!.measurements[0];
  expect(difference).toMatchObject({ value: 0, holds: true });
  const { version, artifact, record } = JSON.parse(stateText()!).endpoints.solubility;
  expect([version, artifact, record]).toEqual(['2', second.record!.artifact, second.record!.hash]);
  expect(readdirSync(join(workspace, 'tmp'))).toEqual([]);
  expect((await listReleases(workspace)).map(({ sequence }) => sequence)).toEqual([1, 2]);
  expect(await findRelease(workspace, 'solubility#1')).toEqual(first.record);
  await expect(findRelease(workspace, 'solubility#3')).rejects.toMatchObject({
    code: 'ERR_RELEASE_NOT_FOUND',
    message: expect.stringContaining('Known: solubility#1, solubility#2'),
  });
});

test('a refusal is recorded with every failed check, and the state stays byte for byte', async () => {
  await bench.release('1', { workspace, dryRun: false });
  const before = stateText();
  rmSync(join(copyAs('2'), 'card.md'));
  const refused = await bench.release('2', { workspace, dryRun: false });
  expect(failedChecks(refused)).toEqual(['card']);
  expect(refused.record).toMatchObject({ sequence: 2, outcome: 'refused' });
  expect(stateText()).toBe(before);
  expect(() => requireReleased(refused)).toThrow(
    /^Release of solubility@2 is refused: card failed\. Record 2 says .*\. For card: correct the model, or waive/,
  );
});

test('a dry run writes nothing, and says so when it refuses', async () => {
  rmSync(join(folderOf('1'), 'card.md'));
  const summary = await bench.release('1', { workspace });
  expect([summary.record, stateText(), existsSync(join(workspace, 'releases'))]).toEqual([null, null, false]);
  expect(() => requireReleased(summary)).toThrow(/nothing was recorded/);
});

test('a changed file is caught by integrity, and nothing of it is run', async () => {
  const path = join(folderOf('1'), 'model.onnx');
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
  const summary = await bench.release('1', { workspace });
  expect(wordsOf(summary, 'integrity')).toMatch(
    /^The artifact is damaged: model\.onnx has hash [0-9a-f]{12}, the manifest says [0-9a-f]{12}\.$/,
  );
  for (const check of ['leakage', 'labels', 'baseline', 'calibration'] as const) {
    expect(wordsOf(summary, check)).toBe('Not measured: see integrity.');
  }
  expect(() => requireReleased(summary)).toThrow(/Integrity cannot be waived: bring back [^-]*$/);
  expect(failedChecks(summary)).toEqual(['integrity', 'leakage', 'labels', 'baseline', 'calibration']);
});

test('an edited manifest is caught by its hash, one hashed anew by the figures that its graph gives', async () => {
  const path = join(folderOf('1'), 'manifest.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"unit": "', '"unit": "m'));
  const edited = await bench.release('1', { workspace });
  expect(wordsOf(edited, 'integrity')).toMatch(/the manifest was changed/);
  expect(edited.decision.artifact).toBe(null);

  resign(copyAs('2'), bench.recipe, (manifest) => {
    const { MAE } = manifest.metrics;
    return { ...manifest, metrics: { ...manifest.metrics, MAE: { ...MAE, value: 0.8 * MAE.value } } };
  });
  const better = await bench.release('2', { workspace });
  expect(failedChecks(better)).toEqual(['integrity']);
  expect(wordsOf(better, 'integrity')).toMatch(/does not give the figures of its manifest: MAE is/);

  resign(copyAs('3'), bench.recipe, (manifest) => {
    if (manifest.calibration.kind !== 'conformal') throw new Error('a regression has intervals');
    const halfWidths = manifest.calibration.halfWidths.map((width) => width / 2);
    return { ...manifest, calibration: { ...manifest.calibration, halfWidths } };
  });
  expect(failedChecks(await bench.release('3', { workspace }))).toEqual(['integrity', 'calibration']);
});

test('figures of other rows than those that judge are refused, whoever signed them', async () => {
  resign(folderOf('1'), bench.recipe, (manifest) => ({
    ...manifest,
    evaluation: { ...manifest.evaluation, hash: 'f'.repeat(64) },
  }));
  const summary = await bench.release('1', { workspace });
  expect(failedChecks(summary)).toEqual(['integrity']);
  expect(wordsOf(summary, 'integrity')).toMatch(/are of other rows \(ffffffffffff\)/);
});

test('another unit under the same name is caught by definition; a declared variant passes', async () => {
  resign(folderOf('1'), bench.recipe, (manifest) => ({
    ...manifest,
    endpoint: { ...manifest.endpoint, unit: 'log10(mg/L)' },
  }));
  const summary = await bench.release('1', { workspace });
  expect(failedChecks(summary)).toEqual(['definition']);
  expect(wordsOf(summary, 'definition')).toMatch(/differs in unit/);
  const { evidence } = summary.decision.checks.find(({ check }) => check === 'definition')!;
  const policy = { ...DEFAULT_RELEASE_POLICY, definition: { variants: [String(evidence.definition)] } };
  expect(failedChecks(await bench.release('1', { workspace, policy }))).toEqual([]);
});

test('a waiver with a reason turns a failure into a waived check and is recorded; it cannot be empty talk', async () => {
  rmSync(join(folderOf('1'), 'card.md'));
  const reason = 'the card is being translated, due Monday';
  const { record } = await bench.release('1', { workspace, dryRun: false, waivers: [`card=${reason}`] });
  expect(record).toMatchObject({ outcome: 'released', waivers: [{ check: 'card', reason }] });
  const waived = record!.checks.filter(({ outcome }) => outcome !== 'passed');
  expect(waived).toMatchObject([{ check: 'card', outcome: 'waived', waiver: reason }]);
  for (const [text, says] of [
    ['card=fine', /4 characters, and 20 are asked for/],
    ['integrity=the file was only touched by a backup', /policy does not allow it/],
    ['contract=the features have hardly changed since', /policy does not allow it/],
    ['approver=nobody was in the office on that day', /policy does not allow it/],
    ['looks=the model looks very good to all of us', /there is no such check/],
    ['card', /there is no such check|0 characters/],
  ] as const) {
    await expect(bench.release('1', { workspace, waivers: [text] }), text).rejects.toMatchObject({
      code: 'ERR_RELEASE_WAIVER',
      message: expect.stringMatching(says),
    });
  }
});

test('without a named approver nothing is measured', async () => {
  const change = { workspace, approver: 'Ada Example' };
  const measuring = bench.release('1', change, () => {
    throw new Error('it was measured');
  });
  await expect(measuring).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: expect.stringContaining('Ada Example has no <mail>'),
  });
});

test('the current release taken through the gate again says nothing new, and nothing is recorded', async () => {
  const inner = { workspace, dryRun: false };
  const { record } = await bench.release('1', inner);
  const before = stateText();
  for (const dryRun of [false, true]) {
    const again = await bench.release('1', { workspace, dryRun });
    requireReleased(again);
    expect([again.record, again.standing]).toEqual([null, record]);
  }
  expect([(await listReleases(workspace)).length, stateText()]).toEqual([1, before]);

  // Another policy, another approver, and a waiver are news, and so is a file that broke since.
  const policy = { ...DEFAULT_RELEASE_POLICY, name: 'stricter' };
  const reason = 'card=the card is being translated, due Monday';
  const bob = 'Bob Example <bob@example.org>';
  for (const [i, change] of [{ policy }, { approver: bob }, { waivers: [reason] }].entries()) {
    const { record: next, standing } = await bench.release('1', { ...inner, ...change });
    expect([next?.sequence, next?.outcome, standing]).toEqual([i + 2, 'released', null]);
  }
  rmSync(join(folderOf('1'), 'card.md'));
  expect((await bench.release('1', inner)).record).toMatchObject({ sequence: 5, outcome: 'refused' });
  expect(JSON.parse(stateText()!).endpoints.solubility.sequence).toBe(4);
});

test('models that cannot be compared, and a current release that is gone, do not pass no-worse', async () => {
  await bench.release('1', { workspace, dryRun: false });
  resign(copyAs('2'), bench.recipe, (manifest) => ({
    ...manifest,
    split: { ...manifest.split, hash: 'another split' },
  }));
  const other = await bench.release('2', { workspace });
  expect(failedChecks(other)).toEqual(['no-worse']);
  expect(wordsOf(other, 'no-worse')).toMatch(/split rule/);

  copyAs('3');
  rmSync(folderOf('1'), { recursive: true });
  const orphan = await bench.release('3', { workspace });
  expect(failedChecks(orphan)).toEqual(['no-worse']);
  expect(wordsOf(orphan, 'no-worse')).toMatch(/solubility@1: its artifact .* is not in/);
});

test('the command prints the record, refuses with its own code, lists and shows', async () => {
  const { engine, modelsFolder, folder } = bench;
  const context = {
    engine: async () => engine,
    modelsFolder,
    examplesFolder: '',
    driftReportHtml: async () => '',
    auditReportHtml: async () => '',
    signal: AbortSignal.abort(),
  };
  const written: string[] = [];
  const write = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => written.push(String(text)) > 0);
  const run = async (...args: string[]) => {
    written.length = 0;
    const program = new Command('assayer').exitOverride();
    addReleaseCommand(program, context);
    await program.parseAsync(['release', ...args, '--workspace', workspace], { from: 'user' });
    return written.join('');
  };
  try {
    expect(await run('list')).toBe('No release was recorded.\n');
    const policy = join(folder, 'policy.json');
    writeFileSync(policy, '{"labels": {"maxShuffled": 0.1}}');
    await expect(run('solubility', '--policy', policy)).rejects.toMatchObject({
      code: 'ERR_RELEASE_POLICY',
      message: expect.stringContaining('labels.maxShuffled is unknown'),
    });
    await expect(run('solubility', '--policy', join(folder, 'none.json'))).rejects.toMatchObject({
      code: 'ERR_INPUT_NOT_FOUND',
    });
    await bench.release('1', { workspace, dryRun: false });
    copyAs('2');
    rmSync(join(folderOf('2'), 'card.md'));
    await bench.release('2', { workspace, dryRun: false });
    const list = (await run('list')).split('\n');
    expect(list[2]).toMatch(/^solubility#1 +solubility@1 +released +Ada Example/);
    expect(list[3]).toMatch(/^solubility#2 +solubility@2 +refused +card +Ada Example/);
    expect(JSON.parse(await run('list', '--json'))).toHaveLength(2);
    expect(JSON.parse(await run('show', 'solubility#1', '--json')).sequence).toBe(1);
    const shown = await run('show', 'solubility');
    expect(shown).toMatch(/^solubility@2 {2}refused \(record 2\)/);
    expect(shown).toMatch(/^failed +card +There is no model card/m);
    expect(shown).toMatch(/^ +! card\.md: absent \(present\)$/m);
    expect(await run('show', 'solubility#1')).toMatch(/^record +[0-9a-f]{64}, the first of solubility$/m);
  } finally {
    write.mockRestore();
  }
});

test('a release that was decided before another came in is told, and changes nothing', async () => {
  copyAs('2');
  const inner = { workspace, dryRun: false };
  const outer = bench.release('1', inner, (evaluation) => evaluation);
  await Promise.allSettled([outer, bench.release('2', inner)]).then((results) => {
    const told = results.filter(({ status }) => status === 'rejected');
    expect(told).toMatchObject([{ reason: { code: 'ERR_RELEASE_CONFLICT' } }]);
  });
  const records = await listReleases(workspace);
  expect(records).toHaveLength(1);
  expect(JSON.parse(stateText()!).endpoints.solubility.record).toBe(records[0].hash);
});
