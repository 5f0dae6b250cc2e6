import type { DriftEffect, NotEvaluable, Verdict } from './drift.ts';
import { identity } from './hash.ts';
import type { WatchedStream } from './monitor-policy.ts';
import type { Approver } from './release.ts';

/** What one stream of a check said, as far as a decision needs it. */
export interface StreamEvidence {
  readonly stream: Exclude<WatchedStream, 'sequential'>;
  readonly state: Exclude<Verdict['state'], 'forecast'>;
  readonly reason?: NotEvaluable;
  readonly p: number | null;
  /** What p was compared with. */
  readonly alpha: number;
  readonly effect: DriftEffect | null;
  /** Chemical series that moved, the most first. */
  readonly series: readonly string[];
}

/** Share of the batch inside the domain, with its 95 % interval. */
export interface DomainCoverage {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** Where the loss of a model stands against that of held-out compounds. */
export interface LossEvidence {
  /** Natural logarithm of the risk process now, not of its largest value. */
  readonly logWealth: number;
  /** Mean loss beyond the reference's, in parts of it, that the risk process takes for none. */
  readonly toleratedExcess: number;
  /** Mean loss of the whole batch, with its 95 % interval, and of held-out compounds. */
  readonly error: number;
  readonly low: number;
  readonly high: number;
  readonly reference: number;
  readonly unit: string;
}

/** How far the labels behind a loss can be trusted. */
export interface LabelEvidence {
  /** Share expected to have arrived. */
  readonly maturity: number;
  readonly effectiveLabels: number;
  /** p that loss and delay do not depend on each other; 1 where all delays are equal, null where it was not tested. */
  readonly delayP: number | null;
  /** When the labels are expected to be mature (ISO 8601); null where the delays seen so far do not reach so far. */
  readonly matureOn: string | null;
}

/** One check of one monitor in the form that a decision needs. */
export interface MonitorEvidence {
  readonly schema: 'assayer.evidence/1';
  /** SHA-256 over everything else. */
  readonly id: string;
  readonly monitor: string;
  /** Hash of the release record that was watched. */
  readonly release: string;
  /** When the check was made; ISO 8601 in UTC. */
  readonly time: string;
  /** Identity of the drift report. */
  readonly report: string;
  readonly settings: { readonly alpha: number; readonly permutations: number; readonly seed: number };
  readonly streams: readonly StreamEvidence[];
  /** Natural logarithm of the sequential test's capital now; null where the monitor runs none. */
  readonly sequential: { readonly logWealth: number } | null;
  readonly domain: DomainCoverage | null;
  readonly loss: LossEvidence | null;
  readonly labels: LabelEvidence | null;
}

interface EventBase {
  readonly id: string;
  readonly monitor: string;
  /** Hash of the release record that was watched when it happened. */
  readonly release: string;
  /** When it was recorded; ISO 8601 in UTC. */
  readonly time: string;
}

/** Somebody says that the assay or its protocol is another one. */
export interface ChangeReported extends EventBase {
  readonly kind: 'change-reported';
  readonly what: 'assay' | 'protocol';
  /** From when on results are of the other assay; ISO 8601 in UTC. */
  readonly changedFrom: string;
  readonly reporter: Approver;
  readonly words: string;
}

/** Somebody else confirms it. */
export interface ChangeConfirmed extends EventBase {
  readonly kind: 'change-confirmed';
  /** Id of the report. */
  readonly report: string;
  readonly confirmer: Approver;
}

/** Controls measured before and after; statistics/bridge-compounds.ts judges them. */
export interface BridgeTested extends EventBase {
  readonly kind: 'bridge-tested';
  readonly verdict: 'changed' | 'equivalent' | 'undecided' | 'no-spread';
  readonly pairs: number;
  /** Mean of after - before. */
  readonly difference: number;
  readonly unit: string;
}

/** A named person ends a freeze. */
export interface Resumed extends EventBase {
  readonly kind: 'resumed';
  readonly scope: FrozenState;
  readonly approver: Approver;
  readonly reason: string;
}

export type MonitorEvent = ChangeReported | ChangeConfirmed | BridgeTested | Resumed;

export type FrozenState = 'comparisons-frozen' | 'release-frozen' | 'out-of-domain-frozen';

/** What is in force for a release until it is ended: freezes by a new release or a resume, widening by steady checks. */
export interface InForce {
  readonly state: FrozenState | 'widened';
  readonly since: string;
  /** Id of the decision that began it. */
  readonly decision: string;
}

/** The rules, most severe first. */
export const RULES = {
  'assay-change': 'a confirmed assay or protocol change, or a failed test of bridge compounds',
  'sustained-loss': 'the model errs more than is tolerated, by enough mature labels',
  'out-of-domain': 'drift with fallen domain coverage, or confidence that does not follow the chemistry',
  retrain: 'a sustained loss that is worth a retrain',
  'drift-only': 'drift that no stronger rule answers',
  'back-to-normal': 'a widened monitor that has been steady',
  'labels-not-ready': 'labels that are immature, too few or biased: nothing is retrained on them',
} as const;

export type RuleName = keyof typeof RULES;

/** What a decision does. Each is carried out by the flow that asked; a decision changes nothing by itself. */
export type DecisionAction =
  | {
      readonly action: 'freeze-comparisons';
      /** The report that was confirmed, or the bridge test. */
      readonly change: string;
      /** null where a bridge test found it: before its time, nobody knows since when. */
      readonly changedFrom: string | null;
      readonly requires: 'new-dataset-version';
    }
  | { readonly action: 'freeze-release'; readonly answer: 'mark' | 'refuse' }
  | { readonly action: 'freeze-out-of-domain'; readonly answer: 'mark' }
  /** As a queued build that ends as a candidate at the release gate. */
  | { readonly action: 'retrain'; readonly endsAs: 'candidate' }
  | {
      readonly action: 'widen';
      readonly intervalFactor: number;
      readonly series: readonly string[];
      readonly labelsAsked: number;
    }
  | { readonly action: 'return-to-normal' };

export type ActionName = DecisionAction['action'];

/** One figure beside the bound that it was held against. */
export interface BoundCheck {
  /** What was measured: 'label maturity', 'consecutive checks'. */
  readonly figure: string;
  /** null where it is not known. */
  readonly value: number | null;
  readonly relation: '>=' | '>' | '<=' | '<';
  readonly bound: number;
  readonly unit: string;
  /** The policy's field that the bound comes from; null where it is no field. */
  readonly field: string | null;
  readonly holds: boolean;
}

export interface RuleJudgement {
  readonly rule: RuleName;
  /**
   * fired: it acts, or for labels-not-ready it bars a retrain; in-force: what it would do is done already; cooldown: it
   * would, and must wait; not-met; not-evaluable: with the reasons
   */
  readonly state: 'fired' | 'in-force' | 'cooldown' | 'not-met' | 'not-evaluable';
  readonly reasons: readonly string[];
  readonly bounds: readonly BoundCheck[];
  /** Of a rule that is not met the nearest bound that is not; of one that is met the bound that is met most barely. */
  readonly nearest: BoundCheck | null;
  /** What would have changed the judgement. */
  readonly wouldChange: string;
  /** Ids of the evidence and events that it rests on. */
  readonly rests: readonly string[];
}

/** What labels lack, and when it is expected. */
export interface Missing {
  readonly what: 'labels' | 'label maturity' | 'effective labels' | 'unbiased labels';
  readonly inWords: string;
  /** ISO 8601; null where nobody can say. */
  readonly expected: string | null;
}

/** What a policy concluded from one check or one event. */
export interface MonitorDecision {
  readonly schema: 'assayer.decision/1';
  /** SHA-256 over everything else. */
  readonly id: string;
  readonly monitor: string;
  readonly release: string;
  /** When it was made; ISO 8601 in UTC. */
  readonly time: string;
  /** The check or event that it is about. */
  readonly judged: { readonly kind: 'evidence' | 'event'; readonly id: string; readonly time: string };
  /** The version in effect when the check was made; null where there was none, and then nothing is decided. */
  readonly policy: {
    readonly hash: string;
    readonly name: string;
    readonly effectiveFrom: string;
  } | null;
  /** The most severe action; carry-on where a judgement needs none. */
  readonly outcome: ActionName | 'carry-on' | 'not-evaluable';
  /** The most severe rule that acted. */
  readonly rule: RuleName | null;
  readonly actions: readonly DecisionAction[];
  readonly rules: readonly RuleJudgement[];
  readonly missing: readonly Missing[];
  /** What was in force before it. */
  readonly inForce: readonly InForce[];
  /** Actions that must wait after this decision, and until when. */
  readonly cooldowns: readonly { readonly action: ActionName; readonly until: string }[];
  /** Evidence that rules rest on, with its figures. */
  readonly evidence: readonly {
    readonly id: string;
    readonly time: string;
    readonly values: Readonly<Record<string, number>>;
  }[];
  /** The log always; with an action also the approver's address and the policy's webhooks. */
  readonly tell: readonly string[];
  readonly inWords: string;
}

/** Evidence with its id. */
export function identifyEvidence(evidence: Omit<MonitorEvidence, 'id'>): MonitorEvidence {
  return { ...evidence, id: identity(evidence) };
}

/** A decision with its id. */
export function identifyDecision(decision: Omit<MonitorDecision, 'id'>): MonitorDecision {
  return { ...decision, id: identity(decision) };
}
