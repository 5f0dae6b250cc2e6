/** What a model is fitted to; row i of every array is compound i. */
export interface TrainingData {
  /** uint8 [n, 384], layout in core/fingerprint.ts. */
  readonly fingerprints: Uint8Array;
  /** float32 [n, 43], order of DESCRIPTOR_NAMES. */
  readonly descriptors: Float32Array;
  /** float64 [n] on the modelled scale; 0 or 1 for classes. */
  readonly y: Float64Array;
  /** int8 [n]: -1 where the true value is at or below y, 1 where it is at or above, 0 where it is y. All 0 if absent. */
  readonly relation?: Int8Array;
  /** int32 [n]: rows of one scaffold share a number. Held-out predictions leave out whole groups. */
  readonly groups: Int32Array;
}

export interface FitOptions {
  readonly kind: 'regression' | 'classification';
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Called between steps with the step's name and the share of the whole fit that is done, 0..1. */
  readonly onProgress?: (step: string, share: number) => void;
}

/** Features of compounds to predict: uint8 [n, 384] and float32 [n, 43]. */
export interface Features {
  readonly fingerprints: Uint8Array;
  readonly descriptors: Float32Array;
}
