import type { Verdict } from '../../core/drift.ts';
import type { DriftCheck } from './drift-check.ts';
import { type AnsweredModel, takeAnswers } from './model-answers.ts';
import type { BatchLabels } from './read-labels.ts';
import { takeRows } from './take-rows.ts';
import { distancesOfRows, type TrainingDistances } from './training-distances.ts';

/** A batch without the compounds that the model was trained on. */
export interface Unseen {
  readonly check: DriftCheck;
  readonly distances: TrainingDistances | null;
  readonly models: readonly AnsweredModel[];
  /** Rows of the whole batch that are left; null where none was left out, and then all else is as it was given. */
  readonly rows: readonly number[] | null;
}

/**
 * Leaves out the compounds of a batch that the reference model was trained on, by InChIKey: the model answers them from memory,
 * closely and with confidence, while the answers of the reference are of models that had not seen the compound. A file as
 * the reference is answered by the same model as the batch, and nothing is left out.
 */
export function unseenCompounds(
  check: DriftCheck,
  distances: TrainingDistances | null,
  models: readonly AnsweredModel[],
): Unseen {
  const { batch } = check;
  const trained = new Set(check.ofModel ? check.reference.inchikeys : []);
  // A compound without an InChIKey is known to nobody.
  trained.delete('');
  const rows = [...batch.inchikeys.keys()].filter((row) => !trained.has(batch.inchikeys[row]));
  if (rows.length === batch.inchikeys.length) return { check, distances, models, rows: null };
  return {
    check: { ...check, batch: takeRows(batch, rows, batch.name) },
    distances: distances && distancesOfRows(distances, rows),
    models: models.map((one) => ({ ...one, batch: takeAnswers(one.batch, rows) })),
    rows,
  };
}

/** Labels of some rows, in the order given; what is known of the file stays. @param rows  null for all */
export function labelsOfUnseen(labels: BatchLabels, rows: Unseen['rows']): BatchLabels {
  if (rows === null) return labels;
  const take = (from: Float64Array) => Float64Array.from(rows, (row) => from[row]);
  return {
    ...labels,
    values: take(labels.values),
    relations: Int8Array.from(rows, (row) => labels.relations[row]),
    submitted: take(labels.submitted),
    measured: take(labels.measured),
  };
}

/** A verdict that says how many compounds it does not speak of. @param whole  the check before any was left out */
export function sayLeftOut(verdict: Verdict, { batch }: DriftCheck, { rows }: Unseen): Verdict {
  if (rows === null) return verdict;
  const left = batch.inchikeys.length - rows.length;
  const who =
    left === 1
      ? '1 compound that the model was trained on was'
      : `${left} compounds that the model was trained on were`;
  return { ...verdict, inWords: `${verdict.inWords} ${who} left out: it knows their values.` };
}
