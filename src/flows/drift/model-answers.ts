import { tanimoto } from '../../core/fingerprint.ts';
import { halfWidth } from '../predict.ts';
import type { ReadyModel } from '../ready-models.ts';
import type { DriftSample } from './drift-sample.ts';

/** What a model says of one side; row i belongs to row i of the sample. */
export interface ModelAnswers {
  /** Modelled scale, or probability; float64 [n] */
  readonly values: Float64Array;
  /** Half the width of the interval on the modelled scale; null for classes, and where it was not kept. */
  readonly halfWidths: Float64Array | null;
  /** Similarity to the nearest training compound, for the training compounds themselves to one of another group. */
  readonly similarities: Float64Array;
}

/** A model's answers for compounds read from a file, whose descriptors are raw. */
export async function answersFor(
  { artifact, predictor, neighbors }: ReadyModel,
  { fingerprints, descriptors, inchikeys }: DriftSample,
): Promise<ModelAnswers> {
  const raw = Float32Array.from(descriptors ?? []);
  const { values, spreads } = await predictor.predict(fingerprints, raw, inchikeys.length);
  const { intersections, unions } = await neighbors.nearest(fingerprints, 1);
  const similarities = Float64Array.from(intersections, (shared, i) => tanimoto(shared, unions[i]));
  const { calibration } = artifact.manifest;
  return {
    values: Float64Array.from(values),
    halfWidths:
      calibration.kind === 'conformal'
        ? similarities.map((similarity, i) => halfWidth(calibration, similarity, spreads?.[i]))
        : null,
    similarities,
  };
}

/**
 * What models that had not seen them said of a model's training compounds. Widths are known where a spread was kept for
 * every one of them; compounds for which only a bound is known have none.
 * @param distances  of each training compound to the nearest one of another group
 */
export function answersForTraining({ artifact }: ReadyModel, distances: Float64Array): ModelAnswers {
  const { heldOut, heldOutSpreads } = artifact.reference;
  const { calibration } = artifact.manifest;
  const similarities = distances.map((distance) => 1 - distance);
  const widthsKnown = calibration.kind === 'conformal' && heldOutSpreads?.every(Number.isFinite);
  return {
    values: Float64Array.from(heldOut),
    halfWidths: widthsKnown
      ? similarities.map((similarity, row) => halfWidth(calibration, similarity, heldOutSpreads?.[row]))
      : null,
    similarities,
  };
}
