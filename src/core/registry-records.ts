import type { FeatureContract } from './contract.ts';
import type { EndpointDefinition } from './endpoint.ts';
import { identity } from './hash.ts';
import type { LineageRecord } from './lineage.ts';
import type { BridgeTested, MonitorDecision, MonitorEvidence, Resumed } from './monitor-decision.ts';
import type { MonitorPolicy } from './monitor-policy.ts';
import type { Approver, ReleaseRecord } from './release.ts';

/** An endpoint's definition, with the rules that turn measurements into one label of a compound. */
export interface SharedDefinition {
  readonly endpoint: EndpointDefinition;
  /** How several values of one compound become one; what is done where there is none. */
  readonly merging: string;
  readonly missing: string;
}

/** One thing that went into a run or came out of it, under the role that it had: 'input', 'artifact', 'output' ... */
export interface LineageEdge {
  readonly role: string;
  readonly hash: string;
}

/** What each kind of record says; times are ISO 8601 in UTC with milliseconds, hashes 64 hexadecimal digits. */
export interface RecordBodies {
  /** A tenant; the subject is its name. */
  team: { readonly title: string };
  /** The subject is the endpoint. A second one of an endpoint names the variant that it is. */
  definition: {
    readonly definition: SharedDefinition;
    readonly variant: string | null;
    /** Assays whose values are labels under this definition, by the names that submissions and labels give them. */
    readonly assays: readonly string[];
  };
  /** The subject is the contract's hash; so with every kind that is named by its content. */
  contract: { readonly contract: FeatureContract };
  dataset: {
    readonly endpoint: string;
    /** Hash of the definition that its labels are under. */
    readonly definition: string;
    readonly source: string;
    readonly licence: string;
    readonly rows: number;
    /** SHA-256 of the files that it was made from. */
    readonly files: Readonly<Record<string, string>>;
  };
  'feature-set': { readonly contract: string; readonly input: string; readonly rows: number };
  artifact: {
    readonly endpoint: string;
    readonly version: string;
    readonly contract: string;
    readonly dataset: string;
    readonly trainer: string;
  };
  /** The subject is the endpoint. A release stands here with every check of its gate. */
  release: { readonly release: ReleaseRecord };
  /** The subject is the run's id. */
  run: {
    readonly command: string;
    readonly caller: string;
    readonly engine: string;
    readonly devices: Readonly<Record<string, string>>;
    readonly environment: Readonly<Record<string, string>>;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly counts: { readonly rows: number; readonly accepted: number; readonly rejected: number };
    readonly inputs: readonly LineageEdge[];
    readonly outputs: readonly LineageEdge[];
    /** Of a screen: what stands in its OUT.lineage.json too, so that its predictions can be found and read by it. */
    readonly lineage?: LineageRecord;
  };
  /** A compound was sent to an assay; the subject is the compound. */
  submission: { readonly endpoint: string; readonly assay: string; readonly submittedAt: string };
  /** A value of a compound; the subject is the compound. A later one of the same assay is a revision of it. */
  label: {
    readonly endpoint: string;
    readonly assay: string;
    readonly value: number;
    /** '<': the true value lies at or below `value`. */
    readonly relation: '<' | '=' | '>';
    readonly unit: string;
    readonly measuredAt: string;
  };
  /** The subject is the event's id: reported by one person, then confirmed by another. */
  'assay-event':
    | {
        readonly stage: 'reported';
        readonly endpoint: string;
        readonly assay: string;
        readonly change: string;
        /** When the assay changed. */
        readonly since: string;
        readonly by: Approver;
      }
    | { readonly stage: 'confirmed'; readonly reason: string; readonly by: Approver };
  /** The subject is the monitor's id; a later record takes the place of an earlier one. */
  monitor: {
    readonly endpoint: string;
    /** Hash of the release record that it watches. */
    readonly release: string;
    /** Hash of what batches are compared with. */
    readonly reference: string;
    readonly streams: readonly string[];
    readonly schedule: string;
    readonly policy: string;
    /** What makes rows belong together: 'scaffold' where it is absent, 'none', or the name of a column. */
    readonly cluster?: string;
  };
  /** The subject is the policy's hash. */
  policy: { readonly policy: MonitorPolicy };
  /** Someone's consent to a record; the subject is that record's hash. */
  approval: { readonly approver: Approver; readonly reason: string };
  /** What a check found, and the run that found it; the subject is the monitor. */
  evidence: { readonly run: string; readonly evidence: MonitorEvidence };
  /** What a policy concluded; the subject is the monitor. */
  decision: { readonly decision: MonitorDecision };
  /** What happened to a monitor beside its checks and changes of the assay ('assay-event'); the subject is the monitor. */
  'monitor-event': BridgeTested | Resumed;
  /** Where a retrain that a decision asked for stands; the subject is the endpoint. */
  retrain: {
    readonly monitor: string;
    /** Id of the decision; each asks for one retrain, which may be started anew until it has ended as a candidate. */
    readonly decision: string;
    readonly stage: 'requested' | 'started' | 'candidate' | 'failed';
    /** Of a candidate: the artifact's identity and its version. */
    readonly artifact?: string;
    readonly version?: string;
    /** Of a failure. */
    readonly problem?: string;
  };
  /** Somebody was told of a decision, or was not; the subject is the decision's id. */
  told: { readonly to: string; readonly outcome: ToldOutcome };
  /** Records that went to another registry or came from it; the subject is the bundle's hash. */
  bundle: {
    readonly direction: 'pushed' | 'pulled';
    /** SHA-256 of the public key of the other registry. */
    readonly peer: string;
    readonly records: readonly string[];
    /** What both sides say differently, and so was not taken. */
    readonly conflicts: readonly {
      readonly kind: string;
      readonly subject: string;
      readonly problem: string;
    }[];
  };
  /** A signed head of this chain; the subject is its hash. */
  head: { readonly head: SignedHead };
}

/** What came of telling somebody; no address and no secret stands in it. */
export interface ToldOutcome {
  readonly delivered: boolean;
  readonly attempts: readonly {
    readonly time: string;
    /** HTTP; null where no answer came. */
    readonly status: number | null;
    readonly problem: string | null;
    readonly waitedMs: number;
  }[];
  readonly inWords: string;
}

export type RecordKind = keyof RecordBodies;

export const RECORD_KINDS = [
  'team',
  'definition',
  'contract',
  'dataset',
  'feature-set',
  'artifact',
  'release',
  'run',
  'submission',
  'label',
  'assay-event',
  'monitor',
  'policy',
  'approval',
  'evidence',
  'decision',
  'monitor-event',
  'retrain',
  'told',
  'bundle',
  'head',
] as const satisfies readonly RecordKind[];

/** A record before it has its place in the chain. `team` is null for what all teams share. */
export type RegistryDraft = {
  [K in RecordKind]: {
    readonly kind: K;
    readonly subject: string;
    readonly team: string | null;
    readonly body: RecordBodies[K];
  };
}[RecordKind];

/** A record in its place: `previous` is the hash of the record before it, null for the first. */
export type RegistryRecord<K extends RecordKind = RecordKind> = {
  [P in K]: {
    readonly sequence: number;
    readonly kind: P;
    readonly subject: string;
    readonly team: string | null;
    readonly time: string;
    readonly previous: string | null;
    readonly body: RecordBodies[P];
    readonly hash: string;
  };
}[K];

/** A record as it is stored and hashed: the body is its canonical JSON, so that what is hashed are bytes. */
export interface StoredRecord {
  readonly sequence: number;
  readonly kind: string;
  readonly subject: string;
  readonly team: string | null;
  readonly time: string;
  readonly previous: string | null;
  readonly body: string;
  readonly hash: string;
}

/** The identity of a record: SHA-256 over everything in it but the hash itself. */
export function recordHash(record: Omit<StoredRecord, 'hash'>): string {
  const { sequence, kind, subject, team, time, previous, body } = record;
  return identity({ sequence, kind, subject, team, time, previous, body });
}

/** The identity of a definition. */
export function definitionHash(definition: SharedDefinition): string {
  return identity(definition);
}

/** Where a chain stood, signed with Ed25519 over the canonical JSON of everything but the signature. */
export interface SignedHead {
  readonly schema: 'assayer.head/1';
  readonly sequence: number;
  readonly hash: string;
  readonly time: string;
  /** SHA-256 of the public key's DER encoding. */
  readonly key: string;
  /** Base64. */
  readonly signature: string;
}
