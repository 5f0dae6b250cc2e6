import type { MmdProblem } from '../../core/mmd-problem.ts';
import { CHUNK } from './mmd-kernel.ts';
import { BLOCK } from './search-shard.ts';

/** Consecutive places that belong to a chunk or a slab; the end is not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where rows go. Units are cut into slabs of 512 and those into chunks of 128; each slab starts a block of 512 places,
 * and has more than one block only where clusters of several rows are its units:
 *
 *     slab 0: | rows of cluster 0 | of cluster 1 | ... | of cluster 511 | nothing |
 *             | block 0 | block 1 |               ...                | block n - 1 |
 */
export interface MmdPlan {
  readonly slabs: readonly Span[];
  readonly chunks: readonly Span[];
  readonly blockCount: number;
  /** Row at each place; -1 for none. int32 [blockCount * 512] */
  readonly rowAt: Int32Array;
}

/** Rows of a sample: a hundredth of 12,000, whose means of K are within a tenth of its spread. */
const SAMPLE = 128;
/** Chunks of a slab. */
export const CHUNKS_PER_SLAB: number = BLOCK / CHUNK;

export function planMmd({ shape, units, clusters }: MmdProblem): MmdPlan {
  const order = Uint32Array.from({ length: shape.count }, (_, row) => row);
  if (clusters) order.sort((i, j) => clusters[i] - clusters[j] || i - j);
  const unitOf = (row: number) => (clusters ? clusters[row] : row);
  const slabs: Span[] = [];
  const chunks: Span[] = [];
  const places: number[] = [];
  let next = 0;
  for (let unit = 0; unit < units; unit += CHUNK) {
    if (unit % BLOCK === 0) while (places.length % BLOCK !== 0) places.push(-1);
    const start = places.length;
    while (next < order.length && unitOf(order[next]) < unit + CHUNK) places.push(order[next++]);
    const end = places.length;
    chunks.push({ start, end });
    if (unit % BLOCK === 0) slabs.push({ start, end });
    else slabs[slabs.length - 1] = { start: slabs[slabs.length - 1].start, end };
  }
  while (places.length % BLOCK !== 0) places.push(-1);
  return { slabs, chunks, blockCount: places.length / BLOCK, rowAt: Int32Array.from(places) };
}

/** Pieces of a span that stay in one block and have at most 128 places. */
export function* piecesOf({ start, end }: Span): Generator<{ block: number; first: number; count: number }> {
  for (let place = start; place < end; ) {
    const first = place % BLOCK;
    const count = Math.min(CHUNK, end - place, BLOCK - first);
    yield { block: (place - first) / BLOCK, first, count };
    place += count;
  }
}

/** Blocks of a slab. */
export function blocksOf({ start, end }: Span): Span {
  return { start: start / BLOCK, end: Math.ceil(end / BLOCK) };
}

/** Places of a sample of the rows, evenly among all of them. @param rows how many there are */
export function samplePlaces(rowAt: Int32Array, rows: number): Uint32Array {
  const taken = new Uint32Array(rows);
  let found = 0;
  for (const [place, row] of rowAt.entries()) if (row >= 0) taken[found++] = place;
  const count = Math.min(SAMPLE, rows);
  return Uint32Array.from({ length: count }, (_, i) => taken[Math.floor(((i + 0.5) * rows) / count)]);
}
