import type { FeatureBatch } from './compound.ts';
import type { FeatureContract } from './contract.ts';

export interface FeaturizeOptions {
  /** What the inputs are; SMILES when not said. */
  readonly kind?: 'smiles' | 'molblock';
  readonly signal?: AbortSignal;
}

/** Turns compounds into features under one contract. */
export interface Featurizer extends AsyncDisposable {
  readonly contract: FeatureContract;
  /** Features of every input, in the order of the inputs; a bad input is a rejected row, never an error. */
  featurize(inputs: readonly string[], options?: FeaturizeOptions): Promise<FeatureBatch>;
}

/** What a model says of a batch; row i belongs to compound i. The caller owns the arrays. */
export interface Predictions {
  /** float32 [count], on the modelled scale; a probability for classes */
  readonly values: Float32Array;
  /** float32 [count], above 0: the error to expect, in multiples of which intervals are given; null where not predicted */
  readonly spreads: Float32Array | null;
}

/** A model loaded on a device. */
export interface Predictor extends AsyncDisposable {
  /**
   * @param fingerprints uint8 [count, 384]
   * @param descriptors  float32 [count, 43]
   */
  predict(fingerprints: Uint8Array, descriptors: Float32Array, count: number): Promise<Predictions>;
}

/** Why a device or provider was not used. */
export interface Refusal {
  readonly device: string;
  readonly reason: string;
}

/** Nearest neighbours of every query; row-major [queries, k]. Fewer than k references leave index 0xffffffff. */
export interface Neighbors {
  readonly indexes: Uint32Array;
  readonly intersections: Uint16Array;
  readonly unions: Uint16Array;
}

/** A set of reference fingerprints laid out for neighbour search. */
export interface NeighborIndex extends AsyncDisposable {
  readonly size: number;
  /**
   * The k most similar references of each query by Tanimoto over the Morgan bits (1 when both are empty).
   * Order: higher similarity first, compared as exact fractions, then lower reference index.
   * @param queries uint8 [n, 384]; only the first 256 bytes of a row are read
   */
  nearest(queries: Uint8Array, k: number): Promise<Neighbors>;
}

/** Dense linear algebra in float64 that a trainer needs; row-major, leading dimension = number of columns. */
export interface LinearAlgebra {
  /**
   * Lower Cholesky factor, in place of the lower triangle of `matrix` [n, n]; the upper triangle is not read.
   * @throws ERR_NOT_POSITIVE_DEFINITE
   */
  cholesky(matrix: Float64Array, n: number): void;
  /** Inverse of the matrix whose lower Cholesky factor is given; the full symmetric [n, n], in a new array. */
  inverseFromCholesky(factor: Float64Array, n: number): Float64Array;
}
