import type { FeatureContract } from './contract.ts';
import type { EndpointDefinition } from './endpoint.ts';
import { identity } from './hash.ts';

/**
 * Split-conformal half-widths by distance to the training set (Mondrian bins): a compound whose nearest training
 * similarity s satisfies `edges[i] <= s < edges[i + 1]` has the interval prediction +- halfWidths[i] * spread.
 */
export interface ConformalCalibration {
  readonly kind: 'conformal';
  /** 1 - alpha; 0.9 for a 90 % interval. */
  readonly coverage: number;
  /** predicted: the spread is the graph's second output. constant: it is 1. */
  readonly spread: 'predicted' | 'constant';
  /** Lower edge of each bin, ascending; the first is 0. */
  readonly edges: readonly number[];
  /** On the modelled scale where the spread is constant, else in multiples of it; one for each edge. */
  readonly halfWidths: readonly number[];
  /** Held-out residuals behind each half-width. */
  readonly counts: readonly number[];
}

/** Sigmoid that maps the model's raw score to a probability: 1 / (1 + exp(slope * score + offset)). */
export interface PlattCalibration {
  readonly kind: 'platt';
  readonly slope: number;
  readonly offset: number;
}

/** No interval, and a probability as the model gave it: an imported model for which no held-out rows were given. */
export interface NoCalibration {
  readonly kind: 'none';
}

export type Calibration = ConformalCalibration | PlattCalibration | NoCalibration;

/** How a model's predictions for a set of drugs are spread, so that a prediction has a percentile among them. */
export interface ApprovedLike {
  /** Where the set comes from. */
  readonly source: string;
  /** SHA-256 of the file it was read from. */
  readonly sourceHash: string;
  /** Compounds predicted. */
  readonly compounds: number;
  /** Predictions at the percentiles 0, 1, ... 100, on the modelled scale (probabilities for classes), ascending. */
  readonly quantiles: readonly number[];
}

/** A compound is in the domain when it passes both bounds. */
export interface Domain {
  /** Least Tanimoto similarity (2,048 Morgan bits) to the nearest training compound. */
  readonly minSimilarity: number;
  /** Largest |z| that any descriptor may have, z by the training means and deviations. */
  readonly maxDescriptorZ: number;
  readonly descriptorMeans: readonly number[];
  readonly descriptorDeviations: readonly number[];
}

/** Models trained on fewer rows with a value than this are marked in output and cards. */
export const LOW_EVIDENCE_ROWS = 1500;

/** One figure with its 95 % interval (bootstrap over whole scaffolds). */
export interface Metric {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What a model artifact is, and what its identity covers. */
export interface UnsignedManifest {
  readonly schema: 'assayer.model/1';
  readonly endpoint: EndpointDefinition;
  readonly version: string;
  readonly contract: FeatureContract;
  readonly contractHash: string;
  readonly dataset: {
    readonly hash: string;
    readonly source: string;
    readonly licence: string;
    readonly files: Readonly<Record<string, string>>;
    /** Hash of where the labels come from and what they mean. */
    readonly assaySource: string;
    /** Hash of the compounds that have a label, before the split. */
    readonly compounds: string;
    readonly counts: Readonly<Record<string, number>>;
    /** Rows of the raw file, how many of them were dropped and why, and how many compounds contradict themselves. */
    readonly curation: {
      readonly rawRows: number;
      readonly conflictCompounds: number;
      readonly dropped: Readonly<Record<string, number>>;
    };
  };
  readonly split: { readonly name: string; readonly hash: string };
  readonly trainer: {
    readonly name: string;
    readonly sourceHash: string;
    readonly seed: number;
    readonly parameters: Readonly<Record<string, number | string>>;
  };
  readonly calibration: Calibration;
  readonly domain: Domain;
  readonly approvedLike?: ApprovedLike;
  /** The rows that the figures are scored on: hash over rows and labels, and their number. */
  readonly evaluation: { readonly hash: string; readonly rows: number };
  /** Figures on the held-out test rows, by metric name. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** SHA-256 of the files beside the manifest. */
  readonly files: Readonly<Record<string, string>>;
}

/** manifest.json: an artifact's manifest with its identity, so that a change shows. */
export interface Manifest extends UnsignedManifest {
  /** The artifact's identity. */
  readonly hash: string;
  /** Provenance of this particular build; not part of the identity. */
  readonly build: Readonly<Record<string, string>>;
}

/** The artifact's identity: SHA-256 over the manifest without `hash` and `build`, and so over its files' hashes. */
export function artifactHash(manifest: UnsignedManifest | Manifest): string {
  const { build: _build, hash: _hash, ...rest } = manifest as Manifest;
  return identity(rest);
}
