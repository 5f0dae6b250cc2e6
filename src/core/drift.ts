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

/** What a person calls each stream, on the page, in the terminal and in sentences. */
export const STREAM_NAMES: Readonly<Record<DriftStream, string>> = {
  chemistry: 'Chemistry',
  distance: 'Distance to the training set',
  descriptors: 'Descriptors and covariates',
  classifier: 'Classifier between the two sides',
  outputs: 'Predictions',
  labels: 'Measured values',
  performance: 'Performance',
  estimate: 'Expected performance',
  proxies: 'Confidence against chemistry',
};

/** Why a stream has no verdict. */
export const NOT_EVALUABLE = {
  'too-few-compounds': 'there are too few compounds',
  inconclusive: 'neither a shift nor its absence can be shown',
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

/** A figure for the reader of a verdict's details. It tests nothing. */
export interface DriftFigure extends DriftEffect {
  /** Compounds that it is from. */
  readonly n: number;
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
  /** null where it is not known: which series a model was trained on, by what it keeps of them. */
  readonly reference: number | null;
  readonly batch: number;
  /** Of `reference` and `batch`, where they have one. */
  readonly unit?: string;
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
  /** Further figures, where there are any. */
  readonly figures?: readonly DriftFigure[];
}

/** A loss that has arrived, as a risk process takes it. */
export interface ArrivedLoss {
  /** InChIKey; the id of a compound that has none. One compound is there once. */
  readonly compound: string;
  /** Equal numbers belong together; of this check alone. */
  readonly series: number;
  /** Day such as 2026-03-31; null where it is not told. */
  readonly measuredOn: string | null;
  /** In [0, 1] */
  readonly loss: number;
}

/**
 * Losses in [0, 1], for a process that bets on their mean from check to check. A loss is divided by `cap`, and is 1 beyond it;
 * `cap` follows from the reference alone, so that no batch can change it.
 */
export interface RiskLosses {
  /** 99th percentile of the held-out losses, in the unit of the error; 1 for classes, whose losses are in [0, 1]. */
  readonly cap: number;
  /** Mean of the held-out losses, divided and cut likewise, each series with its mean; in (0, 1]. */
  readonly reference: number;
  /**
   * By day of arrival, those of no day last, else by compound. A process takes each compound once in its life, and of
   * several compounds of a series their mean.
   */
  readonly arrived: readonly ArrivedLoss[];
}

/** Numbers of a check that a policy reads, of the model that is its reference; each null where it could not be had. */
export interface DriftFigures {
  /** Share of the whole batch that lies no farther from the training set than 95 % of held-out compounds; 95 % interval. */
  readonly domain: { readonly share: number; readonly low: number; readonly high: number } | null;
  /** Of labels of compounds that the model was not trained on. */
  readonly labels: {
    /** Share of submitted labels expected to be there; 1 where no submission is told: all that will come are taken to be. */
    readonly maturity: number;
    /** (sum w)^2 / sum w^2 of the arrived labels' weights. */
    readonly effectiveLabels: number;
    /** p that loss and delay do not depend on each other; 1 where all delays are equal, null where it was not tested. */
    readonly delayP: number | null;
    /** When 80 % are expected to be there, or have been (ISO 8601); null where the delays seen so far do not tell. */
    readonly matureOn: string | null;
  } | null;
  /** Of the same compounds. */
  readonly performance: {
    /** Mean absolute error or Brier score, each label weighted by the chance that it had to have arrived. */
    readonly error: number;
    /** Its 95 % interval, series taken as independent; null with labels of a single series. */
    readonly low: number | null;
    readonly high: number | null;
    /** Mean loss of held-out compounds. */
    readonly reference: number;
    /** The modelled scale; '' for a Brier score. */
    readonly unit: string;
    /** null where no held-out compound has a loss above 0. */
    readonly risk: RiskLosses | null;
  } | null;
}

export const NO_FIGURES: DriftFigures = { domain: null, labels: null, performance: null };

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
  /** How its columns of SMILES and ids were found, in words; a model has none. */
  readonly how?: string;
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
  readonly figures: DriftFigures;
  readonly plots: DriftPlots;
  /** The command that gives this report again. */
  readonly command: string;
}
