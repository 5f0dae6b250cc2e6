import { refuse } from './finite-values.ts';

/** Rows of each cluster by side. */
export interface ClusterSides {
  /** Rows of the cluster, ascending; [clusters] */
  readonly rows: readonly Uint32Array[];
  /** Rows in the batch; uint32 [clusters] */
  readonly inBatch: Uint32Array;
}

/**
 * Which rows each cluster has, and how many of them in the batch.
 * @param clusters  cluster of each row, 0 .. clusters - 1, none empty. uint32 [rows]
 * @param observed  1 = batch, 0 = reference. uint8 [rows]
 * @throws ERR_USAGE
 */
export function clusterSides(clusters: Uint32Array, observed: Uint8Array): ClusterSides {
  if (clusters.length !== observed.length) {
    refuse(`${clusters.length} clusters do not fit ${observed.length} rows.`);
  }
  const members: number[][] = [];
  for (const [row, cluster] of clusters.entries()) {
    if (cluster >= clusters.length) {
      refuse(`Row ${row} is in cluster ${cluster}: number the clusters from 0 without gaps.`);
    }
    members[cluster] ??= [];
    members[cluster].push(row);
  }
  const rows = Array.from(members, (list, cluster) => {
    if (list === undefined)
      refuse(`Cluster ${cluster} has no rows: number the clusters from 0 without gaps.`);
    return Uint32Array.from(list);
  });
  const inBatch = Uint32Array.from(rows, (list) => list.reduce((count, row) => count + observed[row], 0));
  return { rows, inBatch };
}

/**
 * Whether batch and reference take alike from the clusters that both hold, as swapping the sides of those asks for. With a
 * and b rows of a cluster on the two sides, sum (a - b) over sqrt(sum (a - b)^2) has mean 0 and variance 1 when the sides
 * of each can be swapped, and is about normal for many clusters.
 * @returns 0 where no cluster is on both sides, or all have as many rows on one as on the other
 */
export function takenAlike({ rows, inBatch }: ClusterSides): number {
  let sum = 0;
  let squares = 0;
  for (const [cluster, { length }] of rows.entries()) {
    const a = inBatch[cluster];
    if (a === 0 || a === length) continue;
    sum += 2 * a - length;
    squares += (2 * a - length) ** 2;
  }
  return squares === 0 ? 0 : sum / Math.sqrt(squares);
}
