import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { currentRelease, type ReleaseRecord, releaseHash } from '../../src/core/release.ts';
import {
  appendRelease,
  RELEASE_STEPS,
  readReleaseRecords,
  readReleaseState,
  repairReleaseState,
} from '../../src/store/release-records.ts';
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { temporaryFolder } from '../assayer.ts';
import { decisionOf } from './release-fixtures.ts';

const child = new URL('release-records-child.ts', import.meta.url).pathname;

/** Runs the child to its end. @returns what it printed, and the signal that ended it */
function run(
  args: readonly string[],
  onReady: () => void = () => undefined,
): Promise<{ printed: string; signal: string | null }> {
  const started = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  started.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  started.stderr.setEncoding('utf8').on('data', (text: string) => text.includes('ready') && onReady());
  return new Promise((resolve, reject) => {
    started.on('error', reject);
    started.on('close', (_, signal) => resolve({ printed, signal }));
  });
}

async function append(workspace: Workspace, outcome: 'released' | 'refused', version: string) {
  const current = currentRelease(await readReleaseRecords(workspace, 'herg'));
  return appendRelease(workspace, decisionOf(outcome, version), current);
}

const recordPath = (workspace: Workspace, sequence: number) =>
  join(workspace.path, 'releases', 'herg', `${sequence}.json`);

test('an empty workspace has no records and no state', async () => {
  const workspace = await openWorkspace(temporaryFolder());
  await repairReleaseState(workspace);
  expect(await readReleaseRecords(workspace, 'herg')).toEqual([]);
  expect(await readReleaseState(workspace)).toBe(null);
});

test('the current release is the last that released, refusals after it change nothing', async () => {
  const workspace = await openWorkspace(temporaryFolder());
  await append(workspace, 'refused', '1');
  expect(await readReleaseState(workspace)).toBe(null);
  await append(workspace, 'released', '2');
  const released = await append(workspace, 'released', '3');
  await append(workspace, 'refused', '4');
  const records = await readReleaseRecords(workspace, 'herg');
  expect(records.map(({ previous }) => previous)).toEqual([
    null,
    ...records.slice(0, 3).map(({ hash }) => hash),
  ]);
  const state = await readReleaseState(workspace);
  expect(state?.endpoints.herg).toMatchObject({ version: '3', record: released.hash, sequence: 3 });
});

test.each(RELEASE_STEPS)(
  'killed after "%s", the workspace has the old release or the new one',
  async (step) => {
    const workspace = await openWorkspace(temporaryFolder());
    const { signal } = await run([workspace.path, '1', step, '-']);
    expect(signal).toBe('SIGKILL');
    const released = RELEASE_STEPS.indexOf(step) >= RELEASE_STEPS.indexOf('record-named');
    expect((await readReleaseRecords(workspace, 'herg')).length).toBe(released ? 1 : 0);
    // What is on the disk is whole at once; the next process brings the state up to the records.
    const state = await readReleaseState(workspace);
    expect(state === null || state.endpoints.herg.version === '1').toBe(true);
    expect(state !== null).toBe(step === 'state-named');
    await repairReleaseState(workspace);
    expect((await readReleaseState(workspace))?.endpoints.herg?.version).toBe(released ? '1' : undefined);
    // The dead process's lock stands in nobody's way.
    const next = await append(workspace, 'released', '2');
    expect(next.sequence).toBe(released ? 2 : 1);
    expect((await readReleaseState(workspace))?.endpoints.herg.version).toBe('2');
    await openWorkspace(workspace.path);
    expect(readdirSync(workspace.tmp)).toEqual([]);
  },
);

test('of two processes that release at once one wins, and the other is told', async () => {
  for (let round = 0; round < 3; round++) {
    const workspace = await openWorkspace(temporaryFolder());
    const start = join(workspace.path, 'start');
    let ready = 0;
    const go = () => {
      if (++ready === 2) writeFileSync(start, '');
    };
    const both = await Promise.all(
      ['1', '2'].map((version) => run([workspace.path, version, '-', start], go)),
    );
    expect(both.map(({ printed }) => printed).sort()).toEqual(['1', 'ERR_RELEASE_CONFLICT']);
    const [record, ...others] = await readReleaseRecords(workspace, 'herg');
    expect(others).toEqual([]);
    expect((await readReleaseState(workspace))?.endpoints.herg.record).toBe(record.hash);
  }
});

const DAMAGES: [what: string, damage: (workspace: Workspace) => void, says: RegExp][] = [
  ['an edited record', (w) => edit(w, 2, { version: '9' }, false), /record 2 was changed/],
  [
    'one edited and hashed anew',
    (w) => edit(w, 2, { version: '9' }, true),
    /record 3 does not follow record 2/,
  ],
  ['a missing record', (w) => rmSync(recordPath(w, 2)), /record 2 is missing/],
  ['swapped records', swap, /it is record 2 of herg/],
  ['a record that is no JSON', (w) => writeFileSync(recordPath(w, 1), '{'), /JSON/],
];

test.each(DAMAGES)('%s is found, and nothing is added behind it', async (_, damage, says) => {
  const workspace = await openWorkspace(temporaryFolder());
  for (const version of ['1', '2', '3']) await append(workspace, 'released', version);
  const state = readFileSync(join(workspace.path, 'releases.json'), 'utf8');
  damage(workspace);
  const corrupt = { code: 'ERR_RELEASE_CORRUPT', message: expect.stringMatching(says) };
  await expect(readReleaseRecords(workspace, 'herg')).rejects.toMatchObject(corrupt);
  await expect(appendRelease(workspace, decisionOf('released', '4'), null)).rejects.toMatchObject(corrupt);
  expect(existsSync(recordPath(workspace, 4))).toBe(false);
  expect(readFileSync(join(workspace.path, 'releases.json'), 'utf8')).toBe(state);
});

test('a chain cut off at its end is found by the state that knew more', async () => {
  const workspace = await openWorkspace(temporaryFolder());
  for (const version of ['1', '2']) await append(workspace, 'released', version);
  rmSync(recordPath(workspace, 2));
  await expect(repairReleaseState(workspace)).rejects.toMatchObject({
    code: 'ERR_RELEASE_CORRUPT',
    message: expect.stringContaining('releases.json names record 2, which is missing'),
  });
});

function edit(workspace: Workspace, sequence: number, change: Partial<ReleaseRecord>, sign: boolean): void {
  const path = recordPath(workspace, sequence);
  const record = { ...(JSON.parse(readFileSync(path, 'utf8')) as ReleaseRecord), ...change };
  writeFileSync(path, JSON.stringify(sign ? { ...record, hash: releaseHash(record) } : record));
}

function swap(workspace: Workspace): void {
  const [one, two] = [1, 2].map((sequence) => readFileSync(recordPath(workspace, sequence)));
  writeFileSync(recordPath(workspace, 1), two);
  writeFileSync(recordPath(workspace, 2), one);
}
