import type { MmdInput } from '../core/mmd.ts';
import { drawColumns, type LabelColumns } from '../core/mmd-labels.ts';
import { refuse } from './finite-values.ts';

/** Sides of all rows under a null hypothesis: column 0 as observed, the others drawn. 1 is the batch, group X of `mmd`. */
export interface PermutationLabels {
  readonly rows: number;
  /** Rows of one unit are on one side in every column; absent where every row is its own. uint32 [rows] */
  readonly units?: Uint32Array;
  /** Bit u of a column is 1 where unit u is in the batch. */
  readonly labels: LabelColumns;
  /** How many labellings the null has, the observed one among them; Infinity past 2^1023. */
  readonly labellings: number;
}

/** What labels are drawn from. */
export interface LabelRequest {
  /** 1 for a row of the batch, 0 for one of the reference. uint8 [rows] */
  readonly observed: Uint8Array;
  /** B, columns to draw. */
  readonly permutations: number;
  /** An integer from 0 to 2^53 - 1. */
  readonly seed: number;
}

/**
 * Labels of the independent null: rows are exchangeable, so every choice of as many rows for the batch is as likely.
 * The same on every machine; those that the operation `mmd` draws for the same seed.
 * @throws ERR_USAGE, ERR_OUT_OF_MEMORY
 */
export function independentLabels(request: LabelRequest): PermutationLabels {
  const { observed, permutations, seed } = checkLabelRequest(request);
  requireBothSides(observed);
  const rows = observed.length;
  const packed = packLabels(observed);
  let inX = 0;
  for (const side of observed) inX += side;
  const labels = drawColumns({ observed: packed, permutations, seed }, rows, inX);
  return { rows, labels, labellings: binomial(rows, inX) };
}

/** @throws ERR_USAGE */
export function checkLabelRequest(request: LabelRequest): LabelRequest {
  const { observed, permutations, seed } = request;
  checkObserved(observed);
  if (!(Number.isInteger(permutations) && permutations >= 0 && permutations < 2 ** 31)) {
    refuse(`${permutations} permutations were asked for. Give a whole number, 0 or more.`);
  }
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    refuse(`The seed is ${seed}. Give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
  }
  return request;
}

/** @throws ERR_USAGE where a side has no rows */
export function requireBothSides(observed: Uint8Array): void {
  for (const [side, name] of ['reference', 'batch'].entries()) {
    if (!observed.includes(side)) refuse(`The ${name} has no rows. Give rows of both sides.`);
  }
}

/** Checks that sides are 0 or 1. @throws ERR_USAGE */
export function checkObserved(observed: Uint8Array): void {
  const bad = observed.findIndex((side) => side > 1);
  if (bad >= 0)
    refuse(`The side of row ${bad} is ${observed[bad]}. Give 1 for the batch and 0 for the reference.`);
}

/** Side of each row in a column. @param out uint8 [rows], overwritten with 0 and 1 */
export function readLabels(
  { units, labels: { bits, bytes } }: PermutationLabels,
  column: number,
  out: Uint8Array,
): void {
  const start = column * bytes;
  for (let row = 0; row < out.length; row++) {
    const unit = units ? units[row] : row;
    out[row] = (bits[start + (unit >> 3)] >> (unit & 7)) & 1;
  }
}

/** Labellings that are read side by side: a row of so many bytes is one line of cache. */
export const TILE = 64;

/**
 * Sides of every row in the next columns, for a statistic that visits rows in an order of its own.
 * @param first  column at place 0 of the tile
 * @param out    uint8 [rows, TILE], row-major, overwritten with 0 and 1; 0 past the last column
 * @returns rows in the batch by column, float64 [TILE]; 0 past the last column
 */
export function readTile(
  { units, rows, labels: { bits, bytes, count } }: PermutationLabels,
  first: number,
  out: Uint8Array,
): Float64Array {
  const inBatch = new Float64Array(TILE);
  const columns = Math.min(TILE, count - first);
  if (columns < TILE) out.fill(0);
  for (let row = 0; row < rows; row++) {
    const unit = units ? units[row] : row;
    const start = first * bytes + (unit >> 3);
    for (let place = 0; place < columns; place++) {
      const side = (bits[start + place * bytes] >> (unit & 7)) & 1;
      out[row * TILE + place] = side;
      inBatch[place] += side;
    }
  }
  return inBatch;
}

/** The same labels as the operation `mmd` takes them. */
export function mmdLabels({ units, labels }: PermutationLabels): Pick<MmdInput, 'clusters' | 'labels'> {
  return { ...(units && { clusters: units }), labels: { columns: labels.bits } };
}

/** Bits of labels. @param sides 0 or 1 [units] @returns uint8 [ceil(units / 8)] */
export function packLabels(sides: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(sides.length / 8));
  for (const [unit, side] of sides.entries()) packed[unit >> 3] |= side << (unit & 7);
  return packed;
}

/** n choose k, to rounding; Infinity past the range of numbers. */
export function binomial(n: number, k: number): number {
  const fewer = Math.min(k, n - k);
  let ways = 1;
  for (let i = 1; i <= fewer && ways < Infinity; i++) ways = Math.round((ways * (n - fewer + i)) / i);
  return ways;
}
