import { refuse } from './finite-values.ts';
import { type PermutationLabels, readLabels } from './permutation-labels.ts';
import { sortedOrder } from './ranks.ts';
import type { PermutedStatistics } from './westfall-young.ts';

/** A column of both sides together, in the order of the labels. */
export interface PooledColumn {
  readonly name: string;
  /** float [rows], finite */
  readonly values: ArrayLike<number>;
}

/**
 * A distance of every column under every labelling, for `westfallYoung`: columns keep their dependence, and a clustered
 * null enters by its labels. Each column is sorted once; a labelling costs one walk over its rows.
 * - kolmogorov-smirnov: D
 * - wasserstein: Wasserstein-1 over the standard deviation of both sides together, which no labelling changes
 * @throws ERR_USAGE where a column does not fit the labels, is constant, or holds NaN or an infinity
 */
export function permutedDistances(
  columns: readonly PooledColumn[],
  labels: PermutationLabels,
  distance: 'kolmogorov-smirnov' | 'wasserstein',
): PermutedStatistics {
  const sorted = columns.map((column) => sortColumn(column, labels.rows));
  const sides = new Uint8Array(labels.rows);
  const count = labels.labels.count;
  const values = new Float64Array(columns.length * count);
  for (let b = 0; b < count; b++) {
    readLabels(labels, b, sides);
    const inBatch = sides.reduce((sum, side) => sum + side, 0);
    if (inBatch === 0 || inBatch === sides.length) refuse(`Label column ${b} has all rows on one side.`);
    for (const [c, { order, gaps }] of sorted.entries()) {
      values[c * count + b] =
        distance === 'wasserstein'
          ? areaBetween(order, gaps, sides, inBatch)
          : largestBetween(order, gaps, sides, inBatch);
    }
  }
  return { names: columns.map(({ name }) => name), values };
}

interface SortedColumn {
  readonly order: Uint32Array;
  /** From each row in order to the next, in standard deviations; 0 between equal values, infinite after the last. */
  readonly gaps: Float64Array;
}

function sortColumn({ name, values }: PooledColumn, rows: number): SortedColumn {
  if (values.length !== rows) refuse(`Column ${name} has ${values.length} values for ${rows} labelled rows.`);
  const bad = Array.from(values).findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) refuse(`Column ${name} is ${values[bad]} at row ${bad}. Leave out the rows that have none.`);
  const order = sortedOrder(values);
  if (values[order[0]] === values[order[rows - 1]]) {
    refuse(
      `Column ${name} is constant on both sides, so it has no distance to test. Leave it out, and say so.`,
    );
  }
  let mean = 0;
  for (const row of order) mean += values[row] / rows;
  let squares = 0;
  for (const row of order) squares += (values[row] - mean) ** 2;
  const deviation = Math.sqrt(squares / rows);
  const gaps = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  for (let i = 1; i < rows; i++) gaps[i - 1] = (values[order[i]] - values[order[i - 1]]) / deviation;
  return { order, gaps };
}

/** In whole numbers n m D, so that equal distances are equal. */
function largestBetween(order: Uint32Array, gaps: Float64Array, sides: Uint8Array, inBatch: number): number {
  const inReference = order.length - inBatch;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < order.length; i++) {
    difference += sides[order[i]] === 1 ? inReference : -inBatch;
    if (gaps[i] > 0 && Math.abs(difference) > largest) largest = Math.abs(difference);
  }
  return largest / (inBatch * inReference);
}

function areaBetween(order: Uint32Array, gaps: Float64Array, sides: Uint8Array, inBatch: number): number {
  const inReference = order.length - inBatch;
  let difference = 0;
  let area = 0;
  for (let i = 0; i < order.length - 1; i++) {
    difference += sides[order[i]] === 1 ? inReference : -inBatch;
    area += Math.abs(difference) * gaps[i];
  }
  return area / (inBatch * inReference);
}
