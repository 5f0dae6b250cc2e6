import { FINGERPRINT_BYTES, tanimoto } from '../../core/fingerprint.ts';
import type { NeighborIndex } from '../../core/ports.ts';

export type CreateIndex = (fingerprints: Uint8Array) => Promise<NeighborIndex>;

/** Neighbours that are looked through for one of another group; only larger groups can fill them all. */
const NEIGHBORS = 64;

/**
 * What heldOutSimilarities finds, by neighbour search: for ten thousand compounds that takes seconds in the place of a
 * minute. Exact: where all the neighbours are of the compound's own group, it is searched for among all others.
 * @param fingerprints uint8 [n, 384]
 * @param groups       int32 [n]
 * @returns float64 [n], the largest Tanimoto similarity to a row of another group; 0 where there is none
 */
export async function similaritiesToOtherGroups(
  fingerprints: Uint8Array,
  groups: Int32Array,
  createNeighborIndex: CreateIndex,
): Promise<Float64Array> {
  const rows = [...groups.keys()];
  const found = new Float64Array(rows.length);
  if (new Set(groups).size < 2) return found;
  const k = Math.min(NEIGHBORS, rows.length);
  const left: number[] = [];
  {
    await using index = await createNeighborIndex(fingerprints);
    const { indexes, intersections, unions } = await index.nearest(fingerprints, k);
    for (const row of rows) {
      let at = row * k;
      while (at < (row + 1) * k && groups[indexes[at]] === groups[row]) at++;
      if (at === (row + 1) * k) left.push(row);
      else found[row] = tanimoto(intersections[at], unions[at]);
    }
  }
  for (const [group, members] of Map.groupBy(left, (row) => groups[row])) {
    const others = rows.filter((row) => groups[row] !== group);
    await using index = await createNeighborIndex(take(fingerprints, others));
    const { intersections, unions } = await index.nearest(take(fingerprints, members), 1);
    members.forEach((row, i) => {
      found[row] = tanimoto(intersections[i], unions[i]);
    });
  }
  return found;
}

/** The fingerprints of these rows. */
function take(fingerprints: Uint8Array, rows: readonly number[]): Uint8Array {
  const out = new Uint8Array(rows.length * FINGERPRINT_BYTES);
  rows.forEach((row, i) => {
    out.set(
      fingerprints.subarray(row * FINGERPRINT_BYTES, (row + 1) * FINGERPRINT_BYTES),
      i * FINGERPRINT_BYTES,
    );
  });
  return out;
}
