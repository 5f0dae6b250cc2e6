import { tanimoto } from '../core/fingerprint.ts';
import { joinFloat64 } from '../core/join-arrays.ts';
import type { NeighborIndex } from '../core/ports.ts';
import type { Dataset, LabelledRows } from './dataset.ts';
import type { ScoredRows } from './evaluate.ts';

/** Rows to score a model on. */
export interface RowsToScore {
  readonly accepted: LabelledRows;
  /** Labels and groups of rows whose compound was rejected. */
  readonly rejectedY: Float64Array;
  readonly rejectedGroups: Int32Array;
}

/** The test rows of a dataset that have a value. */
export function rowsToScore({ test, rejectedTestY, rejectedTestGroups }: Dataset): RowsToScore {
  return { accepted: test, rejectedY: rejectedTestY, rejectedGroups: rejectedTestGroups };
}

/** Answers for the accepted rows; float [n]. */
export interface Answers {
  readonly values: ArrayLike<number>;
  /** null where the model predicts none */
  readonly spreads: ArrayLike<number> | null;
}

/**
 * Rows with predictions, the accepted ones first. Every row is scored: a rejected one as the training mean, as far from
 * training as can be and as uncertain as the most uncertain of the others.
 * @param training  index of the model's training compounds
 */
export async function scoreRows(
  { accepted, rejectedY, rejectedGroups }: RowsToScore,
  { values, spreads }: Answers,
  training: NeighborIndex,
  trainingMean: number,
): Promise<ScoredRows> {
  const { intersections, unions } = await training.nearest(accepted.fingerprints, 1);
  const similarities = Float64Array.from(intersections, (shared, i) => tanimoto(shared, unions[i]));
  const known = Float64Array.from(accepted.y, (_, i) => spreads?.[i] ?? 1);
  const widest = known.reduce((most, spread) => Math.max(most, spread), known[0] ?? 1);
  return {
    actual: joinFloat64(accepted.y, rejectedY),
    predicted: joinFloat64(
      values,
      rejectedY.map(() => trainingMean),
    ),
    similarities: joinFloat64(
      similarities,
      rejectedY.map(() => 0),
    ),
    spreads: joinFloat64(
      known,
      rejectedY.map(() => widest),
    ),
    groups: Int32Array.from([...accepted.groups, ...rejectedGroups]),
  };
}
