/** A result as the record of its run names it. */
export interface StoredResult {
  /** As the user named it: it may be relative to the folder that the run was started in; `-` is standard output. */
  readonly path: string;
  readonly format: string;
  /** Of the file's bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** By what a compound is known in a result. */
export interface CompoundName {
  /** inchikey: standard InChIKey of the standardized parent; id: as it stood in the input. */
  readonly kind: 'inchikey' | 'id';
  readonly text: string;
}

/** The compound that is asked for. */
export interface TraceQuery {
  readonly text: string;
  /** What the text is; where not said, every reading that it allows is taken. */
  readonly as?: CompoundName['kind'] | 'smiles';
}

/** One way in which the text of a query was taken. */
export interface TraceReading extends CompoundName {
  /** In words, for people: 'as an id', 'as a SMILES, whose parent has this InChIKey'. */
  readonly how: string;
}

/** A row of a result that is about the compound. */
export interface TracedRow {
  readonly run: string;
  /** ISO 8601, of the run. */
  readonly finishedAt: string;
  /** Which of the query's readings the row agrees with. */
  readonly matched: readonly CompoundName['kind'][];
  readonly input: {
    readonly path: string;
    readonly sha256: string;
    /** From 0, as in the result's column `row`. */
    readonly row: number;
    readonly id: string;
    /** The compound as it was written there. */
    readonly text: string;
  };
  readonly inchikey: string | null;
  /** Identity of the feature contract under which the compound was standardized. */
  readonly contract: string;
  readonly engine: string;
  /** Where the row was read, and the hash of that file. */
  readonly output: { readonly path: string; readonly sha256: string };
}

/** What one model said of the compound in one run. */
export interface TracedPrediction extends TracedRow {
  readonly model: {
    readonly endpoint: string;
    readonly version: string;
    /** Identity of the artifact. */
    readonly artifact: string;
    /** Whether it was the current release of its endpoint then; null where the workspace had released none. */
    readonly released: boolean | null;
    readonly lowEvidence: boolean;
    /** False for a model without held-out rows: no interval, and a probability as the model gives it. */
    readonly calibrated: boolean;
  };
  readonly device: string;
  readonly unit: string;
  /** In the unit; a probability for classes; null where the model gave no finite number. */
  readonly value: number | null;
  /** Ends of the interval, in the unit; null where the model gives none, as for classes. */
  readonly low: number | null;
  readonly high: number | null;
  readonly percentile: number | null;
  readonly inDomain: boolean;
  /** Why: the nearest training compound (null where InChI has no key for it), and what was measured for it, in the unit. */
  readonly nearest: {
    /** Tanimoto. */
    readonly similarity: number;
    readonly inchikey: string | null;
    readonly value: number | null;
  };
  /** What monitoring had put in force for this answer and why; null where nothing was. */
  readonly state: string | null;
}

/** A row of the compound without an answer: the input was rejected, or the model was frozen and refused. */
export interface TracedRejection extends TracedRow {
  readonly reason: string;
}

/** A result that may hold the compound and could not be read. */
export interface UnreadResult {
  readonly run: string;
  readonly finishedAt: string;
  readonly path: string;
  /** Rows that the result's keys name; null where it has no keys, so that nobody can tell. */
  readonly rows: number | null;
  readonly reason: string;
}

/** Every prediction ever made for a compound, as far as the results can still be read. */
export interface CompoundTrace {
  readonly query: TraceQuery;
  readonly readings: readonly TraceReading[];
  /** Readings that the text does not allow, and why. */
  readonly notTaken: readonly string[];
  /** By time of the run, then run, then row, then the order of the run's models. */
  readonly predictions: readonly TracedPrediction[];
  readonly rejections: readonly TracedRejection[];
  readonly unread: readonly UnreadResult[];
  /** Runs that were looked through. */
  readonly runs: number;
  /** Key files that were missing or damaged, and were made from their results. */
  readonly keysMade: readonly string[];
}
