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
 * and b rows of a cluster on the two sides, two scores have mean 0 and variance 1 when the sides of each can be swapped, and
 * are about normal for many clusters: sum (a - b) over sqrt(sum (a - b)^2), and the same of the signs of a - b. The first
 * is ruled by large clusters (of two sides of 20 to 1 it is small, where one scaffold is most of it), the second counts
 * every cluster alike. Where one cluster is more than half of the squares, neither can tell: then its rows count, as if
 * each had been drawn by a fair coin.
 * @returns the largest score in magnitude; 0 where no cluster is on both sides, or all have as many rows on one as on the other
 */
export function takenAlike({ rows, inBatch }: ClusterSides): number {
  const sums = { difference: 0, square: 0, sign: 0, unequal: 0 };
  let most = 0;
  let ofMost = 0;
  for (const [cluster, { length }] of rows.entries()) {
    const a = inBatch[cluster];
    if (a === 0 || a === length || 2 * a === length) continue;
    const difference = 2 * a - length;
    sums.difference += difference;
    sums.square += difference ** 2;
    sums.sign += Math.sign(difference);
    sums.unequal++;
    if (difference ** 2 <= most ** 2) continue;
    most = difference;
    ofMost = length;
  }
  if (sums.unequal === 0) return 0;
  const scores = [sums.difference / Math.sqrt(sums.square), sums.sign / Math.sqrt(sums.unequal)];
  if (2 * most ** 2 > sums.square) scores.push(most / Math.sqrt(ofMost));
  return scores.reduce((largest, score) => (Math.abs(score) > Math.abs(largest) ? score : largest));
}
