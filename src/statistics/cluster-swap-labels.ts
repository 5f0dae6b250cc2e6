import { drawColumns, type LabelColumns, startColumns } from '../core/mmd-labels.ts';
import { philox, philoxKey } from '../core/philox.ts';
import { type ClusterSides, clusterSides } from './cluster-sides.ts';
import { refuse } from './finite-values.ts';
import {
  binomial,
  checkLabelRequest,
  type LabelRequest,
  type PermutationLabels,
  packLabels,
} from './permutation-labels.ts';

/** Last word of the counters that swaps are drawn by; `drawColumns` has 0. */
const SWAPS = 1;
/** A side with fewer rows has no spread to compare. */
const LEAST_ROWS = 2;
/** Columns drawn for each one wanted, at most, where some leave a side too few rows. */
const MOST_DRAWS = 64;

/**
 * Labels of the clustered null: a cluster on one side moves whole, a cluster on both has its sides swapped or not, as one.
 *
 * The null says that, given which clusters are on one side and which on both,
 * - the clusters on one side are exchangeable: every choice of as many of them for the batch is as likely, whatever their sizes;
 * - for each cluster on both, its two parts are exchangeable: swapped or not is a fair coin, independent of all else.
 * Compounds may depend on each other in any way within a cluster. These moves are a group, so p is exact under that null.
 *
 * What it does not cover: where one side takes, say, nine times as many rows as the other from the clusters that both hold,
 * the coin is not fair and p means nothing (in the tests such a null never rejects); `takenAlike` measures that. Use
 * `clusterShareLabels` then, or as many rows of the reference as of the batch. And a batch whose clusters are all in the
 * reference too can only be told apart by what it holds of each, not by which clusters those are.
 *
 * Columns that leave a side fewer than two rows are drawn again: the test is then conditional on that.
 * @param clusters  cluster of each row, 0 .. clusters - 1, none empty. uint32 [rows]
 * @returns labels of units: a cluster on one side, or one side of a cluster on both. The same on every machine.
 * @throws ERR_USAGE, ERR_OUT_OF_MEMORY
 */
export function clusterSwapLabels(request: LabelRequest, clusters: Uint32Array): PermutationLabels {
  const { observed, permutations, seed } = checkLabelRequest(request);
  const sides = clusterSides(clusters, observed);
  const { moved, swapped } = splitClusters(sides);
  const units = new Uint32Array(observed.length);
  const sizes = new Uint32Array(moved.length + 2 * swapped.length);
  for (const [unit, cluster] of moved.entries()) for (const row of sides.rows[cluster]) units[row] = unit;
  for (const [pair, cluster] of swapped.entries()) {
    for (const row of sides.rows[cluster]) units[row] = moved.length + 2 * pair + observed[row];
  }
  for (const unit of units) sizes[unit]++;

  const first = new Uint8Array(sizes.length);
  for (const [row, unit] of units.entries()) first[unit] = observed[row];
  const inBatch = first.subarray(0, moved.length).reduce((sum, side) => sum + side, 0);
  for (let wanted = permutations; ; wanted *= 2) {
    const whole = { observed: packLabels(first.subarray(0, moved.length)), permutations: wanted, seed };
    const columns = joinSwaps(first, drawColumns(whole, moved.length, inBatch), moved.length, seed);
    const labels = keepUsable(columns, sizes, permutations);
    if (labels) {
      const labellings = binomial(moved.length, inBatch) * 2 ** swapped.length;
      return { rows: observed.length, units, labels, labellings };
    }
    if (wanted >= MOST_DRAWS * permutations) {
      refuse(
        `Hardly any move of whole clusters leaves ${LEAST_ROWS} rows on each side. Give more clusters, or finer ones.`,
      );
    }
  }
}

/** Clusters on one side, and clusters on both. */
function splitClusters({ rows, inBatch }: ClusterSides): { moved: number[]; swapped: number[] } {
  const moved: number[] = [];
  const swapped: number[] = [];
  for (const [cluster, { length }] of rows.entries()) {
    (inBatch[cluster] % length === 0 ? moved : swapped).push(cluster);
  }
  return { moved, swapped };
}

/**
 * Columns of all units: those drawn for clusters on one side, then the pairs of sides (reference, batch), swapped where bit
 * `pair & 127` of `philox([pair >> 7, b, 0, SWAPS], seed)` is set.
 * @param drawn  of the first `moved` units
 */
function joinSwaps(first: Uint8Array, drawn: LabelColumns, moved: number, seed: number): LabelColumns {
  const bytes = Math.ceil(first.length / 8);
  const bits = startColumns(packLabels(first), drawn.count - 1);
  const key = philoxKey(seed);
  const words = new Uint32Array(4);
  for (let b = 1; b < drawn.count; b++) {
    const column = bits.subarray(b * bytes, (b + 1) * bytes);
    column.set(drawn.bits.subarray(b * drawn.bytes, (b + 1) * drawn.bytes));
    for (let pair = 0; moved + 2 * pair < first.length; pair++) {
      if ((pair & 127) === 0) philox(Uint32Array.of(pair >> 7, b, 0, SWAPS), key, words);
      const swap = (words[(pair & 127) >> 5] >>> (pair & 31)) & 1;
      const unit = moved + 2 * pair + 1 - swap;
      column[unit >> 3] |= 1 << (unit & 7);
    }
  }
  return { bits, count: drawn.count, bytes };
}

/** The true labels and the first so many columns that leave rows on both sides; nothing where there are fewer. */
function keepUsable(
  columns: LabelColumns,
  sizes: Uint32Array,
  permutations: number,
): LabelColumns | undefined {
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const kept = new Uint8Array((permutations + 1) * columns.bytes);
  let count = 0;
  for (let b = 0; b < columns.count && count <= permutations; b++) {
    const column = columns.bits.subarray(b * columns.bytes, (b + 1) * columns.bytes);
    let inBatch = 0;
    for (let unit = 0; unit < sizes.length; unit++) {
      inBatch += sizes[unit] * ((column[unit >> 3] >> (unit & 7)) & 1);
    }
    const usable = inBatch >= LEAST_ROWS && rows - inBatch >= LEAST_ROWS;
    if (b === 0 && !usable) {
      refuse(
        `${inBatch} rows are in the batch and ${rows - inBatch} in the reference. Give ${LEAST_ROWS} or more of each.`,
      );
    }
    if (usable) kept.set(column, count++ * columns.bytes);
  }
  return count > permutations ? { bits: kept, count, bytes: columns.bytes } : undefined;
}
