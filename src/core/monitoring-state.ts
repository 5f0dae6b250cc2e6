import { identity } from './hash.ts';
import type { InForce } from './monitor-decision.ts';
import type { CurrentRelease } from './release.ts';

interface Begun {
  /** When the decision was made; ISO 8601 in UTC. */
  readonly since: string;
  /** Id of the decision that began it. */
  readonly decision: string;
  /** Why, on one line for a chemist. */
  readonly reason: string;
}

/** What a decision put in force for a release, and why. */
export type StateInForce =
  | (Begun & { readonly state: 'release-frozen'; readonly answer: 'mark' | 'refuse' })
  | (Begun & { readonly state: Exclude<InForce['state'], 'release-frozen'> });

/** A release and what is in force for it; several monitors may each have put the same state in force. */
export interface WatchedRelease {
  readonly endpoint: string;
  readonly version: string;
  /** Hash of the release record. */
  readonly record: string;
  /** Identity of the artifact that it released. */
  readonly artifact: string;
  readonly states: readonly StateInForce[];
}

/** monitoring.json of a workspace: what recorded decisions have put in force. */
export interface MonitoringState {
  readonly schema: 'assayer.monitoring/1';
  /** Those for which something is in force, by endpoint and record. */
  readonly releases: readonly WatchedRelease[];
  /** SHA-256 over everything else. */
  readonly hash: string;
}

/** The state of a workspace with its hash: equal releases, in whatever order, give an equal state. */
export function monitoringState(releases: readonly WatchedRelease[]): MonitoringState {
  const place = ({ endpoint, record }: WatchedRelease) => `${endpoint} ${record}`;
  const kept = releases
    .filter(({ states }) => states.length > 0)
    .toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  const unsigned = { schema: 'assayer.monitoring/1', releases: kept } as const;
  return { ...unsigned, hash: identity(unsigned) };
}

/**
 * States under which a model answers, most severe first. They are those of its release: of the same artifact that was
 * released anew, the earlier ones are over. An artifact that is asked for by its version and is not what the endpoint
 * answers with keeps its states, so that naming a frozen model does not unfreeze it.
 * @param artifact  identity of the model that answers
 * @param current   what the workspace releases of the endpoint
 */
export function statesInForce(
  state: MonitoringState | null,
  endpoint: string,
  artifact: string,
  current: CurrentRelease | undefined,
): StateInForce[] {
  const record = current?.artifact === artifact ? current.record : null;
  return (state?.releases ?? [])
    .filter((one) => one.endpoint === endpoint && one.artifact === artifact)
    .filter((one) => record === null || one.record === record)
    .flatMap(({ states }) => states)
    .toSorted((a, b) => severity(a) - severity(b) || Date.parse(a.since) - Date.parse(b.since));
}

/** Whether a model under these states gives no answer at all. */
export function isRefused(states: readonly StateInForce[]): boolean {
  return states.some((one) => one.state === 'release-frozen' && one.answer === 'refuse');
}

/** Whether a model under these states gives no value for what lies outside its domain. */
export function withholdsOutside(states: readonly StateInForce[]): boolean {
  return states.some(({ state }) => state === 'out-of-domain-frozen');
}

/** Whether any of these states is a freeze; a widened monitor takes nothing from an answer. */
export function isFrozen(states: readonly StateInForce[]): boolean {
  return states.some(({ state }) => state !== 'widened');
}

/**
 * What stands beside an answer: `frozen: refused (since 2027-01-16, decision 0a1b2c3d4e5f: the model errs more ...)`.
 * @returns joined by `; `, null where there is none
 */
export function stateText(states: readonly StateInForce[]): string | null {
  if (states.length === 0) return null;
  const told = states.map(
    (one) =>
      `${stateName(one)} (since ${one.since.slice(0, 10)}, decision ${one.decision.slice(0, 12)}: ${one.reason})`,
  );
  return told.join('; ');
}

function stateName(one: StateInForce): string {
  switch (one.state) {
    case 'release-frozen':
      return one.answer === 'refuse' ? 'frozen: refused' : 'frozen: marked';
    case 'out-of-domain-frozen':
      return 'frozen: outside the domain';
    case 'comparisons-frozen':
      return 'frozen: comparisons';
    case 'widened':
      return 'widened';
  }
}

const SEVERITY: readonly StateInForce['state'][] = [
  'release-frozen',
  'out-of-domain-frozen',
  'comparisons-frozen',
  'widened',
];

function severity(one: StateInForce): number {
  // A refusal stands before marks: who reads one state alone must read that nothing is answered.
  return isRefused([one]) ? -1 : SEVERITY.indexOf(one.state);
}
