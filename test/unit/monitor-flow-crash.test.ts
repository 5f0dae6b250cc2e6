import { spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ACT_STEPS, act } from '../../src/flows/monitor/act.ts';
import { RETRAIN_STEPS, workRetrains } from '../../src/flows/monitor/retrain.ts';
import { recordsOf } from '../../src/registry/read-records.ts';
import { verifyChain } from '../../src/registry/verify-chain.ts';
import { readMonitoringState } from '../../src/store/monitoring-state.ts';
import { TestClock } from '../registry/fixtures.ts';
import { buildFake, openAt, SECRET, seedLossyCheck } from './monitor-flow-fixtures.ts';
import { workspaceWithRegistry } from './registry-workspace.ts';
import { freshPath } from './trace-compound-fixtures.ts';

const child = new URL('monitor-flow-child.ts', import.meta.url).pathname;
const LATER_MS = 180_000;

let seeded: string;
beforeAll(async () => {
  seeded = await workspaceWithRegistry();
  const clock = new TestClock();
  await using registry = await openAt(seeded, clock);
  await seedLossyCheck(registry, clock);
}, 240_000);

let server: Server;
let deliveries: string[];
let webhooks: string;

beforeEach(async () => {
  deliveries = [];
  server = createServer((request, response) => {
    deliveries.push(String(request.headers['assayer-delivery']));
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  webhooks = JSON.stringify({ 'on-call': { url: `http://127.0.0.1:${port}/`, secret: SECRET } });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function runChild(...args: string[]): Promise<string | null> {
  const env = { ...process.env, ASSAYER_WEBHOOKS: webhooks };
  const started = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'inherit', 'inherit'], env });
  return new Promise((resolve, reject) => {
    started.on('error', reject);
    started.on('close', (_, signal) => resolve(signal));
  });
}

test.each([...ACT_STEPS, ...RETRAIN_STEPS])(
  'killed after "%s", the next command does the rest, and nothing is done twice',
  async (step) => {
    const path = freshPath('workspace');
    cpSync(seeded, path, { recursive: true });
    expect(await runChild(path, step, String(LATER_MS))).toBe('SIGKILL');

    const clock = new TestClock();
    clock.advance(LATER_MS + 60_000);
    await using registry = await openAt(path, clock);
    await act(registry, null, { webhooks });
    await workRetrains(registry, buildFake, { modelsFolder: '/nowhere' });
    // Once more changes nothing.
    await act(registry, null, { webhooks, again: true });
    await workRetrains(registry, buildFake, { modelsFolder: '/nowhere', again: true });

    const { database, workspace } = registry;
    const [{ body, subject }, ...others] = await recordsOf(database, 'decision');
    expect([subject, body.decision.outcome, others]).toEqual(['monitor-1', 'freeze-release', []]);
    const { id } = body.decision;
    const state = await readMonitoringState(workspace);
    expect(state?.releases.flatMap(({ states }) => states)).toMatchObject([
      { state: 'release-frozen', answer: 'mark', decision: id },
    ]);
    const log = readFileSync(join(path, 'monitoring.log'), 'utf8').trimEnd().split('\n');
    expect(log).toHaveLength(1);
    expect(log[0]).toContain(`decision ${id.slice(0, 12)} monitor monitor-1: freeze-release.`);
    const told = await recordsOf(database, 'told');
    expect(told.map((one) => [one.subject, one.body.to, one.body.outcome.delivered])).toEqual([
      [id, 'on-call', true],
    ]);
    // A receiver may hear it again where the crash came before the record, under the same name.
    expect(deliveries).toEqual(Array(step === 'posted' ? 2 : 1).fill(id));
    const retrains = await recordsOf(database, 'retrain');
    const stages = retrains.map((one) => one.body.stage);
    expect(stages.filter((stage) => stage === 'requested')).toHaveLength(1);
    expect(stages.filter((stage) => stage === 'candidate')).toHaveLength(1);
    expect(stages.at(-1)).toBe('candidate');
    expect(new Set(retrains.slice(1).map((one) => one.body.version))).toEqual(new Set(['1']));
    expect(readdirSync(join(path, 'models', 'herg'))).toEqual(['1']);
    expect(await recordsOf(database, 'release')).toHaveLength(1);
    expect((await recordsOf(database, 'artifact')).map(({ body: { version } }) => version)).toEqual([
      '1',
      '1',
    ]);
    expect((await verifyChain(database)).problems).toEqual([]);
  },
  60_000,
);
