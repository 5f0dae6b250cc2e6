import type { Manifest } from '../../src/core/artifact.ts';
import { type AuditReport, auditCheck, auditReport, type Finding } from '../../src/core/audit.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { MonitorDecision, MonitorEvidence } from '../../src/core/monitor-decision.ts';
import {
  DEFAULT_POLICY_RULES,
  type MonitorPolicy,
  monitorPolicyHash,
} from '../../src/core/monitor-policy.ts';
import { CHECKS, type ReleaseRecord } from '../../src/core/release.ts';
import type { WatchingMonitor } from '../../src/flows/audit/monitoring-checks.ts';
import { releaseOf } from './bundle-fixtures.ts';

export const DAY = 86_400_000;
/** When the audits of these tests are made. */
export const NOW = Date.parse('2026-11-21T09:00:00.000Z');

export const daysAgo = (days: number): string => new Date(NOW - days * DAY).toISOString();

/** A release whose gate passed. */
export function passedRelease(manifest: Manifest, changes: Partial<ReleaseRecord> = {}): ReleaseRecord {
  const checks = CHECKS.map((check) => ({
    check,
    outcome: 'passed' as const,
    words: 'as it must be',
    measurements: [],
    evidence: {},
  }));
  return releaseOf(manifest, { checks, ...changes });
}

export function policyFrom(effectiveFrom: string): MonitorPolicy {
  return {
    schema: 'assayer.policy/1',
    name: 'default',
    approver: { name: 'Ada', mail: 'ada@example.org' },
    effectiveFrom,
    ...DEFAULT_POLICY_RULES,
  };
}

const RELEASE = sha256('release');

export function evidenceAt(time: string, labels: MonitorEvidence['labels'] = null): MonitorEvidence {
  return {
    schema: 'assayer.evidence/1',
    id: sha256(`evidence ${time}`),
    monitor: 'herg',
    release: RELEASE,
    time,
    report: sha256('report'),
    settings: { alpha: 0.05, permutations: 999, seed: 1 },
    streams: [],
    sequential: null,
    domain: null,
    loss: null,
    labels,
  };
}

export const MATURE = { maturity: 0.95, effectiveLabels: 80, delayP: 0.6, matureOn: null };

/** A monitor of a weekly schedule that was checked two days ago, and judged by a policy that is older; nothing is in force. */
export function healthyMonitor({
  policy = policyFrom(daysAgo(30)),
  recorded = daysAgo(31),
  evidence = [evidenceAt(daysAgo(2), MATURE)],
  decided = evidence,
  lastCheck = evidence.at(-1)?.time ?? null,
  due = new Date(Date.parse(lastCheck ?? daysAgo(1)) + 7 * DAY).toISOString(),
  schedule = 'every 7 days',
  inForce = [],
  decisionPolicy = policy.effectiveFrom,
}: {
  policy?: MonitorPolicy;
  recorded?: string | null;
  evidence?: readonly MonitorEvidence[];
  decided?: readonly MonitorEvidence[];
  lastCheck?: string | null;
  due?: string;
  schedule?: string;
  inForce?: WatchingMonitor['standing']['inForce'];
  decisionPolicy?: string;
} = {}): WatchingMonitor {
  const hash = monitorPolicyHash(policy);
  const decisions = decided.map(
    ({ id, time }) =>
      ({
        id: sha256(`decision on ${id}`),
        judged: { kind: 'evidence', id, time },
        policy: { hash, name: policy.name, effectiveFrom: decisionPolicy },
      }) as MonitorDecision,
  );
  const body = { endpoint: 'herg', release: RELEASE, reference: '', streams: [], schedule, policy: hash };
  return {
    standing: {
      monitor: {
        id: 'herg',
        versions: [],
        history: { policies: [policy], evidence, events: [], decisions },
        runs: new Map(),
      },
      current: {
        sequence: 1,
        kind: 'monitor',
        subject: 'herg',
        team: null,
        time: daysAgo(30),
        previous: null,
        body,
        hash: '',
      },
      inForce,
      lastCheck,
      due,
    },
    policiesRecorded: new Map(recorded === null ? [] : [[hash, recorded]]),
  };
}

const finding = (severity: Finding['severity'], inWords: string, remedy: string): Finding => ({
  severity,
  inWords,
  evidence: [
    { name: 'artifact', value: sha256('artifact') },
    { name: 'folder', value: '/data/models/herg/1' },
  ],
  remedy,
});

/** A report with every state and severity. */
export function exampleAudit(text: (own: string) => string = (own) => own): AuditReport {
  const checks = [
    auditCheck('gate', {
      inWords: text('10 checks are recorded.'),
      evidence: [{ name: text('record'), value: text(sha256('record')) }],
      findings: [finding('note', text('calibration was waived.'), text('assayer release show herg#2'))],
    }),
    auditCheck('files', {
      inWords: text('All files were read.'),
      findings: [
        finding('error', text('model.onnx was changed.'), text('assayer train herg --model-version 1')),
      ],
    }),
    auditCheck('rebuild', { tried: 0, of: 0, inWords: text('It was not made again.') }),
    auditCheck('inputs', { tried: 1, of: 12, inWords: text('1 of 12 were tried.') }),
    auditCheck('monitored', {
      inWords: text('It has no monitor.'),
      findings: [finding('warning', text('Nobody watches it.'), text('watch it'))],
    }),
  ];
  const release = (endpoint: string, isCurrent: boolean) => ({
    endpoint: text(endpoint),
    version: text('1'),
    record: sha256('record'),
    artifact: isCurrent ? sha256('artifact') : null,
    team: isCurrent ? text('tox') : null,
    approver: text('Ada Example'),
    time: text(daysAgo(40)),
    isCurrent,
    checks,
  });
  return auditReport({
    engine: text('0.1.0'),
    time: text(daysAgo(0)),
    workspace: text('/data/assayer'),
    team: null,
    head: { sequence: 128, hash: sha256('head') },
    registry: [auditCheck('chain', { inWords: text('128 records were held against their hashes.') })],
    releases: [release('herg', true), release('ames', false)],
    hours: [
      { command: text('screen'), device: text('cuda (NVIDIA H200)'), runs: 120, hours: 3.25 },
      { command: text('train'), device: text('cpu'), runs: 2, hours: 0.5 },
    ],
  });
}

/** A registry with nothing in it. */
export function emptyAudit(): AuditReport {
  return auditReport({
    engine: '0.1.0',
    time: daysAgo(0),
    workspace: 'w',
    team: 'tox',
    head: { sequence: 0, hash: null },
    registry: [],
    releases: [],
    hours: [],
  });
}
