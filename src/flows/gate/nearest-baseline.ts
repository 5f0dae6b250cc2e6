import { FINGERPRINT_BYTES, tanimoto } from '../../core/fingerprint.ts';
import type { NeighborIndex } from '../../core/ports.ts';
import { measuredValues } from '../measured-values.ts';
import type { ModelArtifact } from '../models.ts';
import type { RowsToScore } from '../score-rows.ts';

/** Neighbours whose values are averaged. */
const NEIGHBORS = 5;
/** Similarity 0 says little, not nothing: an average of such neighbours is still defined. */
const LEAST_WEIGHT = 1e-6;

/**
 * What anybody could read off the training compounds: the mean measured value of the five most similar ones, weighted by
 * squared similarity. A rejected row gets the mean of all.
 * @returns float64 [accepted, then rejected rows]; null where the artifact has no measured training compounds
 */
export async function nearestBaseline(
  { reference, fingerprints }: ModelArtifact,
  { accepted, rejectedY }: RowsToScore,
  createNeighborIndex: (fingerprints: Uint8Array) => Promise<NeighborIndex>,
): Promise<Float64Array | null> {
  const all = measuredValues(reference);
  const rows = [...all.keys()].filter((row) => Number.isFinite(all[row]));
  if (rows.length === 0 || fingerprints.length === 0) return null;
  const values = Float64Array.from(rows, (row) => all[row]);
  const known = new Uint8Array(rows.length * FINGERPRINT_BYTES);
  rows.forEach((row, i) => {
    known.set(
      fingerprints.subarray(row * FINGERPRINT_BYTES, (row + 1) * FINGERPRINT_BYTES),
      i * FINGERPRINT_BYTES,
    );
  });
  await using index = await createNeighborIndex(known);
  const k = Math.min(NEIGHBORS, rows.length);
  const { indexes, intersections, unions } = await index.nearest(accepted.fingerprints, k);
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return Float64Array.from({ length: accepted.y.length + rejectedY.length }, (_, i) => {
    if (i >= accepted.y.length) return mean;
    let sum = 0;
    let weights = 0;
    for (let at = i * k; at < (i + 1) * k; at++) {
      const weight = Math.max(LEAST_WEIGHT, tanimoto(intersections[at], unions[at]) ** 2);
      sum += weight * values[indexes[at]];
      weights += weight;
    }
    return sum / weights;
  });
}
