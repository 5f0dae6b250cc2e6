import { identity } from './hash.ts';
import type { ReleasePolicy } from './release-policy.ts';

/** The checks of the release gate, in the order they are told. */
export const CHECKS = [
  'integrity',
  'contract',
  'definition',
  'leakage',
  'labels',
  'baseline',
  'no-worse',
  'calibration',
  'card',
  'approver',
] as const;

export type CheckName = (typeof CHECKS)[number];

/** Plain values that a record can hold; numbers are finite. */
export type Evidence = Readonly<Record<string, unknown>>;

/** One thing that a check measured. */
export interface Measurement {
  readonly name: string;
  /** null where it could not be measured, and then it does not hold. */
  readonly value: number | string | null;
  /** What it must be, in words; 'reported' where it decides nothing. */
  readonly bound: string;
  readonly holds: boolean;
  /** Of a difference: the figure of the model, and the one it is compared with. */
  readonly own?: number | null;
  readonly other?: number | null;
}

/** What a check found. */
export interface CheckResult {
  readonly check: CheckName;
  /** waived: it failed, and the approver took that on with a reason. */
  readonly outcome: 'passed' | 'failed' | 'waived';
  /** For a chemist: what was found, and what it means. */
  readonly words: string;
  readonly measurements: readonly Measurement[];
  readonly evidence: Evidence;
  /** Why a failure was taken on. */
  readonly waiver?: string;
}

export interface Waiver {
  readonly check: CheckName;
  readonly reason: string;
}

/** Who answers for a release. */
export interface Approver {
  readonly name: string;
  readonly mail: string;
}

/** What a release is recorded with before it has its place in the chain. */
export interface ReleaseDecision {
  readonly schema: 'assayer.release/1';
  readonly endpoint: string;
  readonly version: string;
  readonly outcome: 'released' | 'refused';
  /** Identity of the model artifact; null where its manifest could not be read. */
  readonly artifact: string | null;
  /** Hash of the contract that the model was trained under; null likewise. */
  readonly contract: string | null;
  /** What checked it: versions of engine and packages, and the hash of the contract that it makes features under. */
  readonly engine: { readonly contract: string; readonly environment: Readonly<Record<string, string>> };
  /** The rows that figures were measured on. */
  readonly evaluation: { readonly hash: string; readonly rows: number; readonly source: string };
  readonly policy: { readonly hash: string; readonly content: ReleasePolicy };
  readonly checks: readonly CheckResult[];
  readonly waivers: readonly Waiver[];
  readonly approver: Approver;
  /** Identity of the artifact that was released when the checks were made; null for a first release. */
  readonly replaces: string | null;
  /** ISO 8601, from the engine's clock. */
  readonly time: string;
}

/** One immutable record; `previous` chains it to the record before it of the same endpoint. */
export interface ReleaseRecord extends ReleaseDecision {
  /** 1, 2, 3, ... without a gap. */
  readonly sequence: number;
  /** Hash of the record before it; null for the first. */
  readonly previous: string | null;
  readonly hash: string;
}

/** What an endpoint answers with: the last record of its chain that released something. */
export interface CurrentRelease {
  readonly version: string;
  readonly artifact: string;
  readonly contract: string;
  readonly sequence: number;
  /** Hash of that record. */
  readonly record: string;
  readonly approver: Approver;
  readonly time: string;
}

/** releases.json of a workspace. */
export interface ReleaseState {
  readonly schema: 'assayer.releases/1';
  readonly endpoints: Readonly<Record<string, CurrentRelease>>;
}

/** The identity of a record: SHA-256 over everything in it but the hash itself. */
export function releaseHash(record: Omit<ReleaseRecord, 'hash'> | ReleaseRecord): string {
  const { hash: _hash, ...rest } = record as ReleaseRecord;
  return identity(rest);
}

/** The last release of a chain; null where everything was refused. */
export function currentRelease(records: readonly ReleaseRecord[]): CurrentRelease | null {
  const last = records.findLast(({ outcome }) => outcome === 'released');
  if (!last) return null;
  const { version, sequence, hash, approver, time } = last;
  // A record with the outcome released has artifact and contract: the check of integrity cannot be waived.
  return {
    version,
    artifact: last.artifact as string,
    contract: last.contract as string,
    sequence,
    record: hash,
    approver,
    time,
  };
}
