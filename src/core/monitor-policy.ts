import { DRIFT_STREAMS, type DriftStream } from './drift.ts';
import { AssayerError } from './errors.ts';
import { identity } from './hash.ts';
import { isoTime } from './iso-time.ts';
import { POLICY_BOUNDS } from './monitor-policy-bounds.ts';
import type { Approver } from './release.ts';

/** What a check of a monitor tests: the streams of a drift check, and the sequential test over all of its checks. */
export type WatchedStream = DriftStream | 'sequential';

/** Streams that drift by themselves can widen the monitoring; a forecast tests nothing, and proxies have their own rule. */
export const WIDENING_STREAMS: readonly WatchedStream[] = [
  'sequential' as const,
  ...(Object.keys(DRIFT_STREAMS) as DriftStream[]).filter(
    (name) => name !== 'estimate' && name !== 'proxies',
  ),
].toSorted();

/** What a monitor's evidence leads to, agreed before it is seen. Numbers: POLICY_BOUNDS, docs/policies.md. */
export interface MonitorPolicy {
  readonly schema: 'assayer.policy/1';
  readonly name: string;
  /** Who answers for it. */
  readonly approver: Approver;
  /** ISO 8601 in UTC; it judges only what comes later. */
  readonly effectiveFrom: string;
  /** Names of the webhooks that are told of each action, beside the approver and the log. */
  readonly tell: readonly string[];
  /** What a check must have been made with. */
  readonly checks: { readonly alpha: number; readonly permutations: number; readonly seed: number };
  /** Drift that no stronger rule answers: the monitoring is widened. */
  readonly driftOnly: {
    readonly streams: readonly WatchedStream[];
    readonly sustained: number;
    readonly cooldownDays: number;
    readonly intervalFactor: number;
    readonly extraSeries: number;
    readonly labelsAsked: number;
    readonly steadyChecks: number;
  };
  /** Drift with fallen domain coverage, or a proxy mismatch: predictions outside the domain are frozen. */
  readonly outOfDomain: {
    readonly sustained: number;
    readonly cooldownDays: number;
    readonly coverageBelow: number;
  };
  /** The release is frozen. */
  readonly sustainedLoss: {
    readonly alpha: number;
    readonly toleratedExcess: number;
    readonly sustained: number;
    readonly cooldownDays: number;
    readonly minMaturity: number;
    readonly minEffectiveLabels: number;
    /** A frozen release marks its answers with the frozen state, or refuses to answer; both say why. */
    readonly frozenAnswer: 'mark' | 'refuse';
  };
  /** With a sustained loss: whether to retrain. */
  readonly retrain: {
    readonly minRelativeLoss: number;
    readonly delayAlpha: number;
    readonly cooldownDays: number;
  };
}

/** The rules of a policy that says nothing else. A confirmed assay change has no bounds: it is a fact. */
export const DEFAULT_POLICY_RULES = {
  tell: [],
  checks: { alpha: 0.05, permutations: 999, seed: 1 },
  driftOnly: {
    streams: WIDENING_STREAMS,
    sustained: 2,
    cooldownDays: 7,
    intervalFactor: 0.5,
    extraSeries: 8,
    labelsAsked: 20,
    steadyChecks: 3,
  },
  outOfDomain: { sustained: 2, cooldownDays: 7, coverageBelow: 0.8 },
  sustainedLoss: {
    alpha: 0.05,
    toleratedExcess: 0.05,
    sustained: 2,
    cooldownDays: 14,
    minMaturity: 0.8,
    minEffectiveLabels: 50,
    frozenAnswer: 'mark',
  },
  retrain: { minRelativeLoss: 0.1, delayAlpha: 0.05, cooldownDays: 30 },
} as const satisfies Omit<MonitorPolicy, 'schema' | 'name' | 'approver' | 'effectiveFrom'>;

/** What has no default: somebody must say it. */
const REQUIRED = {
  schema: 'assayer.policy/1',
  name: '',
  approver: { name: '', mail: '' },
  effectiveFrom: '',
} as const;

/** A policy's identity: everything has a say in it, also what was left to its default. */
export function monitorPolicyHash(policy: MonitorPolicy): string {
  return identity(policy);
}

/**
 * A policy from a parsed document: rules that it does not name keep their defaults; schema, name, approver and effectiveFrom
 * it must name.
 * @param document  what JSON or YAML was parsed to
 * @param path      where it was read, for the message
 * @throws ERR_POLICY with the path inside the document of what is unknown, missing, of another kind, or contradicts another
 */
export function parseMonitorPolicy(document: unknown, path: string): MonitorPolicy {
  const base = { ...REQUIRED, ...DEFAULT_POLICY_RULES };
  const refuse = (problem: string): never => {
    throw new AssayerError('ERR_POLICY', { path, problem });
  };
  if (isObject(document)) {
    for (const name of Object.keys(REQUIRED)) {
      if (!Object.hasOwn(document, name)) refuse(`${name} is missing`);
    }
  }
  const policy = merge(base, document, '', refuse) as MonitorPolicy;
  const contradiction = contradictionIn(policy);
  if (contradiction) refuse(contradiction);
  return policy;
}

/**
 * A policy must be known before it is effective: it is recorded no later than it takes effect.
 * @param recordedAt  milliseconds since 1970
 * @throws ERR_POLICY_LATE
 */
export function requireNotYetEffective({ name, effectiveFrom }: MonitorPolicy, recordedAt: number): void {
  if (Date.parse(effectiveFrom) >= recordedAt) return;
  throw new AssayerError('ERR_POLICY_LATE', {
    name,
    effectiveFrom,
    recorded: new Date(recordedAt).toISOString(),
  });
}

type Refuse = (problem: string) => never;

function merge(base: unknown, given: unknown, at: string, refuse: Refuse): unknown {
  const wrong = (wanted: string) => refuse(`${at || 'the whole'} is ${shown(given)}, not ${wanted}`);
  if (Array.isArray(base)) {
    if (!Array.isArray(given)) return wrong('a list of texts');
    return listOf(given, at, refuse);
  }
  if (isObject(base)) {
    if (!isObject(given)) return wrong('an object');
    const out: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(given)) {
      const inside = at ? `${at}.${key}` : key;
      if (!Object.hasOwn(base, key)) refuse(`${inside} is unknown`);
      out[key] = merge(out[key], value, inside, refuse);
    }
    if (at === 'approver') {
      for (const part of Object.keys(base)) if (out[part] === '') refuse(`${at}.${part} is missing`);
    }
    return out;
  }
  if (typeof base === 'number') return numberAt(at, given, wrong);
  if (typeof given !== 'string' || given.trim() === '') return wrong('a text');
  return textAt(at, given, wrong);
}

function numberAt(at: string, given: unknown, wrong: (wanted: string) => never): number {
  const { least, most, whole } = POLICY_BOUNDS[at];
  const fits = typeof given === 'number' && given >= least && given <= most;
  if (fits && (!whole || Number.isInteger(given))) return given;
  return wrong(`a ${whole ? 'whole ' : ''}number from ${least} to ${most}`);
}

/** A text, in the one form that enters the identity. */
function textAt(at: string, given: string, wrong: (wanted: string) => never): string {
  switch (at) {
    case 'schema':
      return given === REQUIRED.schema ? given : wrong(`${REQUIRED.schema}, which this engine reads`);
    case 'effectiveFrom':
      return isoTime(given) ?? wrong('a time such as 2026-12-01T00:00:00Z');
    case 'approver.name':
      return /\p{L}/u.test(given) ? given.trim() : wrong('a name');
    case 'approver.mail':
      return /^[^\s@]+@[^\s@]+$/.test(given) ? given : wrong('a mail address');
    case 'sustainedLoss.frozenAnswer':
      return given === 'mark' || given === 'refuse' ? given : wrong('mark or refuse');
    default:
      return given.trim();
  }
}

/** A list as a set: sorted, so that the order in which it was written makes no other policy. */
function listOf(given: readonly unknown[], at: string, refuse: Refuse): readonly unknown[] {
  for (const [i, item] of given.entries()) {
    const here = `${at}[${i}]`;
    if (typeof item !== 'string' || item.trim() === '') refuse(`${here} is ${shown(item)}, not a text`);
    if (given.indexOf(item) < i) refuse(`${here} repeats ${item}`);
    const known: readonly unknown[] = WIDENING_STREAMS;
    if (at === 'driftOnly.streams' && !known.includes(item)) {
      refuse(`${here} is ${item}; streams are ${WIDENING_STREAMS.join(', ')}`);
    }
  }
  if (at === 'driftOnly.streams' && given.length === 0)
    refuse(`${at} is empty, so that no drift is ever seen`);
  return given.toSorted();
}

/** The first two bounds that cannot both be meant; null where there are none. */
function contradictionIn({ checks, driftOnly, sustainedLoss, retrain }: MonitorPolicy): string | null {
  const smallest = 1 / (checks.permutations + 1);
  if (smallest > checks.alpha) {
    return `checks.permutations is ${checks.permutations}, so that no p is below ${smallest}, and checks.alpha is ${checks.alpha}: no check could ever fire`;
  }
  if (driftOnly.steadyChecks < driftOnly.sustained) {
    return `driftOnly.steadyChecks is ${driftOnly.steadyChecks}, below driftOnly.sustained ${driftOnly.sustained}: a monitor would return to normal on less than it was widened on`;
  }
  if (driftOnly.intervalFactor === 1 && driftOnly.extraSeries === 0 && driftOnly.labelsAsked === 0) {
    return 'driftOnly.intervalFactor is 1, driftOnly.extraSeries and driftOnly.labelsAsked are 0: widening would change nothing';
  }
  if (retrain.minRelativeLoss < sustainedLoss.toleratedExcess) {
    return `retrain.minRelativeLoss is ${retrain.minRelativeLoss}, below sustainedLoss.toleratedExcess ${sustainedLoss.toleratedExcess}: a loss that is tolerated would be worth a retrain`;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing');
}
