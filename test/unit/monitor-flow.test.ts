import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { canonicalJson } from '../../src/core/hash.ts';
import { monitorPolicyHash } from '../../src/core/monitor-policy.ts';
import { parsePolicyText } from '../../src/flows/decide/parse-policy-text.ts';
import { act } from '../../src/flows/monitor/act.ts';
import { confirmChange, reportChange, resumeMonitor } from '../../src/flows/monitor/events.ts';
import { readMonitors } from '../../src/flows/monitor/history.ts';
import { monitorStandings, recordedMonitor } from '../../src/flows/monitor/monitors.ts';
import { addPolicy, defaultPolicyText, findPolicy, listPolicies } from '../../src/flows/monitor/policies.ts';
import { recordDecisions } from '../../src/flows/monitor/record-decisions.ts';
import { standingRetrains, workRetrains } from '../../src/flows/monitor/retrain.ts';
import type { Registry } from '../../src/flows/registry/open-registry.ts';
import { recordsOf } from '../../src/registry/read-records.ts';
import { readMonitoringState } from '../../src/store/monitoring-state.ts';
import { temporaryFolder } from '../assayer.ts';
import { onBothDatabases } from '../registry/databases.ts';
import { alice, bob, TestClock } from '../registry/fixtures.ts';
import {
  buildFake,
  evidenceDraft,
  lossy,
  MONITOR,
  monitorDraft,
  policyDraft,
  quickPolicy,
  registryOn,
  SECRET,
  seedLossyCheck,
} from './monitor-flow-fixtures.ts';

onBothDatabases((given) => {
  let path: string;
  let clock: TestClock;
  let registry: Registry;

  beforeEach(async () => {
    path = temporaryFolder();
    clock = new TestClock();
    registry = await registryOn(given.database, path, clock);
    await seedLossyCheck(registry, clock);
  });

  const states = async () =>
    (await readMonitoringState(registry.workspace))?.releases.flatMap((release) =>
      release.states.map(({ state }) => state),
    ) ?? [];

  test('two processes that decide at once make one decision, and one request of a retrain', async () => {
    const made = await Promise.all([recordDecisions(registry, null), recordDecisions(registry, [MONITOR])]);
    expect(made.flat()).toHaveLength(1);
    expect(await recordsOf(registry.database, 'decision')).toHaveLength(1);
    expect((await standingRetrains(registry.database)).map(({ body }) => body.stage)).toEqual(['requested']);
  });

  test('a decision is recorded as the policy made it, and a later label or check changes no byte of it', async () => {
    await act(registry, null);
    const [before] = await recordsOf(registry.database, 'decision');
    clock.advance();
    await registry.append([evidenceDraft(lossy(clock.advance()))]);
    clock.advance();
    const { decisions } = await act(registry, null);
    expect(decisions.map(({ outcome }) => outcome)).toEqual(['carry-on']);
    const [again] = await recordsOf(registry.database, 'decision');
    expect(canonicalJson(again)).toBe(canonicalJson(before));
  });

  test('a resume ends a freeze in the name of a person; without a freeze there is nothing to resume', async () => {
    const request = {
      monitor: MONITOR,
      scope: 'release-frozen',
      approver: alice,
      reason: 'wrong labels',
    } as const;
    await act(registry, null);
    expect(await states()).toEqual(['release-frozen']);
    clock.advance();
    const { record } = await resumeMonitor(registry, request);
    expect(await states()).toEqual([]);
    const [approval] = await recordsOf(registry.database, 'approval');
    expect([approval.subject, approval.body.approver]).toEqual([record.hash, alice]);
    await expect(resumeMonitor(registry, request)).rejects.toMatchObject({
      code: 'ERR_MONITOR',
      message: expect.stringContaining('nothing is frozen'),
    });
    await expect(resumeMonitor(registry, { ...request, monitor: 'no-such' })).rejects.toMatchObject({
      code: 'ERR_MONITOR_UNKNOWN',
      message: expect.stringContaining('monitor-1'),
    });
  });

  test('a change that somebody else confirms freezes comparisons of every monitor of the endpoint', async () => {
    const policy = quickPolicy();
    clock.advance();
    await registry.append([monitorDraft(policy, 'monitor-2')]);
    clock.advance();
    const change = { endpoint: 'herg', change: 'new reader', since: '2026-11-20T00:00:00.000Z', by: alice };
    const { event, decisions } = await reportChange(registry, change);
    expect(decisions.flatMap(({ actions }) => actions.map(({ action }) => action))).not.toContain(
      'freeze-comparisons',
    );
    clock.advance();
    await expect(confirmChange(registry, event, { by: alice, reason: 'me again' })).rejects.toMatchObject({
      code: 'ERR_ASSAY_EVENT',
    });
    const confirmed = await confirmChange(registry, event, { by: bob, reason: 'log book' });
    expect(confirmed.decisions.map(({ monitor, outcome }) => [monitor, outcome])).toEqual([
      ['monitor-1', 'freeze-comparisons'],
      ['monitor-2', 'freeze-comparisons'],
    ]);
    const reasons = (await readMonitoringState(registry.workspace))?.releases[0].states.map(
      ({ reason }) => reason,
    );
    expect(reasons?.filter((reason) => reason.includes('new reader'))).toHaveLength(2);
  });

  test('a policy that a monitor is given once figures are known judges none of them', async () => {
    await act(registry, null);
    const lenient = quickPolicy({
      name: 'lenient',
      sustainedLoss: { sustained: 2 },
      effectiveFrom: '2026-11-21T10:00:00.000Z',
    });
    await registry.append([policyDraft(lenient)]);
    clock.advance(7_200_000);
    // Made after the policy took effect, and before the monitor was given it.
    await registry.append([evidenceDraft(lossy(clock.advance()))]);
    clock.advance();
    await act(registry, null);
    await registry.append([monitorDraft(lenient)]);
    clock.advance();
    await registry.append([evidenceDraft(lossy(clock.advance()))]);
    const [{ history }] = await readMonitors(registry.database, [MONITOR]);
    expect(history.policies.map(({ name }) => name)).toEqual(['lenient']);
    expect(history.evidence).toHaveLength(1);
    clock.advance();
    const [decision] = await recordDecisions(registry, null);
    const loss = decision.rules.find(({ rule }) => rule === 'sustained-loss');
    expect([decision.policy?.name, loss?.state]).toEqual(['lenient', 'not-met']);
  });

  test('a retrain that fails says why, waits until it is asked for again, and keeps its version', async () => {
    await act(registry, null);
    const work = { modelsFolder: '/nowhere' };
    const fails = async () => {
      throw new Error('there are no data in /nowhere/raw');
    };
    const [failed] = await workRetrains(registry, fails, work);
    expect(failed.record.body).toMatchObject({
      stage: 'failed',
      version: '1',
      problem: 'there are no data in /nowhere/raw',
    });
    expect(await workRetrains(registry, buildFake, work)).toEqual([]);
    const [made] = await workRetrains(registry, buildFake, { ...work, again: true });
    expect(made.record.body).toMatchObject({ stage: 'candidate', version: '1' });
    const runs = (await recordsOf(registry.database, 'run')).filter(({ body }) => body.command === 'retrain');
    expect(runs.map(({ body }) => body.outputs)).toEqual([
      [{ role: 'artifact', hash: made.record.body.artifact }],
    ]);
  });

  test('a webhook that is not set up, or whose secret others may read, stops nothing and is told once', async () => {
    const { told } = await act(registry, null);
    expect(told.map(({ outcome }) => outcome.inWords)).toEqual([
      'on-call was not told: no webhook of this name is set up in webhooks.json.',
    ]);
    expect(await states()).toEqual(['release-frozen']);
    expect((await act(registry, null, { again: true })).told).toEqual([]);
    const file = join(path, 'webhooks.json');
    writeFileSync(file, JSON.stringify({ 'on-call': { url: 'https://127.0.0.1:1/', secret: SECRET } }));
    chmodSync(file, 0o644);
    await resumeMonitor(registry, {
      monitor: MONITOR,
      scope: 'release-frozen',
      approver: alice,
      reason: 'seen',
    });
    const change = { endpoint: 'herg', change: 'new reader', since: '2026-11-20T00:00:00.000Z', by: alice };
    const { event } = await reportChange(registry, change);
    clock.advance();
    const again = await confirmChange(registry, event, { by: bob, reason: 'log book' });
    expect(again.told.map(({ outcome }) => outcome.inWords)).toEqual([expect.stringContaining('chmod 600')]);
    expect(JSON.stringify(again.told)).not.toContain(SECRET);
  });

  test('a damaged state file or log is brought up to the records by the next command', async () => {
    await act(registry, null);
    const log = join(path, 'monitoring.log');
    const text = readFileSync(log, 'utf8');
    writeFileSync(log, text.slice(0, 40));
    writeFileSync(join(path, 'monitoring.json'), '{');
    await act(registry, null);
    expect(readFileSync(log, 'utf8')).toBe(text);
    expect(await states()).toEqual(['release-frozen']);
  });

  test('policies are recorded once, before they take effect, and no two versions at one time', async () => {
    const file = join(path, 'policy.yaml');
    const write = (more: object) => {
      const { schema, name, approver, effectiveFrom } = quickPolicy();
      writeFileSync(file, stringify({ schema, name, approver, effectiveFrom, ...more }));
    };
    write({ name: 'site', effectiveFrom: '2026-11-22T00:00:00Z' });
    const first = await addPolicy(registry, file);
    expect([first.isNew, (await addPolicy(registry, file)).isNew]).toEqual([true, false]);
    write({ name: 'site', effectiveFrom: '2026-11-22T00:00:00Z', checks: { alpha: 0.01 } });
    await expect(addPolicy(registry, file)).rejects.toMatchObject({
      code: 'ERR_POLICY',
      message: /same time/,
    });
    write({ name: 'site' });
    await expect(addPolicy(registry, file)).rejects.toMatchObject({ code: 'ERR_POLICY_LATE' });
    write({ name: 'site', effectiveFrom: '2026-11-22T00:00:00Z', checks: { alfa: 0.01 } });
    await expect(addPolicy(registry, file)).rejects.toMatchObject({
      code: 'ERR_POLICY',
      message: /checks\.alfa is unknown/,
    });
    const { subject } = first.record;
    const { database } = registry;
    expect((await findPolicy(database, 'site')).subject).toBe(subject);
    expect((await findPolicy(database, subject.slice(0, 8))).subject).toBe(subject);
    await expect(findPolicy(database, subject.slice(0, 7))).rejects.toMatchObject({
      code: 'ERR_POLICY_UNKNOWN',
    });
    expect(await listPolicies(database)).toHaveLength(2);
  });

  test('the default policy is refused until somebody signs it', () => {
    const now = Date.parse('2026-11-21T09:00:00Z');
    expect(() => parsePolicyText(defaultPolicyText({}, now), 'p')).toThrow(/approver\.name/);
    const signed = parsePolicyText(defaultPolicyText({ approver: alice }, now), 'p');
    expect([signed.effectiveFrom, signed.name]).toEqual(['2026-11-22T00:00:00.000Z', 'default']);
    expect(monitorPolicyHash(signed)).toHaveLength(64);
  });

  test('a clock that goes back is refused, and nothing of the decision is left', async () => {
    clock.advance(-5000);
    await expect(act(registry, null)).rejects.toMatchObject({ code: 'ERR_CLOCK' });
    expect(await recordsOf(registry.database, 'decision')).toEqual([]);
  });

  test('while the monitoring is widened the next check is due sooner', async () => {
    const drift = [
      { stream: 'chemistry', state: 'drift', p: 0.001, alpha: 0.01, effect: null, series: [] },
    ] as const;
    const [before] = await monitorStandings(registry.database, MONITOR);
    const found = lossy(clock.advance(), { loss: null, labels: null, streams: drift });
    await registry.append([evidenceDraft(found)]);
    clock.advance();
    await act(registry, null);
    const [after] = await monitorStandings(registry.database);
    const daysTo = (due: string, from: string | null) =>
      (Date.parse(due) - Date.parse(from ?? '')) / 86_400_000;
    expect(daysTo(before.due, before.lastCheck)).toBe(7);
    expect([after.inForce.map(({ state }) => state), daysTo(after.due, after.lastCheck)]).toEqual([
      ['release-frozen', 'widened'],
      3.5,
    ]);
    expect((await recordedMonitor(registry.database, MONITOR)).history.evidence).toHaveLength(2);
  });
});
