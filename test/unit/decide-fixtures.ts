import {
  type ChangeConfirmed,
  type ChangeReported,
  identifyEvidence,
  type MonitorDecision,
  type MonitorEvent,
  type MonitorEvidence,
  type Resumed,
  type StreamEvidence,
} from '../../src/core/monitor-decision.ts';
import { type MonitorPolicy, parseMonitorPolicy } from '../../src/core/monitor-policy.ts';
import { decidePending, type MonitorHistory } from '../../src/flows/decide/decide.ts';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-12-01T00:00:00Z');

/** Milliseconds since 1970 of a day of these tests, and its text. */
export const day = (number: number): number => START + number * DAY_MS;
export const on = (number: number): string => new Date(day(number)).toISOString();

export const ADA = { name: 'Ada Example', mail: 'ada@example.org' };
export const BOB = { name: 'Bob Example', mail: 'bob@example.org' };

export function policyWith(rules: Record<string, unknown> = {}, effectiveFrom = on(0)): MonitorPolicy {
  const required = { schema: 'assayer.policy/1', name: 'test', approver: ADA, effectiveFrom };
  return parseMonitorPolicy({ ...required, ...rules }, 'policy.yaml');
}

export function stream(
  name: StreamEvidence['stream'],
  state: StreamEvidence['state'],
  more: Partial<StreamEvidence> = {},
): StreamEvidence {
  const p = state === 'not-evaluable' ? null : state === 'drift' ? 0.001 : 0.6;
  const reason = state === 'not-evaluable' ? ({ reason: 'too-few-compounds' } as const) : {};
  return { stream: name, state, ...reason, p, alpha: 0.01, effect: null, series: [], ...more };
}

export const STEADY = [stream('chemistry', 'steady'), stream('proxies', 'steady')];
export const DRIFT = [stream('chemistry', 'drift'), stream('proxies', 'steady')];
export const COVERED = { share: 0.94, low: 0.9, high: 0.97 };
export const OUTSIDE = { share: 0.6, low: 0.5, high: 0.7 };

/** Loss of a model; by default of one that errs 30 % more, and of which the risk process is sure. */
export const lossOf = (more: Partial<NonNullable<MonitorEvidence['loss']>> = {}) => ({
  logWealth: Math.log(400),
  toleratedExcess: 0.05,
  error: 0.65,
  low: 0.6,
  high: 0.7,
  reference: 0.5,
  unit: 'log10 uM',
  ...more,
});

export const labelsOf = (more: Partial<NonNullable<MonitorEvidence['labels']>> = {}) => ({
  maturity: 0.9,
  effectiveLabels: 120,
  delayP: 0.4,
  matureOn: null,
  ...more,
});

/** A check of day `number`: steady, inside the domain, without labels unless said. */
export function check(number: number, more: Partial<Omit<MonitorEvidence, 'id'>> = {}): MonitorEvidence {
  return identifyEvidence({
    schema: 'assayer.evidence/1',
    monitor: 'herg-daily',
    release: 'release-1',
    time: on(number),
    report: `report of day ${number}`,
    settings: { alpha: 0.05, permutations: 999, seed: 1 },
    streams: STEADY,
    sequential: null,
    domain: COVERED,
    loss: null,
    labels: null,
    ...more,
  });
}

const base = { monitor: 'herg-daily', release: 'release-1' };

export const reported = (number: number, id = 'change-1'): ChangeReported => ({
  ...base,
  kind: 'change-reported',
  id,
  time: on(number),
  what: 'protocol',
  changedFrom: on(number - 3),
  reporter: ADA,
  words: 'incubation of 30 instead of 60 minutes',
});

export const confirmed = (number: number, confirmer = BOB, report = 'change-1'): ChangeConfirmed => ({
  ...base,
  kind: 'change-confirmed',
  id: `${report} confirmed`,
  time: on(number),
  report,
  confirmer,
});

export const resumed = (number: number, scope: Resumed['scope']): Resumed => ({
  ...base,
  kind: 'resumed',
  id: `resumed ${scope} on ${number}`,
  time: on(number),
  scope,
  approver: BOB,
  reason: 'looked at by hand',
});

/** Decisions of a monitor that is asked at the time of each check and event. */
export function play(
  policies: MonitorPolicy | readonly MonitorPolicy[],
  evidence: readonly MonitorEvidence[],
  events: readonly MonitorEvent[] = [],
): MonitorDecision[] {
  const history: Omit<MonitorHistory, 'decisions'> = {
    policies: [policies].flat() as MonitorPolicy[],
    evidence,
    events,
  };
  const times = new Set([...evidence, ...events].map(({ time }) => Date.parse(time)));
  const decisions: MonitorDecision[] = [];
  for (const now of [...times].sort((a, b) => a - b)) {
    decisions.push(...decidePending({ ...history, decisions }, now));
  }
  return decisions;
}

/** The outcomes in order. */
export const outcomes = (decisions: readonly MonitorDecision[]): string[] =>
  decisions.map(({ outcome }) => outcome);

/** The judgement of one rule. */
export function rule(decision: MonitorDecision, name: string) {
  const found = decision.rules.find((one) => one.rule === name);
  if (!found) throw new Error(`${name} was not judged`);
  return found;
}
