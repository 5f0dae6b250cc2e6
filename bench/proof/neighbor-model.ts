/** The plainest model there is, the mean of the nearest training compounds: real errors on real compounds without training. */
import { FINGERPRINT_BYTES, MORGAN_BITS, tanimoto } from '../../src/core/fingerprint.ts';
import { runOperation } from '../../src/flows/drift/drift-check.ts';
import { takeRows } from '../../src/flows/drift/take-rows.ts';
import type { Compounds, ProofPlace } from './compounds.ts';

const NEIGHBORS = 5;

/** Entry i of every array is one compound that was asked about. */
export interface NeighborAnswers {
  /** Mean value of its five nearest training compounds. */
  readonly predicted: Float64Array;
  /** 1 - Tanimoto to the nearest one. */
  readonly distance: Float64Array;
}

/** @param training  places of the training compounds in `all`, at least five; @param asked  places of those asked about */
export async function askNeighbors(
  { engine }: ProofPlace,
  all: Compounds,
  training: readonly number[],
  asked: readonly number[],
): Promise<NeighborAnswers> {
  const rows = (places: readonly number[]) => takeRows(all.sample, places, '').fingerprints;
  const references = { fingerprints: rows(training), bits: MORGAN_BITS, rowBytes: FINGERPRINT_BYTES };
  const { indexes, intersections, unions } = await runOperation(engine, 'search', async (search) => {
    await using index = await search(references);
    return await index.nearest(rows(asked), NEIGHBORS);
  });
  const predicted = Float64Array.from(asked, (_, i) => {
    let sum = 0;
    for (let k = 0; k < NEIGHBORS; k++) sum += all.values[training[indexes[i * NEIGHBORS + k]]];
    return sum / NEIGHBORS;
  });
  const distance = Float64Array.from(
    asked,
    (_, i) => 1 - tanimoto(intersections[i * NEIGHBORS], unions[i * NEIGHBORS]),
  );
  return { predicted, distance };
}
