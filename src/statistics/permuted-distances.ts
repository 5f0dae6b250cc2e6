import { refuse } from './finite-values.ts';
import { firstAtLeast } from './first-at-least.ts';
import { type PermutationLabels, readTile, TILE } from './permutation-labels.ts';
import type { PermutedStatistics } from './westfall-young.ts';

/** A column of both sides together, in the order of the labels. */
export interface PooledColumn {
  readonly name: string;
  /** float [rows], finite */
  readonly values: ArrayLike<number>;
}

/** Rows that are counted at once, unless a labelling's largest distance may lie between them. */
const BLOCK = 32;
/** Bytes of 0 and 1 that can be added without one running over. */
const MOST_BYTES = 255;
const WORDS = TILE / 4;

/**
 * A distance of every column under every labelling, for `westfallYoung`: columns keep their dependence, and a clustered
 * null enters by its labels. Each column is sorted once, and walked for 64 labellings at a time.
 * - kolmogorov-smirnov: D
 * - wasserstein: Wasserstein-1 over the standard deviation of both sides together, which no labelling changes
 *
 * Cost: 43 columns of 12,452 rows under 1,000 labellings take about 0.6 s of one core for D, and several times that for
 * wasserstein; 64 bytes a row are held meanwhile.
 * @throws ERR_USAGE where a column does not fit the labels, is constant, or holds NaN or an infinity
 */
export function permutedDistances(
  columns: readonly PooledColumn[],
  labels: PermutationLabels,
  distance: 'kolmogorov-smirnov' | 'wasserstein',
): PermutedStatistics {
  const sorted = columns.map((column) => sortColumn(column, labels.rows));
  const sides = new Uint8Array(labels.rows * TILE);
  const words = new Int32Array(sides.buffer);
  const sums = new Int32Array(WORDS);
  const scratch = { sides, words, sums, sumBytes: new Uint8Array(sums.buffer) };
  const count = labels.labels.count;
  const values = new Float64Array(columns.length * count);
  const measure = distance === 'wasserstein' ? areaBetween : largestBetween;
  for (let first = 0; first < count; first += TILE) {
    const inBatch = readTile(labels, first, sides);
    const used = Math.min(TILE, count - first);
    const alone = inBatch.subarray(0, used).findIndex((batch) => batch === 0 || batch === labels.rows);
    if (alone >= 0) refuse(`Label column ${first + alone} has all rows on one side.`);
    for (const [c, column] of sorted.entries()) {
      const found = measure(column, { ...scratch, inBatch });
      // In whole numbers n m D until here, so that equal distances are equal.
      for (let b = 0; b < used; b++) {
        values[c * count + first + b] = found[b] / (inBatch[b] * (labels.rows - inBatch[b]));
      }
    }
  }
  return { names: columns.map(({ name }) => name), values };
}

interface SortedColumn {
  /** Rows by value. uint32 [rows] */
  readonly order: Uint32Array;
  /** Rows up to each distinct value, that value's among them. uint32 [distinct] */
  readonly ends: Uint32Array;
  /** Distinct values up to the end of each block: one that is alone in it, or several of few rows. uint32 [blocks] */
  readonly blocks: Uint32Array;
  /** From each distinct value to the next, in standard deviations. float64 [distinct - 1] */
  readonly gaps: Float64Array;
}

function sortColumn({ name, values }: PooledColumn, rows: number): SortedColumn {
  if (values.length !== rows) refuse(`Column ${name} has ${values.length} values for ${rows} labelled rows.`);
  const ascending = Float64Array.from(values);
  const bad = ascending.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) refuse(`Column ${name} is ${values[bad]} at row ${bad}. Leave out the rows that have none.`);
  ascending.sort();
  if (ascending[0] === ascending[rows - 1]) {
    refuse(
      `Column ${name} is constant on both sides, so it has no distance to test. Leave it out, and say so.`,
    );
  }
  // Rows are counted into their places: no comparison of rows.
  const distinct = new Float64Array(rows);
  const ends = new Uint32Array(rows);
  let groups = 0;
  for (let i = 0; i < rows; i++) {
    if (i === 0 || ascending[i] !== ascending[i - 1]) distinct[groups++] = ascending[i];
    ends[groups - 1] = i + 1;
  }
  const known = distinct.subarray(0, groups);
  const next = new Uint32Array(groups + 1);
  next.set(ends.subarray(0, groups), 1);
  const order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[next[firstAtLeast(known, values[row])]++] = row;

  let mean = 0;
  for (const value of ascending) mean += value / rows;
  let squares = 0;
  for (const value of ascending) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / rows);
  const gaps = new Float64Array(groups - 1);
  for (let i = 0; i < gaps.length; i++) gaps[i] = (distinct[i + 1] - distinct[i]) / deviation;
  return { order, ends: ends.subarray(0, groups), blocks: cutBlocks(ends.subarray(0, groups)), gaps };
}

function cutBlocks(ends: Uint32Array): Uint32Array {
  const cuts: number[] = [];
  let from = 0;
  for (const [group, end] of ends.entries()) {
    const isLast = group === ends.length - 1;
    if (!isLast && end - from < BLOCK && ends[group + 1] - end < BLOCK) continue;
    cuts.push(group + 1);
    from = end;
  }
  return Uint32Array.from(cuts);
}

/** 64 labellings side by side. */
interface Tile {
  /** uint8 [rows, TILE] */
  readonly sides: Uint8Array;
  /** The same bytes, four to a word. */
  readonly words: Int32Array;
  /** Rows in the batch, all in all. float64 [TILE] */
  readonly inBatch: Float64Array;
  /** Four counts to a word, and the same bytes. */
  readonly sums: Int32Array;
  readonly sumBytes: Uint8Array;
}

function largestBetween(column: SortedColumn, tile: Tile): Float64Array {
  const { order, ends, blocks } = column;
  const { inBatch } = tile;
  const rows = order.length;
  const counts = new Uint32Array(blocks.length * TILE);
  const largest = new Float64Array(TILE);
  const difference = new Float64Array(TILE);
  for (let block = 0, from = 0; block < blocks.length; block++) {
    const to = ends[blocks[block] - 1];
    const at = block * TILE;
    countBatch(tile, order, from, to, counts, at);
    for (let b = 0; b < TILE; b++) {
      difference[b] += counts[at + b] * rows - (to - from) * inBatch[b];
      if (Math.abs(difference[b]) > largest[b]) largest[b] = Math.abs(difference[b]);
    }
    from = to;
  }
  // Within a block it cannot rise by more than its batch rows, nor fall by more than its reference rows.
  difference.fill(0);
  for (let block = 0, group = 0, from = 0; block < blocks.length; block++) {
    const to = ends[blocks[block] - 1];
    const isOneValue = blocks[block] - group === 1;
    for (let b = 0; b < TILE; b++) {
      const batch = counts[block * TILE + b];
      const after = difference[b] + batch * rows - (to - from) * inBatch[b];
      const highest = difference[b] + batch * (rows - inBatch[b]);
      const lowest = after - batch * (rows - inBatch[b]);
      if (!isOneValue && (highest > largest[b] || -lowest > largest[b])) {
        const within = largestWithin(column, tile, [group, blocks[block]], b, difference[b]);
        if (within > largest[b]) largest[b] = within;
      }
      difference[b] = after;
    }
    group = blocks[block];
    from = to;
  }
  return largest;
}

/** Largest absolute difference after any distinct value of a block. @param difference  before it */
function largestWithin(
  { order, ends }: SortedColumn,
  { sides, inBatch }: Tile,
  [firstGroup, endGroup]: readonly [number, number],
  place: number,
  difference: number,
): number {
  let largest = 0;
  let at = firstGroup === 0 ? 0 : ends[firstGroup - 1];
  for (let group = firstGroup; group < endGroup; group++) {
    for (; at < ends[group]; at++) {
      difference += sides[order[at] * TILE + place] * order.length - inBatch[place];
    }
    largest = Math.max(largest, Math.abs(difference));
  }
  return largest;
}

function areaBetween({ order, ends, gaps }: SortedColumn, tile: Tile): Float64Array {
  const { inBatch } = tile;
  const area = new Float64Array(TILE);
  const difference = new Float64Array(TILE);
  const counts = new Uint32Array(TILE);
  for (let group = 0, from = 0; group < gaps.length; group++) {
    const to = ends[group];
    countBatch(tile, order, from, to, counts, 0);
    for (let b = 0; b < TILE; b++) {
      difference[b] += counts[b] * order.length - (to - from) * inBatch[b];
      area[b] += Math.abs(difference[b]) * gaps[group];
    }
    from = to;
  }
  return area;
}

/** How many of the rows at some places of an order are in the batch. @param counts  set at .. at + TILE - 1 */
function countBatch(
  { words, sums, sumBytes }: Tile,
  order: Uint32Array,
  from: number,
  to: number,
  counts: Uint32Array,
  at: number,
): void {
  for (let b = 0; b < TILE; b++) counts[at + b] = 0;
  for (let start = from; start < to; start += MOST_BYTES) {
    const stop = Math.min(start + MOST_BYTES, to);
    sums.fill(0);
    let i = start;
    for (; i + 4 <= stop; i += 4) {
      const first = order[i] * WORDS;
      const second = order[i + 1] * WORDS;
      const third = order[i + 2] * WORDS;
      const fourth = order[i + 3] * WORDS;
      for (let w = 0; w < WORDS; w++) {
        sums[w] += words[first + w] + words[second + w] + words[third + w] + words[fourth + w];
      }
    }
    for (; i < stop; i++) for (let w = 0; w < WORDS; w++) sums[w] += words[order[i] * WORDS + w];
    for (let b = 0; b < TILE; b++) counts[at + b] += sumBytes[b];
  }
}
