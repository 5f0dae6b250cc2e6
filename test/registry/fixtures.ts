import type { Clock } from '../../src/core/clock.ts';
import { contractHash, type FeatureContract } from '../../src/core/contract.ts';
import type { EndpointDefinition } from '../../src/core/endpoint.ts';
import { sha256 } from '../../src/core/hash.ts';
import { identifyDecision, identifyEvidence, type MonitorEvidence } from '../../src/core/monitor-decision.ts';
import {
  DEFAULT_POLICY_RULES,
  type MonitorPolicy,
  monitorPolicyHash,
} from '../../src/core/monitor-policy.ts';
import {
  definitionHash,
  type RecordBodies,
  type RegistryDraft,
  type SharedDefinition,
} from '../../src/core/registry-records.ts';
import { type ReleaseRecord, releaseHash } from '../../src/core/release.ts';
import { DEFAULT_RELEASE_POLICY, policyHash as releasePolicyHash } from '../../src/core/release-policy.ts';

/** A clock that a test sets; it stands still otherwise. */
export class TestClock implements Clock {
  #now = Date.parse('2026-11-21T09:00:00.000Z');

  now(): number {
    return this.#now;
  }

  /** @returns the time that it shows then */
  advance(milliseconds = 1000): string {
    this.#now += milliseconds;
    return new Date(this.#now).toISOString();
  }
}

export const hERG: EndpointDefinition = {
  id: 'herg',
  title: 'hERG inhibition',
  kind: 'regression',
  unit: 'nM',
  modelledScale: 'pIC50',
  transform: '9-log10',
  direction: 'lower is better',
  assay: 'patch clamp',
  species: 'human',
};
export const shared: SharedDefinition = { endpoint: hERG, merging: 'median', missing: 'dropped' };
export const alice = { name: 'Alice', mail: 'alice@example.org' };
export const bob = { name: 'Bob', mail: 'bob@example.org' };

export const contract: FeatureContract = {
  schema: 'assayer.feature-contract/1',
  toolkit: { name: 'RDKit', package: '@rdkit/rdkit', version: '2026.9.1' },
  standardization: { version: 1, rules: ['parent'] },
  fingerprint: {
    kind: 'morgan',
    radius: 2,
    bits: 2048,
    chirality: false,
    levels: { bits: 1024, from: 2048, hash: sha256('levels') },
  },
  descriptors: { dtype: 'float32', names: ['MolWt'] },
  limits: { smilesBytes: 2000, heavyAtoms: 200 },
};

export const hashes = {
  contract: contractHash(contract),
  dataset: sha256('dataset'),
  featureSet: sha256('feature set'),
  artifact: sha256('artifact'),
  input: sha256('input'),
  output: sha256('output'),
};

export function draft<K extends RegistryDraft['kind']>(
  kind: K,
  subject: string,
  body: RecordBodies[K],
  team: string | null = null,
): RegistryDraft {
  return { kind, subject, team, body } as RegistryDraft;
}

export const definition = (variant: string | null = null, unit = 'nM', assays: string[] = ['patch-clamp']) =>
  draft('definition', 'herg', { definition: { ...shared, endpoint: { ...hERG, unit } }, variant, assays });

export const label = (compound: string, value: number, assay = 'patch-clamp') =>
  draft('label', compound, {
    endpoint: 'herg',
    assay,
    value,
    relation: '=',
    unit: 'nM',
    measuredAt: '2026-11-20T12:00:00.000Z',
  });

export const run = (id: string, artifact = hashes.artifact, input = hashes.input, output = hashes.output) =>
  draft(
    'run',
    id,
    {
      command: 'screen',
      caller: 'alice',
      engine: '0.1.0',
      devices: { search: 'wasm' },
      environment: { node: '24' },
      startedAt: '2026-11-21T08:00:00.000Z',
      finishedAt: '2026-11-21T08:00:05.000Z',
      counts: { rows: 10, accepted: 9, rejected: 1 },
      inputs: [
        { role: 'input', hash: input },
        { role: 'artifact', hash: artifact },
      ],
      outputs: [{ role: 'output', hash: output }],
    },
    'tox',
  );

const unsignedRelease: Omit<ReleaseRecord, 'hash'> = {
  schema: 'assayer.release/1',
  endpoint: 'herg',
  version: '1',
  outcome: 'released',
  artifact: hashes.artifact,
  contract: hashes.contract,
  engine: { contract: hashes.contract, environment: {} },
  evaluation: { hash: sha256('evaluation'), rows: 20, source: 'shared split' },
  policy: { hash: releasePolicyHash(DEFAULT_RELEASE_POLICY), content: DEFAULT_RELEASE_POLICY },
  checks: [],
  waivers: [],
  approver: alice,
  replaces: null,
  time: '2026-11-21T08:30:00.000Z',
  sequence: 1,
  previous: null,
};
export const release: ReleaseRecord = { ...unsignedRelease, hash: releaseHash(unsignedRelease) };

/** A policy of default rules. */
export function policy(effectiveFrom: string, name = 'default'): RegistryDraft {
  const made: MonitorPolicy = {
    schema: 'assayer.policy/1',
    name,
    approver: alice,
    effectiveFrom,
    ...DEFAULT_POLICY_RULES,
  };
  return draft('policy', monitorPolicyHash(made), { policy: made });
}

/** Everything from the team to the monitor, in the order in which one names the other. */
export function wholeStory(effectiveFrom: string): RegistryDraft[] {
  const agreed = policy(effectiveFrom);
  return [
    draft('team', 'tox', { title: 'Toxicology' }),
    definition(),
    draft('contract', hashes.contract, { contract }),
    draft('dataset', hashes.dataset, {
      endpoint: 'herg',
      definition: definitionHash(shared),
      source: 'ChEMBL',
      licence: 'CC-BY-SA',
      rows: 100,
      files: { 'herg.csv': sha256('raw') },
    }),
    draft('feature-set', hashes.featureSet, { contract: hashes.contract, input: hashes.dataset, rows: 100 }),
    draft('artifact', hashes.artifact, {
      endpoint: 'herg',
      version: '1',
      contract: hashes.contract,
      dataset: hashes.dataset,
      trainer: 'gaussian-process',
    }),
    draft('release', 'herg', { release }, 'tox'),
    run('run-1'),
    draft('submission', 'compound-1', {
      endpoint: 'herg',
      assay: 'patch-clamp',
      submittedAt: '2026-11-20T09:00:00.000Z',
    }),
    label('compound-1', 120),
    label('compound-1', 130.5),
    draft('assay-event', 'event-1', {
      stage: 'reported',
      endpoint: 'herg',
      assay: 'patch-clamp',
      change: 'new instrument',
      since: '2026-11-19T00:00:00.000Z',
      by: alice,
    }),
    draft('assay-event', 'event-1', { stage: 'confirmed', reason: 'seen in the log book', by: bob }),
    agreed,
    draft(
      'monitor',
      'monitor-1',
      {
        endpoint: 'herg',
        release: release.hash,
        reference: hashes.featureSet,
        streams: ['chemistry', 'labels'],
        schedule: 'weekly',
        policy: agreed.subject,
      },
      'tox',
    ),
  ];
}

/** What a check found that was made at a time. */
export function checked(time: string, report = 'report'): MonitorEvidence {
  return identifyEvidence({
    schema: 'assayer.evidence/1',
    monitor: 'monitor-1',
    release: release.hash,
    time,
    report: sha256(report),
    settings: { alpha: 0.05, permutations: 999, seed: 1 },
    streams: [{ stream: 'chemistry', state: 'drift', p: 0.001, alpha: 0.01, effect: null, series: [] }],
    sequential: null,
    domain: null,
    loss: null,
    labels: null,
  });
}

export const evidence = (found: MonitorEvidence) =>
  draft('evidence', 'monitor-1', { run: 'run-1', evidence: found });

/** What a policy concluded from evidence, the last of it the newest. */
export function decision(by: RegistryDraft, ...found: MonitorEvidence[]): RegistryDraft {
  if (by.kind !== 'policy') throw new Error('no policy');
  const { name, effectiveFrom } = by.body.policy;
  const last = found[found.length - 1];
  const decided = identifyDecision({
    schema: 'assayer.decision/1',
    monitor: 'monitor-1',
    release: release.hash,
    time: last.time,
    judged: { kind: 'evidence', id: last.id, time: last.time },
    policy: { hash: by.subject, name, effectiveFrom },
    outcome: 'carry-on',
    rule: null,
    actions: [],
    rules: [],
    missing: [],
    inForce: [],
    cooldowns: [],
    evidence: found.map(({ id, time }) => ({ id, time, values: { p: 0.001 } })),
    tell: ['log'],
    inWords: 'The chemistry has moved.',
  });
  return draft('decision', 'monitor-1', { decision: decided });
}

/** What is done after a decision: somebody is told, a retrain is queued, a person resumes, records go to another registry. */
export function acting(by: RegistryDraft, time: string): RegistryDraft[] {
  if (by.kind !== 'decision') throw new Error('no decision');
  const { id } = by.body.decision;
  const attempt = { time, status: 200, problem: null, waitedMs: 0 };
  return [
    draft('monitor-event', 'monitor-1', {
      kind: 'resumed',
      id: sha256('resumed'),
      monitor: 'monitor-1',
      release: release.hash,
      time,
      scope: 'release-frozen',
      approver: alice,
      reason: 'the instrument was mended',
    }),
    draft('retrain', 'herg', { monitor: 'monitor-1', decision: id, stage: 'requested' }),
    draft('retrain', 'herg', { monitor: 'monitor-1', decision: id, stage: 'started' }),
    draft('told', id, {
      to: 'webhook',
      outcome: { delivered: true, attempts: [attempt], inWords: 'webhook was told at attempt 1.' },
    }),
    draft('bundle', sha256('bundle'), {
      direction: 'pushed',
      peer: sha256('peer'),
      records: [sha256('record')],
      conflicts: [],
    }),
  ];
}
