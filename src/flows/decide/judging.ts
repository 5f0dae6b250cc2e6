import type {
  ActionName,
  BoundCheck,
  InForce,
  MonitorEvidence,
  RuleJudgement,
  RuleName,
} from '../../core/monitor-decision.ts';
import type { MonitorPolicy } from '../../core/monitor-policy.ts';
import { boundText, checkBound, nearestBound, type Seen } from './bound-check.ts';
import { cooldownEnd, type MonitorState } from './monitor-state.ts';

/** One check with its identity and its time in milliseconds since 1970. */
export interface Check {
  readonly id: string;
  readonly at: number;
  readonly evidence: MonitorEvidence;
}

const IN_A_ROW = 'consecutive checks';

/** What every rule starts from. */
export interface Judging {
  readonly policy: MonitorPolicy;
  /** Checks of the release that this policy judges, oldest first; the last is the one that is decided about. */
  readonly checks: readonly Check[];
  readonly state: MonitorState;
  readonly now: number;
}

/** Consecutive evaluable checks up to the last one that all show the same. */
export interface Run {
  readonly latest: Seen;
  readonly checks: readonly Check[];
  readonly bound: BoundCheck;
  /** Whether the last check shows it, and enough before it do. */
  readonly met: boolean;
}

/**
 * How long something has been so. Checks that cannot be judged neither count nor interrupt; without a last check that can be
 * judged nothing is met.
 * @param since  milliseconds since 1970; checks up to then count for nothing
 */
export function runOf(
  { checks }: Judging,
  since: number,
  needed: { readonly checks: number; readonly field: string },
  see: (check: Check) => Seen,
): Run {
  const latest = see(checks[checks.length - 1]);
  const run: Check[] = [];
  for (const check of checks.toReversed()) {
    if (check.at <= since) break;
    const { holds } = see(check);
    if (holds === false) break;
    if (holds) run.unshift(check);
  }
  const bound = checkBound(IN_A_ROW, run.length, '>=', needed.checks, { field: needed.field });
  return { latest, checks: run, bound, met: latest.holds === true && bound.holds };
}

/** The judgement of a rule that one run of checks decides. */
export function concludeRun(
  { policy, state, now }: Judging,
  rule: RuleName,
  run: Run,
  act: { readonly action: ActionName; readonly begins: InForce['state'] | null; readonly further?: Seen },
): RuleJudgement {
  const { further } = act;
  const bounds = [...run.latest.bounds, run.bound, ...(further?.bounds ?? [])];
  // Checks before those that were needed change nothing.
  const rests = run.checks.slice(-run.bound.bound).map(({ id }) => id);
  const reasons = [...run.latest.reasons, ...(further?.reasons ?? [])];
  if (run.latest.holds === null) return judgement(rule, 'not-evaluable', { reasons, bounds, rests });
  if (!run.met || further?.holds === false) return judgement(rule, 'not-met', { reasons, bounds, rests });
  if (state.inForce.some((one) => one.state === act.begins)) {
    return judgement(rule, 'in-force', { reasons, bounds, rests });
  }
  const until = cooldownEnd(policy, state, act.action);
  if (now >= until) return judgement(rule, 'fired', { reasons, bounds, rests });
  const waits = `${act.action} must wait until ${new Date(until).toISOString()}`;
  return judgement(rule, 'cooldown', { reasons: [...reasons, waits], bounds, rests });
}

/** A judgement with what would have changed it. */
export function judgement(
  rule: RuleName,
  state: RuleJudgement['state'],
  found: Pick<RuleJudgement, 'reasons' | 'bounds' | 'rests'>,
): RuleJudgement {
  const { reasons, bounds, rests } = found;
  const isMet = state === 'fired' || state === 'in-force' || state === 'cooldown';
  // Where a figure is short, so is the number of checks: the figure is what it takes.
  const short = isMet ? [] : bounds.filter(({ figure, holds }) => !holds && figure !== IN_A_ROW);
  const nearest = nearestBound(short.length > 0 ? short : bounds, isMet);
  const others = bounds.filter((one) => one !== nearest && !one.holds).map(boundText);
  const wouldChange = nearest
    ? isMet
      ? `It would not be met without: ${boundText(nearest)}.`
      : `Nearest to being met: ${boundText(nearest)}.${others.length > 0 ? ` Other bounds not met: ${others.join('; ')}.` : ''}`
    : reasons.join('; ');
  return { rule, state, reasons, bounds, nearest, wouldChange, rests };
}
