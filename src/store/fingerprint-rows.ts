/** Bytes of a stored row: whole steps of 256 bits, those past the fingerprint's length zero. */
export function paddedBytes(bits: number): number {
  return Math.ceil(bits / 256) * 32;
}

/** Bytes of a fingerprint as other tools store it. */
export function packedBytes(bits: number): number {
  return Math.ceil(bits / 8);
}

/** True where a bit is set past the end of a fingerprint whose length is no multiple of eight. */
export function hasStrayBits(row: Uint8Array, bits: number): boolean {
  return bits % 8 !== 0 && row[bits >> 3] >> (bits & 7) !== 0;
}

/** Rows to index. Row i of every column is one compound or fingerprint. */
export interface IndexRows {
  readonly count: number;
  /** Unique in an index. */
  readonly ids: readonly string[];
  /** Standard InChIKey and canonical SMILES of the parent; empty where not known. */
  readonly inchikeys: readonly string[];
  readonly smiles: readonly string[];
  /** uint8 [count, paddedBytes(bits)]: bit k is `(bytes[k >> 3] >> (k & 7)) & 1`. */
  readonly fingerprints: Uint8Array;
}

/** A batch of fingerprints from a file of another tool. */
export interface FingerprintBatch {
  readonly count: number;
  /** Row in the file, from 0, of the first one. */
  readonly firstRow: number;
  readonly ids: readonly string[];
  /** uint8 [count, paddedBytes(bits)] */
  readonly fingerprints: Uint8Array;
}

/** A file of fingerprints made elsewhere. */
export interface FingerprintFile extends AsyncDisposable {
  /** As the caller named it. */
  readonly path: string;
  readonly bits: number;
  /** What they are, where the file or the caller states it. */
  readonly type: string | null;
  /** SHA-256 of the bytes as given. */
  readonly sha256: string;
  /** Share that the latest `batches` has taken in, 0 to 1. */
  progress(): number;
  /** All rows from the start, `batchRows` at a time. May be called again. */
  batches(batchRows: number, signal?: AbortSignal): AsyncGenerator<FingerprintBatch>;
}
