import type { DescriptorEncoding } from '../../trainers/descriptor-encoding.ts';

/** One side of a drift check; row i of every array is one accepted compound. */
export interface DriftSample {
  /** As the caller named it. */
  readonly name: string;
  /** SHA-256 of what the rows were read from; an artifact's hash for a model. */
  readonly hash: string;
  readonly rejected: number;
  /** How its columns of SMILES and ids were found, in words; a model has none. */
  readonly how?: string;
  /** Why its rows cannot be compared with any that this engine makes; then none were read. */
  readonly mismatch?: string;
  readonly ids: readonly string[];
  /** Whether `ids` are row numbers, because the file has no column of ids. */
  readonly numbered: boolean;
  readonly inchikeys: readonly string[];
  /** Canonical SMILES of the parents; null for a model's training compounds, which are kept as numbers only. */
  readonly smiles: readonly string[] | null;
  /** uint8 [n, 384] */
  readonly fingerprints: Uint8Array;
  /**
   * float64 [n, 43]: raw descriptors, or, where one side is a model's training compounds, both sides as the model
   * encodes them (log scale, standardized, half precision). null where a model keeps none.
   */
  readonly descriptors: Float64Array | null;
  /** How `descriptors` are encoded; where they are a model's training compounds, and its graph says so. */
  readonly encoding?: DescriptorEncoding;
  /** float64 [n, 43]: of a batch whose `descriptors` are encoded, what they were. */
  readonly rawDescriptors?: Float64Array;
  /** Text of each covariate asked for, by column. */
  readonly covariates: ReadonlyMap<string, readonly string[]>;
  /** What the rows belong together by; null where each row stands for itself. */
  readonly clusters: readonly string[] | null;
  /** What a person calls each row's cluster: its scaffold, the cell, an id; '' for compounds without rings. */
  readonly series: readonly string[];
}
