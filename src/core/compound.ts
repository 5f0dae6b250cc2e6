/** Compounds as they came in: the row in the input (from 0), the caller's id, and the text taken as SMILES. */
export interface CompoundBatch {
  readonly rows: readonly number[];
  readonly ids: readonly string[];
  readonly inputs: readonly string[];
}

/**
 * Featurized compounds, one array per column, in the order of the input. Row i of every column is compound i.
 * A rejected compound keeps its place: `reasons[i]` is set, its texts are empty and its numbers zero.
 */
export interface FeatureBatch {
  readonly count: number;
  /** null where accepted, else the text made by `rejectReason`. */
  readonly reasons: (string | null)[];
  /** Canonical SMILES of the standardized parent. */
  readonly smiles: string[];
  /** Standard InChIKey of the parent; empty where InChI has none (dummy atoms, say). */
  readonly inchikeys: string[];
  /** Canonical SMILES of the parent's Bemis-Murcko scaffold; empty when acyclic. */
  readonly scaffolds: string[];
  /** What standardization did, in words joined by "; "; empty when nothing. */
  readonly notes: string[];
  /** uint8 [count, 384], layout in core/fingerprint.ts. */
  readonly fingerprints: Uint8Array;
  /** float32 [count, 43], order of DESCRIPTOR_NAMES. */
  readonly descriptors: Float32Array;
}
