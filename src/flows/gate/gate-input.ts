import type { Manifest } from '../../core/artifact.ts';
import type { FeatureContract } from '../../core/contract.ts';
import type { Approver, CheckName, CheckResult, Evidence, Measurement } from '../../core/release.ts';
import type { ReleasePolicy } from '../../core/release-policy.ts';
import type { ScoredRows } from '../evaluate.ts';
import type { ModelArtifact } from '../models.ts';
import type { EvaluationSet } from '../release-evaluation.ts';

/** An artifact with its answers for the evaluation rows. */
export interface ScoredModel {
  readonly artifact: ModelArtifact;
  readonly rows: ScoredRows;
}

/** What the checks look at. */
export interface GateInput {
  readonly policy: ReleasePolicy;
  /** Contract of the engine that will serve the model. */
  readonly contract: FeatureContract;
  readonly evaluation: EvaluationSet;
  readonly approver: Approver;
  readonly candidate: {
    /** endpoint@version */
    readonly name: string;
    readonly manifest: Manifest | null;
    /** null where files do not match their hashes, which `damage` tells. */
    readonly artifact: ModelArtifact | null;
    readonly damage: string | null;
    /** Where the graph refers to data outside its file; empty for a graph that is whole. */
    readonly externalData: readonly string[];
    /** Text of card.md; null where there is none. */
    readonly card: string | null;
    /** null where it was not run, for the reason in `unscored`. */
    readonly scored: ScoredModel | null;
    readonly unscored: string | null;
  };
  /** What the endpoint answers with now; null before its first release. */
  readonly current: {
    readonly name: string;
    /** null where its artifact is not there any more or cannot be run, which `problem` tells. */
    readonly scored: ScoredModel | null;
    readonly problem: string | null;
  } | null;
}

/** One check of the gate. It measures, it never throws for what it finds. */
export type Check = (input: GateInput) => CheckResult | Promise<CheckResult>;

/** The result of a check: passed where every measurement holds. */
export function judged(
  check: CheckName,
  measurements: readonly Measurement[],
  words: string,
  evidence: Evidence = {},
): CheckResult {
  const outcome = measurements.every(({ holds }) => holds) ? 'passed' : 'failed';
  return { check, outcome, words, measurements, evidence };
}

/** What checks say that have nothing to measure since the files are damaged, which the check of integrity tells. */
export const SEE_INTEGRITY = 'see integrity';

/** What could not be looked at does not pass. */
export function notMeasured(check: CheckName, reason: string | null): CheckResult {
  return {
    check,
    outcome: 'failed',
    words: `Not measured: ${reason ?? 'the model was not run'}.`,
    measurements: [],
    evidence: {},
  };
}

/** A measurement that decides nothing. */
export function reported(name: string, value: number | string): Measurement {
  return { name, value, bound: 'reported', holds: true };
}

/** A number as a record keeps it: six significant digits, null where it is none. */
export function figure(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}

/** A measured number and whether it keeps its bound; one that is no number does not. */
export function measured(name: string, value: number, bound: string, holds: boolean): Measurement {
  return { name, value: figure(value), bound, holds: Number.isFinite(value) && holds };
}

/** `12.3 %` */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
