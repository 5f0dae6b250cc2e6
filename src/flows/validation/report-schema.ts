import type { ComparisonVersions } from '../../core/comparison-versions.ts';

/** The ways to part rows that `assayer validate` knows, in the order they are reported. */
export const SPLIT_NAMES = ['fixed', 'random', 'scaffold', 'time', 'source', 'next-week'] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

/** A figure with its 95 % interval; null where it is not defined or rests on too few clusters. */
export interface Figure {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** A share of rows with its exact binomial 95 % bounds (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404). */
export interface Share {
  readonly count: number;
  readonly rows: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Figures of some of the scored rows. */
export interface Slice {
  readonly name: string;
  readonly rows: number;
  /** Regression: MAE, bias (predicted minus measured), Spearman. Classes: AUROC, Brier, bias (probability minus class). */
  readonly figures: Readonly<Record<string, Figure>>;
  /** What the model promises: the coverage of its intervals, or the mean probability; null where it promises none. */
  readonly promised: number | null;
  /** What came: rows within their interval, or positive rows. */
  readonly observed: Share | null;
}

/** Slices by one property of the rows. */
export interface SliceGroup {
  readonly by: string;
  readonly slices: readonly Slice[];
}

/** Rows of a split, counted. */
export interface SplitCounts {
  /** Training rows with a value. */
  readonly training: number;
  /** Training rows for which only a bound is known. */
  readonly trainingBounds: number;
  /** Scored rows. */
  readonly test: number;
  /** Scored rows that chemistry rejected: predicted as the training mean. */
  readonly testRejected: number;
  /** Rows on neither side, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** What a model does on one split. */
export interface SplitReport {
  readonly split: SplitName;
  /** What was held out, where a split holds out several things in turn; null where it does not. */
  readonly heldOut: string | null;
  /** How the rows were parted, in words. */
  readonly how: string;
  readonly counts: SplitCounts;
  /** The endpoint's figures over all scored rows. */
  readonly metrics: Readonly<Record<string, Figure>>;
  readonly overall: Slice;
  /** Inside and outside the model's domain. */
  readonly domain: { readonly share: Share; readonly slices: readonly Slice[] };
  /** By similarity to the nearest training compound, in fixed bins. */
  readonly distance: readonly Slice[];
  /** By the bins of the model's intervals; empty for classes. */
  readonly intervalBins: readonly Slice[];
  /** By what is known of where the rows come from. */
  readonly origin: readonly SliceGroup[];
  /** Scaffolds with enough scored rows; their intervals draw single rows. */
  readonly series: readonly Slice[];
  /** Rows for which only a bound is known, predicted on the side where the value lies; null where there are none. */
  readonly bounds: Share | null;
}

/** A split that the data do not allow. */
export interface ImpossibleSplit {
  readonly split: SplitName;
  readonly reason: string;
}

/** validation.json: how a model artifact was validated. It is no part of the artifact's identity. */
export interface Validation {
  readonly schema: 'assayer.validation/1';
  readonly model: { readonly endpoint: string; readonly version: string; readonly hash: string };
  readonly versions: ComparisonVersions;
  readonly kind: 'regression' | 'classification';
  readonly modelledScale: string;
  /** Test compounds that stand among the artifact's training compounds; more than none is a leak. */
  readonly testCompoundsInTraining: number;
  /** Of the trainer that made the models of the other splits; null where only the fixed split was scored. */
  readonly refits: {
    readonly trainerSourceHash: string;
    /** Whether that trainer is the artifact's. */
    readonly sameTrainer: boolean;
    readonly seed: number;
  } | null;
  /** How much is known of where rows come from. */
  readonly provenance: readonly string[];
  readonly splits: readonly SplitReport[];
  readonly impossible: readonly ImpossibleSplit[];
}
