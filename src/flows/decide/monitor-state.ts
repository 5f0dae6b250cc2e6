import type {
  ActionName,
  FrozenState,
  InForce,
  MonitorDecision,
  MonitorEvent,
} from '../../core/monitor-decision.ts';
import type { MonitorPolicy } from '../../core/monitor-policy.ts';

const DAY_MS = 86_400_000;

const BEGINS: Readonly<Partial<Record<ActionName, InForce['state']>>> = {
  'freeze-comparisons': 'comparisons-frozen',
  'freeze-release': 'release-frozen',
  'freeze-out-of-domain': 'out-of-domain-frozen',
  widen: 'widened',
};

/** What decisions and resumes so far have left behind for one release. */
export interface MonitorState {
  readonly inForce: readonly InForce[];
  /** Changes across which comparisons are frozen. */
  readonly changes: ReadonlySet<string>;
  /** When a state was last begun and, for a freeze, last resumed; -Infinity where never. Milliseconds since 1970. */
  beganAt(state: InForce['state']): number;
  resumedAt(state: FrozenState): number;
  /** When an action was last taken: a retrain of whatever release, others of this one. */
  takenAt(action: ActionName): number;
}

/**
 * State of a release.
 * @param decisions  earlier ones of the monitor, in any order
 * @param events     of the monitor
 * @param now        milliseconds since 1970; what is later is not known
 */
export function monitorState(
  decisions: readonly MonitorDecision[],
  events: readonly MonitorEvent[],
  release: string,
  now: number,
): MonitorState {
  const known = decisions.filter(({ time }) => Date.parse(time) <= now).toSorted(byTime);
  const own = known.filter((one) => one.release === release);
  const resumed = new Map<FrozenState, number>();
  for (const event of events) {
    const at = Date.parse(event.time);
    if (event.kind !== 'resumed' || event.release !== release || at > now) continue;
    resumed.set(event.scope, Math.max(at, resumed.get(event.scope) ?? at));
  }
  const resumedAt = (state: FrozenState) => resumed.get(state) ?? Number.NEGATIVE_INFINITY;
  const held = new Map<InForce['state'], InForce>();
  const changes = new Set<string>();
  for (const decision of own) {
    for (const action of decision.actions) {
      if (action.action === 'return-to-normal') held.delete('widened');
      const state = BEGINS[action.action];
      // A freeze and a resume of the same instant: the freeze stands.
      if (!state || (state !== 'widened' && resumedAt(state) > Date.parse(decision.time))) continue;
      if (!held.has(state)) held.set(state, { state, since: decision.time, decision: decision.id });
      if (action.action === 'freeze-comparisons') changes.add(action.change);
    }
  }
  const inForce = [...held.values()];
  return {
    inForce,
    changes,
    beganAt: (state) => Date.parse(held.get(state)?.since ?? '') || Number.NEGATIVE_INFINITY,
    resumedAt,
    takenAt(action) {
      const among = action === 'retrain' ? known : own;
      const last = among.findLast(({ actions }) => actions.some((one) => one.action === action));
      return last ? Date.parse(last.time) : Number.NEGATIVE_INFINITY;
    },
  };
}

/** Until when an action must wait, in milliseconds since 1970; -Infinity where it was never taken. */
export function cooldownEnd(policy: MonitorPolicy, state: MonitorState, action: ActionName): number {
  const after = (days: number, ...taken: ActionName[]) =>
    Math.max(...taken.map((one) => state.takenAt(one))) + days * DAY_MS;
  switch (action) {
    case 'widen':
    case 'return-to-normal':
      return after(policy.driftOnly.cooldownDays, 'widen', 'return-to-normal');
    case 'freeze-out-of-domain':
      return after(policy.outOfDomain.cooldownDays, action);
    case 'freeze-release':
      return after(policy.sustainedLoss.cooldownDays, action);
    case 'retrain':
      return after(policy.retrain.cooldownDays, action);
    case 'freeze-comparisons':
      // Each change is a fact of its own, and acts once.
      return Number.NEGATIVE_INFINITY;
  }
}

function byTime(a: MonitorDecision, b: MonitorDecision): number {
  return (
    Date.parse(a.time) - Date.parse(b.time) ||
    Date.parse(a.judged.time) - Date.parse(b.judged.time) ||
    (a.judged.id < b.judged.id ? -1 : 1)
  );
}
