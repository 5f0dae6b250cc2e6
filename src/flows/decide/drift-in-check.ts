import type { MonitorEvidence, StreamEvidence } from '../../core/monitor-decision.ts';
import type { MonitorPolicy, WatchedStream } from '../../core/monitor-policy.ts';
import { checkBound, type Seen } from './bound-check.ts';

/** Streams that compare labels. */
const LABEL_STREAMS: readonly WatchedStream[] = ['labels', 'performance'];

/** Why a check's tests are not those that were agreed on; null where they are. */
export function notAgreed({ checks }: MonitorPolicy, { settings }: MonitorEvidence): string | null {
  // A planned number of looks divides alpha, and takes more permutations: stricter than agreed is as agreed.
  if (settings.alpha > checks.alpha * (1 + 1e-12)) {
    return `the check was made at alpha ${settings.alpha}, and at most ${checks.alpha} was agreed on`;
  }
  if (settings.permutations < checks.permutations) {
    return `the check was made with ${settings.permutations} permutations, and at least ${checks.permutations} were agreed on`;
  }
  if (settings.seed !== checks.seed) {
    return `the check was made with seed ${settings.seed}, and ${checks.seed} was agreed on`;
  }
  return null;
}

/**
 * Whether a check shows drift in the streams that the policy watches: where any does; not where one at least was judged and
 * none does.
 * @param isAcrossChange  comparisons across an assay change are frozen, so that labels say nothing
 */
export function driftIn(policy: MonitorPolicy, evidence: MonitorEvidence, isAcrossChange: boolean): Seen {
  const { streams } = policy.driftOnly;
  const watched = evidence.streams.filter(
    ({ stream }) => streams.includes(stream) && !(isAcrossChange && LABEL_STREAMS.includes(stream)),
  );
  const problem = notAgreed(policy, evidence);
  const tested = problem ? [] : watched.filter(({ state }) => state !== 'not-evaluable');
  const { sequential } = evidence;
  const capital =
    sequential && streams.includes('sequential')
      ? checkBound(
          'capital of the sequential test',
          wealth(sequential.logWealth),
          '>=',
          1 / policy.checks.alpha,
          {
            field: 'checks.alpha',
          },
        )
      : null;
  if (tested.length === 0 && !capital) {
    const silent = watched.map(({ stream, reason }) => `${stream} is not evaluable (${reason})`);
    return {
      holds: null,
      reasons: problem ? [problem] : silent.length > 0 ? silent : ['no watched stream was looked at'],
      bounds: [],
    };
  }
  const drifts = tested.some(({ state }) => state === 'drift') || capital?.holds === true;
  const strongest = [...tested].sort((a, b) => nearness(a) - nearness(b))[0];
  const bounds = [
    ...(strongest ? [checkBound(`p of ${strongest.stream}`, strongest.p, '<=', strongest.alpha)] : []),
    ...(capital ? [capital] : []),
  ];
  // Any of them is enough: of those that would do only the nearest are told.
  return {
    holds: drifts,
    reasons: problem ? [problem] : [],
    bounds: drifts ? bounds.filter(({ holds }) => holds) : bounds,
  };
}

/** Drifting streams first, then by p in parts of alpha. */
function nearness({ state, p, alpha }: StreamEvidence): number {
  return state === 'drift' ? -1 : (p ?? 1) / alpha;
}

/** The risk process from its logarithm; beyond what a number holds it is the largest one. */
export function wealth(logWealth: number): number {
  return Math.min(Math.exp(logWealth), Number.MAX_VALUE);
}
