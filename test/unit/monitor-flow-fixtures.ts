import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../src/core/artifact.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { MonitorEvidence } from '../../src/core/monitor-decision.ts';
import { identifyEvidence } from '../../src/core/monitor-decision.ts';
import { type MonitorPolicy, monitorPolicyHash, parseMonitorPolicy } from '../../src/core/monitor-policy.ts';
import type { RegistryDraft } from '../../src/core/registry-records.ts';
import type { Engine } from '../../src/flows/engine.ts';
import type { BuildCandidate } from '../../src/flows/monitor/retrain.ts';
import { openRegistry, type Registry } from '../../src/flows/registry/open-registry.ts';
import { append } from '../../src/registry/append.ts';
import type { Database } from '../../src/registry/sql.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import {
  alice,
  contract,
  draft,
  hashes,
  hERG,
  release,
  type TestClock,
  wholeStory,
} from '../registry/fixtures.ts';
import { labelsOf, lossOf, STEADY } from './decide-fixtures.ts';

export const MONITOR = 'monitor-1';
/** When the policy takes effect, a minute after the clock of these tests begins. */
export const EFFECTIVE = '2026-11-21T09:01:00.000Z';
export const SECRET = 'a secret of more than thirty-two bytes';

/** An engine that knows the time and nothing else. */
export function engineAt(clock: TestClock): Engine {
  return { clock, modelsFolder: '/nowhere', environment: { node: '24' }, contract } as unknown as Engine;
}

/** The registry of a workspace at a time that the test sets. */
export function openAt(path: string, clock: TestClock): Promise<Registry> {
  return openRegistry(engineAt(clock), path, { caller: 'alice' });
}

/** A registry on a database that the test has opened. */
export async function registryOn(database: Database, path: string, clock: TestClock): Promise<Registry> {
  return {
    engine: engineAt(clock),
    workspace: await openWorkspace(path, clock),
    database,
    team: null,
    caller: 'alice',
    intake: { runs: 0, releases: 0, artifacts: 0, refused: [], notes: [] },
    append: (drafts) => append(database, drafts, clock),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** One check is enough for every rule, and the webhook "on-call" is told. */
export function quickPolicy(rules: Record<string, unknown> = {}): MonitorPolicy {
  const once = { sustained: 1 };
  return parseMonitorPolicy(
    {
      schema: 'assayer.policy/1',
      name: 'quick',
      approver: alice,
      effectiveFrom: EFFECTIVE,
      tell: ['on-call'],
      driftOnly: { ...once, steadyChecks: 1 },
      outOfDomain: once,
      sustainedLoss: once,
      ...rules,
    },
    'policy.yaml',
  );
}

export const policyDraft = (policy: MonitorPolicy): RegistryDraft =>
  draft('policy', monitorPolicyHash(policy), { policy });

export function monitorDraft(policy: MonitorPolicy, id = MONITOR): RegistryDraft {
  return draft('monitor', id, {
    endpoint: 'herg',
    release: release.hash,
    reference: hashes.artifact,
    streams: ['inputs', 'outputs', 'labels'],
    schedule: 'every 7 days',
    policy: monitorPolicyHash(policy),
  });
}

/** What a check found at a time: a model that errs 30 % more, by labels that can be trusted. */
export function lossy(time: string, more: Partial<MonitorEvidence> = {}): MonitorEvidence {
  return identifyEvidence({
    schema: 'assayer.evidence/1',
    monitor: MONITOR,
    release: release.hash,
    time,
    report: sha256('report'),
    settings: { alpha: 0.05, permutations: 999, seed: 1 },
    streams: STEADY,
    sequential: null,
    domain: null,
    loss: lossOf(),
    labels: labelsOf(),
    ...more,
  });
}

export const evidenceDraft = (found: MonitorEvidence): RegistryDraft =>
  draft('evidence', found.monitor, { run: 'run-1', evidence: found });

/** A registry with a monitor under the quick policy, and one check that calls for a freeze and a retrain: undecided. */
export async function seedLossyCheck(registry: Registry, clock: TestClock): Promise<void> {
  const policy = quickPolicy();
  const story = wholeStory(EFFECTIVE).filter(
    ({ kind }) => !['monitor', 'policy', 'assay-event'].includes(kind),
  );
  await registry.append([...story, policyDraft(policy), monitorDraft(policy)]);
  const time = clock.advance(120_000);
  await registry.append([evidenceDraft(lossy(time))]);
  clock.advance();
}

/** A candidate that is a folder with a manifest. */
export const buildFake: BuildCandidate = async ({ endpoint, version, into }) => {
  const folder = join(into, endpoint, version);
  mkdirSync(folder, { recursive: true });
  const manifest = fakeManifest(version);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
};

export function fakeManifest(version: string): Manifest {
  return {
    endpoint: hERG,
    version,
    hash: sha256(`candidate ${version}`),
    contract,
    dataset: {
      hash: sha256('new dataset'),
      source: 'ChEMBL',
      licence: 'CC-BY-SA',
      files: {},
      counts: { kept: 90 },
      curation: { rawRows: 100, conflictCompounds: 0, dropped: {} },
    },
    trainer: { name: 'fake' },
  } as unknown as Manifest;
}
