import { popcounts, tanimoto } from '../core/fingerprint.ts';
import type { Operations, PackedRows } from '../core/ops.ts';
import { checkRows } from '../core/search-arguments.ts';
import { clusterSides } from './cluster-sides.ts';
import { refuse } from './finite-values.ts';
import { checkObserved } from './permutation-labels.ts';

/** Shared bits held at once, at most: 32 MiB. */
const MOST_SHARED = 2 ** 24;
const MOST_EXAMPLES = 3;

/** What one cluster did to the statistic. */
export interface ClusterWitness {
  readonly cluster: number;
  /** The cluster's part of MMD2u; the parts of all clusters add up to it. */
  readonly contribution: number;
  /** Mean witness of its rows: positive where the batch is denser, negative where the reference is. */
  readonly witness: number;
  readonly inBatch: number;
  readonly inReference: number;
  /** Its rows that contribute most, largest first, at most 3. */
  readonly examples: Uint32Array;
}

export interface Witness {
  /** Unbiased squared MMD with the Tanimoto kernel, as `mmd` computes it. */
  readonly value: number;
  /** Largest contribution first. */
  readonly clusters: readonly ClusterWitness[];
}

/**
 * Which series moved the Tanimoto MMD. The witness of a row is its mean similarity to the batch less its mean similarity to
 * the reference, the row itself left out of its own side. A batch row contributes witness / n, a reference row
 * -witness / m: with n and m rows these add up to MMD2u exactly, and so do their sums over clusters. It names what moved; it
 * is no test.
 * @param clusters       cluster (scaffold) of each row, 0 .. clusters - 1, none empty. uint32 [rows]
 * @param observed       1 = batch, 0 = reference; two or more of each. uint8 [rows]
 * @param intersections  the operation of any backend; asked of a slice of rows at a time, with those rows and all after them
 * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY
 * @source Gretton et al. 2012, JMLR 13:723-773, section 2.3
 */
export async function witnessByCluster(
  samples: PackedRows,
  { observed, clusters }: { readonly observed: Uint8Array; readonly clusters: Uint32Array },
  intersections: Operations['intersections'],
  options: { readonly signal?: AbortSignal } = {},
): Promise<Witness> {
  const { count } = checkRows(samples);
  if (observed.length !== count) refuse(`${observed.length} sides do not fit ${count} rows.`);
  checkObserved(observed);
  const { rows, inBatch } = clusterSides(clusters, observed);
  const n = inBatch.reduce((sum, size) => sum + size, 0);
  const m = count - n;
  if (n < 2 || m < 2)
    refuse(`${n} rows are in the batch and ${m} in the reference. Give two or more of each.`);

  const similarities = await similaritiesBySide(samples, observed, intersections, options);
  const witness = Float64Array.from(
    observed,
    (side, row) => similarities.toBatch[row] / (n - side) - similarities.toReference[row] / (m - 1 + side),
  );
  const contributions = witness.map((value, row) => (observed[row] === 1 ? value / n : -value / m));
  const found = rows.map((members, cluster): ClusterWitness => {
    const byPart = members.toSorted((i, j) => contributions[j] - contributions[i] || i - j);
    return {
      cluster,
      contribution: members.reduce((sum, row) => sum + contributions[row], 0),
      witness: members.reduce((sum, row) => sum + witness[row], 0) / members.length,
      inBatch: inBatch[cluster],
      inReference: members.length - inBatch[cluster],
      examples: byPart.slice(0, MOST_EXAMPLES),
    };
  });
  found.sort((a, b) => b.contribution - a.contribution || a.cluster - b.cluster);
  return { value: contributions.reduce((sum, part) => sum + part, 0), clusters: found };
}

/**
 * Summed similarity of every row to the other rows of each side. A pair is worked out once and counts for both of its rows;
 * a row's sum takes the others in their order, so it is the same number however many are asked at a time.
 * @returns float64 [rows] each
 */
async function similaritiesBySide(
  samples: PackedRows,
  observed: Uint8Array,
  intersections: Operations['intersections'],
  options: { readonly signal?: AbortSignal },
): Promise<{ readonly toReference: Float64Array; readonly toBatch: Float64Array }> {
  const { count, bytes, rowBytes } = checkRows(samples);
  const sizes = popcounts(samples.fingerprints, rowBytes, bytes);
  const toReference = new Float64Array(count);
  const toBatch = new Float64Array(count);
  for (let from = 0; from < count; ) {
    const width = count - from;
    const to = from + Math.min(width, Math.max(1, Math.floor(MOST_SHARED / width)));
    const rowsTo = (end: number): PackedRows => ({
      ...samples,
      fingerprints: samples.fingerprints.subarray(from * rowBytes, end * rowBytes),
    });
    const shared = await intersections(rowsTo(to), rowsTo(count), options);
    for (let i = from; i < to; i++) {
      const ownSide = observed[i] === 1 ? toBatch : toReference;
      const start = (i - from) * width - from;
      let batch = toBatch[i];
      let reference = toReference[i];
      for (let j = i + 1; j < count; j++) {
        const similarity = tanimoto(shared[start + j], sizes[i] + sizes[j] - shared[start + j]);
        ownSide[j] += similarity;
        if (observed[j] === 1) batch += similarity;
        else reference += similarity;
      }
      toBatch[i] = batch;
      toReference[i] = reference;
    }
    from = to;
  }
  return { toReference, toBatch };
}
