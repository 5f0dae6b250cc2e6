import type { Fraction, Metric } from './metric.ts';
import type { MmdInput, MmdResult } from './mmd.ts';
import type { Neighbors } from './ports.ts';

/** Index of a neighbour that does not exist: there are fewer references than asked for. */
export const NO_NEIGHBOR = 0xffffffff;

/** Packed fingerprints, row-major: bit k of a row is `(bytes[k >> 3] >> (k & 7)) & 1`. */
export interface PackedRows {
  /** uint8 [n, rowBytes] */
  readonly fingerprints: Uint8Array;
  /** Bits compared: a multiple of 256 up to 8,192, from the start of each row. */
  readonly bits: number;
  /** Bytes from one row to the next, at least bits / 8; bits / 8 when not said. */
  readonly rowBytes?: number;
}

/** References to search in; nothing of them is kept once the index is made. */
export interface References extends PackedRows {
  /** One bit for each row, bit i = `(bytes[i >> 3] >> (i & 7)) & 1`; rows whose bit is set are never found. */
  readonly tombstones?: Uint8Array;
}

export interface SearchOptions {
  /** Tanimoto when not said. */
  readonly metric?: Metric;
  readonly signal?: AbortSignal;
}

/** Hits of every query: those of query q are at offsets[q] .. offsets[q + 1] - 1. */
export interface Hits {
  /** float64 [queries + 1]; integers */
  readonly offsets: Float64Array;
  /** The reference's row. */
  readonly indexes: Uint32Array;
  /** Shared bits. */
  readonly intersections: Uint16Array;
  /** Bits set in either. */
  readonly unions: Uint16Array;
}

/**
 * References laid out for search on one backend. Queries are packed rows with the index's `rowBytes`. Results are the
 * same bytes on every backend and with any number of threads.
 *
 * Order of results, everywhere: higher similarity first, compared as exact fractions; then the lower row.
 */
export interface SearchIndex extends AsyncDisposable {
  /** Rows given, tombstones included. */
  readonly size: number;
  readonly bits: number;
  readonly rowBytes: number;
  /**
   * The k most similar references of each query.
   * @param queries  uint8 [q, rowBytes]
   * @param k        at least 1; where there are fewer references the rest is NO_NEIGHBOR, 0, 0
   * @returns indexes uint32 [q, k], intersections and unions uint16 [q, k]; exact. The caller owns them.
   * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY
   */
  nearest(queries: Uint8Array, k: number, options?: SearchOptions): Promise<Neighbors>;
  /**
   * Every reference whose similarity is at least the threshold.
   * @param queries    uint8 [q, rowBytes]
   * @param threshold  0 <= numerator <= denominator <= 10,000, integers
   * @returns hits of variable number, exact. The caller owns them.
   * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY
   */
  within(queries: Uint8Array, threshold: Fraction, options?: SearchOptions): Promise<Hits>;
  /**
   * How many queries have their most similar reference in each of so many equal bins of similarity 0..1; see
   * `similarityBin`. Queries are counted nowhere when there is no reference.
   * @param queries  uint8 [q, rowBytes]
   * @param bins     1 to MAX_BINS
   * @returns uint32 [bins], exact. The caller owns it.
   * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY
   */
  nearestHistogram(queries: Uint8Array, bins: number, options?: SearchOptions): Promise<Uint32Array>;
}

/** The operations that a backend can offer; the reference backend offers all, each exact unless a tolerance is given. */
export interface Operations {
  /**
   * Lays references out for `nearest` and `within`.
   * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY
   */
  search(references: References, options?: { readonly signal?: AbortSignal }): Promise<SearchIndex>;
  /**
   * Shared bits of every query with every target. Exact.
   * @param queries  [q, rowBytes]
   * @param targets  [t, rowBytes], of the same number of bits
   * @returns uint16 [q, t], row-major. The caller owns it.
   * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY
   */
  intersections(
    queries: PackedRows,
    targets: PackedRows,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Uint16Array>;
  /**
   * Unbiased squared maximum mean discrepancy between two samples, for the true labels and permuted ones, for each
   * of several kernels.
   *
   * The observed value is within 1e-12 of the reference's and permuted ones within 1e-5 (kernels are in [0, 1]);
   * exceedances and p are equal on every backend.
   * @returns float64 [kernels, B + 1], exceedances and p. The caller owns them.
   * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY
   */
  mmd(input: MmdInput, options?: { readonly signal?: AbortSignal }): Promise<MmdResult>;
}

export type OperationName = keyof Operations;
