import type { StateInForce, WatchedRelease } from '../../src/core/monitoring-state.ts';

const begun = (digit: string, reason: string, since = '2027-01-16T09:30:00.000Z') => ({
  since,
  decision: digit.repeat(64),
  reason,
});

/** One of each kind, as a decision puts it in force. */
export const STATES = {
  refused: {
    state: 'release-frozen',
    answer: 'refuse',
    ...begun('1', 'the model errs more, "by enough labels"'),
  },
  marked: { state: 'release-frozen', answer: 'mark', ...begun('2', 'the model errs more than is tolerated') },
  outside: { state: 'out-of-domain-frozen', ...begun('3', 'drift, and domain coverage has fallen') },
  comparisons: { state: 'comparisons-frozen', ...begun('4', 'the protocol changed') },
  widened: { state: 'widened', ...begun('5', 'the chemistry drifts', '2026-12-22T00:00:00.000Z') },
} as const satisfies Record<string, StateInForce>;

/** What is in force for a release of herg, unless said otherwise. */
export function watched(
  states: readonly StateInForce[],
  change: Partial<WatchedRelease> = {},
): WatchedRelease {
  return { endpoint: 'herg', version: '1', record: 'a record', artifact: 'an artifact', states, ...change };
}
