import type { StateInForce } from './monitoring-state.ts';

/** What a result is made of and nothing else: equal work gives an equal record, whenever and wherever it is done. */
export interface WorkRecord {
  readonly schema: 'assayer.work/1';
  readonly engine: string;
  readonly contract: string;
  readonly input: {
    readonly sha256: string;
    readonly format: string;
    readonly smilesColumn: string;
    readonly idColumn: string | null;
  };
  readonly models: readonly {
    readonly endpoint: string;
    readonly version: string;
    readonly hash: string;
    readonly unit: string;
    /** Trained on few rows (LOW_EVIDENCE_ROWS). */
    readonly lowEvidence: boolean;
    /** False for an imported model without held-out rows: no intervals, probabilities as the model gives them. */
    readonly calibrated: boolean;
    /** Whether it is the current release of its endpoint; null where the workspace has released none. */
    readonly released: boolean | null;
    /** What monitoring had put in force for it, most severe first; absent where there was nothing. */
    readonly states?: readonly StateInForce[];
  }[];
  /** Whether the column with what standardization did was asked for. */
  readonly notes: boolean;
}

/** A written file. */
export interface OutputRecord {
  readonly path: string;
  readonly format: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A run's whole pedigree: the work, and when, where and on what it was done. Written as OUT.lineage.json. */
export interface LineageRecord {
  readonly schema: 'assayer.lineage/1';
  readonly run: string;
  readonly work: WorkRecord;
  readonly workHash: string;
  readonly input: string;
  readonly output: OutputRecord;
  /** The file of rejected rows, where one was asked for. */
  readonly rejects: OutputRecord | null;
  /** sha256 is null where the features were not kept: a compound ran into a deadline, which need not happen again. */
  readonly featureSet: { readonly sha256: string | null; readonly reused: boolean };
  readonly devices: Readonly<Record<string, string>>;
  readonly refusals: readonly { readonly device: string; readonly reason: string }[];
  readonly environment: Readonly<Record<string, string>>;
  readonly counts: { readonly rows: number; readonly accepted: number; readonly rejected: number };
  readonly startedAt: string;
  readonly finishedAt: string;
}
