import { AssayerError } from '../../core/errors.ts';
import {
  type DecisionAction,
  identifyDecision,
  type MonitorDecision,
  type MonitorEvent,
  type MonitorEvidence,
  type RuleJudgement,
} from '../../core/monitor-decision.ts';
import { type MonitorPolicy, monitorPolicyHash } from '../../core/monitor-policy.ts';
import { changeAtCheck, type JudgedEvent, judgeChange } from './assay-change.ts';
import { decisionWords } from './decision-words.ts';
import { judgeBackToNormal, judgeDriftOnly } from './drift-only.ts';
import { evidenceValues } from './evidence-values.ts';
import type { Check, Judging } from './judging.ts';
import { cooldownEnd, type MonitorState, monitorState } from './monitor-state.ts';
import { judgeOutOfDomain } from './out-of-domain.ts';
import { policyInEffect } from './policy-in-effect.ts';
import { judgeLoss } from './sustained-loss.ts';

/** All that is known of one monitor, in any order; what is later than the decision is not looked at. */
export interface MonitorHistory {
  readonly policies: readonly MonitorPolicy[];
  readonly evidence: readonly MonitorEvidence[];
  readonly events: readonly MonitorEvent[];
  readonly decisions: readonly MonitorDecision[];
}

/** A check or an event that a decision is about. */
type Item =
  | { readonly kind: 'evidence'; readonly id: string; readonly at: number; readonly what: MonitorEvidence }
  | { readonly kind: 'event'; readonly id: string; readonly at: number; readonly what: JudgedEvent };

/**
 * What the policy concludes from the newest check or event: pure, so that equal histories give equal decisions at any time
 * and place. The version in effect when that check was made judges it, by itself and by the checks before it that this
 * version judges too.
 * @param now  milliseconds since 1970
 * @returns null where there is nothing yet to decide about
 * @throws ERR_POLICY where two versions take effect at one time, ERR_POLICY_EVIDENCE where histories of several monitors are
 *   mixed
 */
export function decide(history: MonitorHistory, now: number): MonitorDecision | null {
  const item = itemsOf(history, now).at(-1);
  return item ? decideAbout(item, history, now) : null;
}

/**
 * Decides about everything that no decision is about yet, oldest first, each as of its own time, so that a check that nobody
 * looked at in time is judged by the policy that was in effect then, and not by a later one.
 * @returns new decisions in the order they were made; the caller records them
 * @throws as decide
 */
export function decidePending(history: MonitorHistory, now: number): MonitorDecision[] {
  const decided = new Set(history.decisions.map(({ judged }) => `${judged.kind} ${judged.id}`));
  const made: MonitorDecision[] = [];
  for (const item of itemsOf(history, now)) {
    if (decided.has(`${item.kind} ${item.id}`)) continue;
    made.push(decideAbout(item, { ...history, decisions: [...history.decisions, ...made] }, now));
  }
  return made;
}

/** Checks and events up to now, in order of time. */
function itemsOf({ evidence, events, decisions }: MonitorHistory, now: number): Item[] {
  const monitors = new Set([...evidence, ...events, ...decisions].map(({ monitor }) => monitor));
  if (monitors.size > 1) {
    const [monitor, other] = monitors;
    const problem = `there is some of monitor ${other} with it; give the history of one monitor`;
    throw new AssayerError('ERR_POLICY_EVIDENCE', { monitor, problem });
  }
  const items = new Map<string, Item>();
  for (const what of evidence) {
    items.set(`evidence ${what.id}`, { kind: 'evidence', id: what.id, at: Date.parse(what.time), what });
  }
  for (const what of events) {
    if (what.kind === 'resumed') continue;
    items.set(`event ${what.id}`, { kind: 'event', id: what.id, at: Date.parse(what.time), what });
  }
  return [...items.values()]
    .filter(({ at }) => at <= now)
    .sort(
      (a, b) => a.at - b.at || (a.kind === b.kind ? (a.id < b.id ? -1 : 1) : a.kind === 'event' ? -1 : 1),
    );
}

interface Conclusion {
  readonly rules: readonly RuleJudgement[];
  readonly actions: readonly DecisionAction[];
  readonly missing: MonitorDecision['missing'];
}

const NOTHING: Conclusion = { rules: [], actions: [], missing: [] };

function decideAbout(item: Item, history: MonitorHistory, now: number): MonitorDecision {
  const { monitor, release, time } = item.what;
  const policy = policyInEffect(history.policies, item.at);
  const events = history.events.filter((one) => Date.parse(one.time) <= item.at);
  const state = monitorState(history.decisions, history.events, release, now);
  const checks = policy ? checksUntil(item, history.evidence, policy) : [];
  const found = !policy
    ? NOTHING
    : item.kind === 'event'
      ? concludeEvent(item.what, events, state)
      : concludeCheck({ policy, checks, state, now }, events);
  const { rules, actions, missing } = found;
  const made = new Date(now).toISOString();
  const outcome = actions[0]?.action ?? (isJudged(rules) ? 'carry-on' : 'not-evaluable');
  const rests = new Set([item.id, ...rules.flatMap((one) => one.rests)]);
  const decision: Omit<MonitorDecision, 'id' | 'inWords'> = {
    schema: 'assayer.decision/1',
    monitor,
    release,
    time: made,
    judged: { kind: item.kind, id: item.id, time },
    policy: policy && {
      hash: monitorPolicyHash(policy),
      name: policy.name,
      effectiveFrom: policy.effectiveFrom,
    },
    outcome,
    rule: actions.length > 0 ? (rules.find((one) => one.state === 'fired')?.rule ?? null) : null,
    actions,
    rules,
    missing,
    inForce: state.inForce,
    cooldowns: policy ? cooldownsAfter(policy, state, actions, now) : [],
    evidence: checks
      .filter(({ id }) => rests.has(id))
      .map(({ id, evidence }) => ({ id, time: evidence.time, values: evidenceValues(evidence) })),
    tell: policy && actions.length > 0 ? ['log', policy.approver.mail, ...policy.tell] : ['log'],
  };
  return identifyDecision({ ...decision, inWords: decisionWords(decision) });
}

/** Checks of the item's release up to it that the policy judges, oldest first. */
function checksUntil(item: Item, evidence: readonly MonitorEvidence[], policy: MonitorPolicy): Check[] {
  const from = Date.parse(policy.effectiveFrom);
  const checks = new Map<string, Check>();
  for (const one of evidence) {
    const at = Date.parse(one.time);
    if (one.release !== item.what.release || at <= from || at > item.at) continue;
    checks.set(one.id, { id: one.id, at, evidence: one });
  }
  return [...checks.values()]
    .filter(({ id, at }) => item.kind === 'event' || at < item.at || id <= item.id)
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

function concludeEvent(event: JudgedEvent, events: readonly MonitorEvent[], state: MonitorState): Conclusion {
  const { judged, freeze } = judgeChange(event, events, state);
  return { rules: [judged], actions: freeze ? [freeze] : [], missing: [] };
}

/** All rules in the order of their severity; each that fires acts. */
function concludeCheck(judging: Judging, events: readonly MonitorEvent[]): Conclusion {
  const { policy, state, checks } = judging;
  const isAcrossChange = state.inForce.some((one) => one.state === 'comparisons-frozen');
  const change = changeAtCheck(events, state);
  const { loss, retrain, labels, missing } = judgeLoss(judging, isAcrossChange);
  const outOfDomain = judgeOutOfDomain(judging, isAcrossChange);
  const driftOnly = judgeDriftOnly(judging, isAcrossChange, [loss, outOfDomain]);
  const backToNormal = judgeBackToNormal(judging, isAcrossChange);
  const series = [...new Set(checks[checks.length - 1].evidence.streams.flatMap((one) => one.series))];
  const { frozenAnswer } = policy.sustainedLoss;
  const { intervalFactor, extraSeries, labelsAsked } = policy.driftOnly;
  const asked: [RuleJudgement, DecisionAction][] = [
    [loss, { action: 'freeze-release', answer: frozenAnswer }],
    [outOfDomain, { action: 'freeze-out-of-domain', answer: 'mark' }],
    [retrain, { action: 'retrain', endsAs: 'candidate' }],
    [driftOnly, { action: 'widen', intervalFactor, series: series.slice(0, extraSeries), labelsAsked }],
    [backToNormal, { action: 'return-to-normal' }],
  ];
  return {
    rules: [change, loss, outOfDomain, retrain, driftOnly, backToNormal, labels],
    actions: asked.flatMap(([{ state: judged }, action]) => (judged === 'fired' ? [action] : [])),
    missing,
  };
}

/** Whether any rule could be judged; one that waits for an event always can. */
function isJudged(rules: readonly RuleJudgement[]): boolean {
  const unasked = ['labels-not-ready', 'back-to-normal'];
  const ofChecks = rules.filter(
    ({ rule }) => !unasked.includes(rule) && (rules.length === 1 || rule !== 'assay-change'),
  );
  return ofChecks.some(({ state }) => state !== 'not-evaluable');
}

const ACTIONS = [
  'freeze-comparisons',
  'freeze-release',
  'freeze-out-of-domain',
  'retrain',
  'widen',
  'return-to-normal',
] as const;

/** Until when each action must wait, those just taken included. */
function cooldownsAfter(
  policy: MonitorPolicy,
  state: MonitorState,
  actions: readonly DecisionAction[],
  now: number,
): MonitorDecision['cooldowns'] {
  const taken = new Set<string>(actions.map(({ action }) => action));
  const after: MonitorState = {
    ...state,
    takenAt: (action) => (taken.has(action) ? now : state.takenAt(action)),
  };
  return ACTIONS.flatMap((action) => {
    const until = cooldownEnd(policy, after, action);
    return until > now ? [{ action, until: new Date(until).toISOString() }] : [];
  });
}
