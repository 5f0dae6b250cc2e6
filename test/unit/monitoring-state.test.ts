import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  isFrozen,
  isRefused,
  type MonitoringState,
  monitoringState,
  statesInForce,
  stateText,
  withholdsOutside,
} from '../../src/core/monitoring-state.ts';
import type { CurrentRelease } from '../../src/core/release.ts';
import {
  MONITORING_STEPS,
  readMonitoringState,
  updateMonitoringState,
} from '../../src/store/monitoring-state.ts';
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { temporaryFolder } from '../assayer.ts';
import { STATES, watched } from './monitoring-fixtures.ts';

const child = new URL('monitoring-state-child.ts', import.meta.url).pathname;
const current = (record: string, artifact: string) => ({ record, artifact }) as CurrentRelease;
const pathOf = (workspace: Workspace) => join(workspace.path, 'monitoring.json');

function runChild(...args: string[]): Promise<string | null> {
  const started = spawn(process.execPath, [child, ...args], { stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    started.on('error', reject);
    started.on('close', (_, signal) => resolve(signal));
  });
}

test('a workspace that nobody monitors has no state; what is written is read back', async () => {
  const workspace = await openWorkspace(temporaryFolder());
  expect(await readMonitoringState(workspace)).toBe(null);
  const releases = [
    watched([STATES.widened, STATES.refused]),
    watched([STATES.outside], { endpoint: 'ames' }),
  ];
  expect(await updateMonitoringState(workspace, async () => releases)).toBe(true);
  const state = await readMonitoringState(workspace);
  expect(state?.releases).toEqual([releases[1], releases[0]]);
  // The same again, in another order and with a release that nothing is in force for, changes no byte.
  const before = { text: readFileSync(pathOf(workspace), 'utf8'), inode: statSync(pathOf(workspace)).ino };
  const again = [...releases, watched([], { endpoint: 'ppb' })];
  expect(await updateMonitoringState(workspace, async () => again)).toBe(false);
  expect(statSync(pathOf(workspace)).ino).toBe(before.inode);
  await updateMonitoringState(workspace, async () => []);
  expect((await readMonitoringState(workspace))?.releases).toEqual([]);
});

test.each(MONITORING_STEPS)('killed after "%s", the old state is in force or the new one', async (step) => {
  const workspace = await openWorkspace(temporaryFolder());
  await updateMonitoringState(workspace, async () => [watched([STATES.outside])]);
  expect(await runChild(workspace.path, step)).toBe('SIGKILL');
  const states = (await readMonitoringState(workspace))?.releases.flatMap((release) => release.states);
  expect(states).toEqual([step === 'state-named' ? STATES.refused : STATES.outside]);
  // The decision is recorded: whoever comes next carries it out, and the dead process stands in nobody's way.
  await updateMonitoringState(workspace, async () => [watched([STATES.refused])]);
  expect((await readMonitoringState(workspace))?.releases[0].states).toEqual([STATES.refused]);
  await openWorkspace(workspace.path);
  expect(readdirSync(workspace.tmp)).toEqual([]);
});

test('a write that fails leaves the old state, and nothing else', async () => {
  const workspace = await openWorkspace(temporaryFolder());
  await updateMonitoringState(workspace, async () => [watched([STATES.outside])]);
  const fail = (step: string) => {
    if (step === 'state-written') throw new Error('no space');
  };
  await expect(updateMonitoringState(workspace, async () => [], fail)).rejects.toMatchObject({
    code: 'ERR_WORKSPACE',
    message: expect.stringContaining('no space'),
  });
  expect((await readMonitoringState(workspace))?.releases[0].states).toEqual([STATES.outside]);
  expect(readdirSync(workspace.tmp)).toEqual([]);
  expect(readdirSync(workspace.path).filter((name) => name.startsWith('monitoring'))).toEqual([
    'monitoring.json',
  ]);
});

test('of two writers the second derives after the first has written, so that no freeze is undone unknowingly', async () => {
  const workspace = await openWorkspace(temporaryFolder());
  const { promise: held, resolve: go } = Promise.withResolvers<void>();
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  let records = [watched([STATES.widened])];
  const slow = updateMonitoringState(workspace, async () => {
    const seen = records;
    begin();
    await held;
    return seen;
  });
  await began;
  records = [watched([STATES.widened, STATES.refused])];
  let seenByLater: MonitoringState | null = null;
  const later = updateMonitoringState(workspace, async () => {
    seenByLater = await readMonitoringState(workspace);
    return records;
  });
  go();
  await Promise.all([slow, later]);
  expect(seenByLater).toMatchObject({ releases: [{ states: [STATES.widened] }] });
  expect((await readMonitoringState(workspace))?.releases[0].states).toHaveLength(2);
});

const edited = (text: string) => text.replace('"refuse"', '"mark"');
const DAMAGES: [what: string, damage: (path: string) => void, says: RegExp][] = [
  [
    'one that was changed by hand',
    (path) => writeFileSync(path, edited(readFileSync(path, 'utf8'))),
    /changed by hand/,
  ],
  ['one that is cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, 90)), /JSON/],
  ['an empty one', (path) => writeFileSync(path, ''), /JSON/],
  ['one of a newer version', (path) => writeFileSync(path, '{"schema":"assayer.monitoring/2"}'), /knows/],
  ['null', (path) => writeFileSync(path, 'null'), /knows/],
  ['one without releases', (path) => writeFileSync(path, '{"schema":"assayer.monitoring/1"}'), /knows/],
];

test.each(DAMAGES)('%s is an error that names it, until it is derived anew', async (_, damage, says) => {
  const workspace = await openWorkspace(temporaryFolder());
  const derive = async () => [watched([STATES.refused])];
  await updateMonitoringState(workspace, derive);
  damage(pathOf(workspace));
  await expect(readMonitoringState(workspace)).rejects.toMatchObject({
    code: 'ERR_MONITORING_CORRUPT',
    message: expect.stringMatching(says),
    details: { path: pathOf(workspace) },
  });
  await updateMonitoringState(workspace, derive);
  expect((await readMonitoringState(workspace))?.releases).toEqual(await derive());
});

test('a state that cannot be read is no missing one', async () => {
  const workspace = await openWorkspace(temporaryFolder());
  mkdirSync(pathOf(workspace));
  await expect(readMonitoringState(workspace)).rejects.toMatchObject({ code: 'ERR_MONITORING_CORRUPT' });
  await expect(updateMonitoringState(workspace, async () => [])).rejects.toMatchObject({
    code: 'ERR_WORKSPACE',
  });
});

test('a state holds for its release alone: not for a later one, not for another artifact or endpoint', () => {
  const state = monitoringState([
    watched([STATES.widened, STATES.marked], { record: 'r1', artifact: 'a1' }),
    watched([STATES.outside], { record: 'r2', artifact: 'a2' }),
  ]);
  const names = (artifact: string, release?: CurrentRelease, endpoint = 'herg') =>
    statesInForce(state, endpoint, artifact, release).map((one) => one.state);
  expect(names('a1', current('r1', 'a1'))).toEqual(['release-frozen', 'widened']);
  expect(names('a2', current('r2', 'a2'))).toEqual(['out-of-domain-frozen']);
  expect(names('a1', current('r3', 'a1'))).toEqual([]); // the same artifact, released anew
  expect(names('a3', current('r1', 'a1'))).toEqual([]); // a candidate beside a frozen release
  expect(names('a1', current('r1', 'a1'), 'ames')).toEqual([]);
  // By its version, after another release or in a workspace that has lost its releases.
  expect(names('a1', current('r2', 'a2'))).toEqual(['release-frozen', 'widened']);
  expect(names('a1')).toEqual(['release-frozen', 'widened']);
  expect(statesInForce(null, 'herg', 'a1', current('r1', 'a1'))).toEqual([]);
});

test('of several states the most severe comes first, of equal ones the earliest', () => {
  const later = { ...STATES.marked, since: '2027-02-01T00:00:00.000Z' };
  const { widened, comparisons, outside, marked, refused } = STATES;
  const state = monitoringState([
    watched([widened, comparisons, outside, later]),
    watched([marked, refused], { record: 'another' }),
  ]);
  expect(statesInForce(state, 'herg', 'an artifact', undefined)).toEqual([
    refused,
    marked,
    later,
    outside,
    comparisons,
    widened,
  ]);
});

test('what a state does to answers, and how it is told', () => {
  const { refused, marked, outside, comparisons, widened } = STATES;
  const all = [refused, marked, outside, comparisons, widened];
  expect(all.map((one) => isRefused([one]))).toEqual([true, false, false, false, false]);
  expect(all.map((one) => withholdsOutside([one]))).toEqual([false, false, true, false, false]);
  expect(all.map((one) => isFrozen([one]))).toEqual([true, true, true, true, false]);
  expect(stateText([])).toBe(null);
  expect(all.map((one) => stateText([one])?.split(' (')[0])).toEqual([
    'frozen: refused',
    'frozen: marked',
    'frozen: outside the domain',
    'frozen: comparisons',
    'widened',
  ]);
  expect(stateText([marked, widened])).toBe(
    'frozen: marked (since 2027-01-16, decision 222222222222: the model errs more than is tolerated); widened (since 2026-12-22, decision 555555555555: the chemistry drifts)',
  );
});
