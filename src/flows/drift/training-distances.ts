import { FINGERPRINT_BYTES, tanimoto } from '../../core/fingerprint.ts';
import { identity, sha256 } from '../../core/hash.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { clusterFolds } from '../../statistics/cluster-folds.ts';
import { cachedNumbers } from '../../store/cached-numbers.ts';
import type { Workspace } from '../../store/workspace.ts';
import { similaritiesToOtherGroups } from '../gate/other-groups.ts';
import { type DriftCheck, runOperation } from './drift-check.ts';
import { numberNames } from './number-names.ts';
import { takeWide } from './take-rows.ts';

const BITS = 2048;

/**
 * A file of fewer clusters is halved so often: where a verdict could hang on which half is held out, several are asked.
 */
const SPLITS = { clusters: 1000, count: 5 } as const;

/** How far compounds lie from the training set: 1 - the largest Tanimoto similarity to one of its compounds. */
export interface HeldOutDistances {
  /** Rows of the reference that were held out, ascending. */
  readonly heldOut: Uint32Array;
  /** Their distances, float64 [heldOut] */
  readonly calibration: Float64Array;
  /** float64 [batch rows] */
  readonly batch: Float64Array;
}

/** The distances by one split, and by the other splits of a small file. */
export interface TrainingDistances extends HeldOutDistances {
  readonly others: readonly HeldOutDistances[];
}

/**
 * Distances of the batch and of compounds that were held out, to one and the same training set. The training compounds of
 * a model are each held out with their group, against all other groups. A file stands for itself: half of its clusters
 * (of its rows, where they stand for themselves) are the training set, the other half is held out. So new clusters of the
 * batch are exchangeable with those held out; a cluster of the batch that the training set holds, too, lies nearer. A small
 * file is halved several times.
 * What follows from the reference alone is kept in the workspace.
 * @returns null where the reference is a file of fewer than two clusters
 * @throws ERR_BLOB_CORRUPT, ERR_WORKSPACE, ERR_NO_BACKEND, ERR_CANCELLED
 */
export async function trainingDistances(
  check: DriftCheck,
  workspace: Workspace,
): Promise<TrainingDistances | null> {
  const { reference, batch, settings, ofModel, signal } = check;
  const { fingerprints } = reference;
  const { numbers, names } = numberNames(
    reference.clusters ?? reference.inchikeys.map((_, row) => String(row)),
  );
  const nearest = (training: Uint8Array, queries: Uint8Array) =>
    runOperation(check, 'search', async (search) => {
      const rows = { fingerprints: training, bits: BITS, rowBytes: FINGERPRINT_BYTES };
      await using index = await search(rows, { ...(signal && { signal }) });
      const { intersections, unions } = await index.nearest(queries, 1);
      return Float64Array.from(intersections, (shared, i) => 1 - tanimoto(shared, unions[i]));
    });
  const kept = (how: object, compute: () => Promise<Float64Array>) => {
    // By what they are made of, not by the file's hash: which column was read as SMILES decides, too.
    const of = { fingerprints: sha256(fingerprints), clusters: sha256(JSON.stringify([...numbers])) };
    return cachedNumbers(
      workspace,
      identity({ schema: 'assayer.held-out-distances/1', engine: ENGINE_VERSION, ...of, ...how }),
      compute,
    );
  };
  if (ofModel) {
    return {
      heldOut: Uint32Array.from(numbers.keys()),
      calibration: await kept({ heldOut: 'groups' }, () =>
        runOperation(check, 'search', async (search) => {
          const index = (rows: Uint8Array) =>
            search(
              { fingerprints: rows, bits: BITS, rowBytes: FINGERPRINT_BYTES },
              { ...(signal && { signal }) },
            );
          const similarities = await similaritiesToOtherGroups(fingerprints, numbers, index);
          return similarities.map((similarity) => 1 - similarity);
        }),
      ),
      batch: await nearest(fingerprints, batch.fingerprints),
      others: [],
    };
  }
  if (names.length < 2) return null;
  const fingerprintsOf = (rows: Uint32Array) => takeWide(fingerprints, rows, FINGERPRINT_BYTES, Uint8Array);
  const halve = async (seed: number): Promise<HeldOutDistances> => {
    const halves = clusterFolds(numbers, 2, seed);
    const rowsIn = (half: number) => Uint32Array.from(halves.keys()).filter((row) => halves[row] === half);
    const heldOut = rowsIn(1);
    const training = fingerprintsOf(rowsIn(0));
    return {
      heldOut,
      calibration: await kept({ heldOut: 'half', seed }, () => nearest(training, fingerprintsOf(heldOut))),
      batch: await nearest(training, batch.fingerprints),
    };
  };
  const first = await halve(settings.seed);
  const others: HeldOutDistances[] = [];
  const splits = names.length < SPLITS.clusters ? SPLITS.count : 1;
  while (others.length < splits - 1) others.push(await halve(settings.seed + 1 + others.length));
  return { ...first, others };
}

/** The same for some rows of the batch. */
export function distancesOfRows(distances: TrainingDistances, rows: readonly number[]): TrainingDistances {
  const take = (split: HeldOutDistances) => ({
    ...split,
    batch: Float64Array.from(rows, (row) => split.batch[row]),
  });
  return { ...take(distances), others: distances.others.map(take) };
}

/** All splits, the first one first. */
export function splitsOf({ others, ...first }: TrainingDistances): readonly HeldOutDistances[] {
  return [first, ...others];
}
