/** What a check looks at; each stream has one verdict. */
export const DRIFT_STREAMS = {
  chemistry: 'whether the compounds are of the same kind (fingerprints and descriptors together)',
  distance: 'whether the compounds lie farther from the training set than held-out compounds do',
  descriptors: 'whether single descriptors or covariates have moved',
  classifier: 'whether a classifier can tell the batch from the reference',
  outputs: 'whether predictions, their uncertainty or the share outside the domain have moved',
  labels: 'whether measured values, or the share at the bounds of the assay, have moved',
  performance: 'whether the model errs more than when it was released',
  estimate: 'what performance to expect before labels arrive',
  proxies: 'whether confidence and chemistry have moved together',
} as const;

export type DriftStream = keyof typeof DRIFT_STREAMS;

/** Why a stream has no verdict. */
export const NOT_EVALUABLE = {
  'too-few-compounds': 'there are too few compounds',
  'labels-immature': 'too few of the labels have arrived',
  'outside-domain': 'too many compounds lie outside the domain',
  'contract-mismatch': 'the two sides were made under different feature contracts',
  'cannot-fire-at-this-alpha': 'with so many permutations no p-value can be as small as alpha',
  'not-measured': 'the input does not hold what it needs',
} as const;

export type NotEvaluable = keyof typeof NOT_EVALUABLE;

/** A figure with its unit, and its 95 % interval where it has one. */
export interface DriftEffect {
  /** 'MMD2 (Tanimoto)', 'domain coverage', 'AUROC' */
  readonly name: string;
  readonly value: number;
  /** '' for a pure number */
  readonly unit: string;
  readonly low?: number;
  readonly high?: number;
}

/** Something that moved: a chemical series, a descriptor, a covariate, an output. */
export interface Moved {
  readonly kind: 'series' | 'descriptor' | 'covariate' | 'output';
  /** Scaffold SMILES ('' for compounds without rings), or the name of a column. */
  readonly name: string;
  /** Its own effect; for a series its share of the statistic. */
  readonly effect: DriftEffect;
  /** p within the stream, corrected for having looked at all of them; null where it is not a test. */
  readonly p: number | null;
  /** What `reference` and `batch` are. */
  readonly measure: 'compounds' | 'median' | 'share' | 'mean in standard deviations';
  readonly reference: number;
  readonly batch: number;
  /** SMILES of some compounds of the batch, most telling first. */
  readonly examples: readonly string[];
}

/** The verdict of one stream. */
export interface Verdict {
  readonly stream: DriftStream;
  /** A forecast tests nothing, and has no p. */
  readonly state: 'steady' | 'drift' | 'not-evaluable' | 'forecast';
  /** Given where, and only where, the state is not-evaluable. */
  readonly reason?: NotEvaluable;
  /** One or two sentences a chemist reads. */
  readonly inWords: string;
  /** The test by its name in the field. */
  readonly test: string;
  readonly effect: DriftEffect | null;
  /** p-value of the stream; null where there is none. */
  readonly p: number | null;
  /** What p was compared with: the stream's part of the check's alpha. */
  readonly alpha: number;
  readonly counts: {
    readonly reference: number;
    readonly batch: number;
    /** Units that were permuted: rows, or clusters of them. */
    readonly units: number;
  };
  /** Smallest effect, in the unit of `effect`, that this check would find with 80 % power; null where not known. */
  readonly minimumDetectable: number | null;
  /** What is exchangeable if nothing has moved. */
  readonly nullHypothesis: 'rows' | 'clusters' | 'none';
  readonly permutations: number;
  readonly seed: number;
  readonly moved: readonly Moved[];
}

/** A histogram of both sides over equal bins of [from, to]; counts of values outside are in the outer bins. */
export interface DriftHistogram {
  readonly name: string;
  readonly unit: string;
  readonly from: number;
  readonly to: number;
  readonly reference: readonly number[];
  readonly batch: readonly number[];
}

/** What the plots of a report show. */
export interface DriftPlots {
  /** Distance to the nearest training compound: held-out compounds (reference) and the batch. */
  readonly distance:
    | (DriftHistogram & {
        /** 95 % of held-out compounds lie nearer: the end of the domain. */
        readonly domainLimit: number;
      })
    | null;
  /** MMD2 under the null, and the observed value. */
  readonly mmdNull: {
    readonly kernel: string;
    readonly observed: number;
    readonly permuted: DriftHistogram;
  } | null;
  readonly columns: readonly DriftHistogram[];
  readonly outputs: readonly DriftHistogram[];
  /** Mean probability, observed share with 95 % bounds and rows of each reliability bin. */
  readonly reliability: readonly {
    readonly mean: number;
    readonly observed: number;
    readonly low: number;
    readonly high: number;
    readonly rows: number;
  }[];
  /** Share of labels that have arrived so many days after submission, and how many compounds that is known from. */
  readonly maturity: readonly {
    readonly days: number;
    readonly arrived: number;
    readonly atRisk: number;
  }[];
}

export interface DriftSide {
  /** Path, or model, as the caller named it. */
  readonly name: string;
  /** SHA-256 of what the rows were read from; an artifact's hash for a model. */
  readonly hash: string;
  readonly rows: number;
  readonly rejected: number;
  /** Different clusters among the rows. */
  readonly clusters: number;
}

/** One check of a batch against a reference; equal inputs, policy and engine give equal bytes. */
export interface DriftReport {
  readonly schema: 'assayer.drift/1';
  readonly engine: string;
  readonly contractHash: string;
  readonly reference: DriftSide;
  readonly batch: DriftSide;
  /** The models whose outputs were looked at; errors, where labels are given, of the one that is the reference. */
  readonly models: readonly {
    readonly endpoint: string;
    readonly version: string;
    readonly hash: string;
    readonly unit: string;
  }[];
  readonly settings: {
    /** False-alarm probability of the whole check. */
    readonly alpha: number;
    readonly permutations: number;
    readonly seed: number;
    /** What makes rows belong together: 'scaffold', the name of a column, or 'none'. */
    readonly cluster: string;
    readonly covariates: readonly string[];
  };
  /** drift where any stream drifts; not-evaluable where none could be judged. */
  readonly state: Exclude<Verdict['state'], 'forecast'>;
  /** The verdict in a sentence or two, before any figure. */
  readonly inWords: string;
  readonly verdicts: readonly Verdict[];
  readonly plots: DriftPlots;
  /** The command that gives this report again. */
  readonly command: string;
}
