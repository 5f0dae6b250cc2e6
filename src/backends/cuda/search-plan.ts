import type { CudaFunction, Launch } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import { TILE_ROWS } from './search-layout.ts';

/** As in kernels/nearest/search.h. */
export const SEARCH_THREADS = 256;
const WARPS = 8;
/** Bytes of a query's state and threshold, and of one pair in the scratch. */
const STATE_BYTES = 16 + 4;
const SCRATCH_BYTES = 2;
const ENTRY_BYTES = 8;
/** The first devices with matrix units for bits. */
const MATRIX_CAPABILITY = 80;
const STAGES = 4;
/** Up to this many queries a warp takes 16 of them instead of 64. */
const FEW_QUERIES = 64;
/** Blocks that may fill up the last round of a device, in rounds. */
const MOST_ROUNDS = 4;

/** How queries are searched: by which kernel, on which grid, into how many lists. */
export interface SearchPlan {
  readonly kernel: CudaFunction;
  readonly launch: Launch;
  /** Blocks that share the tiles, for the same queries. */
  readonly splits: number;
  /** Warps of a block that share the queries. */
  readonly rowGroups: number;
  /** Lists of each query. */
  readonly parts: number;
  /** Walks over tiles, each with a cursor. */
  readonly walks: number;
  /** Walks over tiles that each list's queries take part in. */
  readonly walksOfQuery: number;
  /** Lists stay in shared memory during a launch. */
  readonly sharedLists: boolean;
}

export interface SearchSize {
  /** Bytes of a fingerprint, from `padRow`. */
  readonly paddedBytes: number;
  readonly queries: number;
  /** Of the largest chunk. */
  readonly tiles: number;
  /** Entries of a list; 0 where none is kept. */
  readonly k: number;
  /** Most lists of each query that there is room for. */
  readonly mostParts: number;
}

/** Which kernel and grid suit so many queries on this device. */
export function planSearch(
  device: CudaDevice,
  operation: 'nearest' | 'within',
  { paddedBytes, queries, tiles, k, mostParts }: SearchSize,
): SearchPlan {
  const kernelOf = (name: string) => device.kernel(operation, `${operation}_${name}`);
  const slotsFor = (kernel: CudaFunction, sharedBytes: number) =>
    device.info.multiprocessors * Math.max(1, kernel.residentBlocks(SEARCH_THREADS, sharedBytes));
  const finish = (kernel: CudaFunction, sharedBytes: number, blocks: number, most: number) => {
    const splits = chooseSplits(blocks, slotsFor(kernel, sharedBytes), most);
    const launch = { blocks: blocks * splits, threads: SEARCH_THREADS, sharedBytes };
    return { kernel, launch, splits };
  };

  const matrix = onMatrixUnits(device, paddedBytes, queries);
  if (matrix) {
    const { sharedBytesPerBlock } = device.info;
    const { queriesOfWarp, rowGroups, sharedBytes } = matrix;
    const kernel = kernelOf(`${paddedBytes * 8}_by_${queriesOfWarp}`);
    const withLists = sharedBytes + WARPS * queriesOfWarp * k * ENTRY_BYTES;
    const sharedLists =
      k > 0 &&
      withLists <= sharedBytesPerBlock &&
      slotsFor(kernel, withLists) === slotsFor(kernel, sharedBytes);
    const blocks = Math.ceil(queries / (queriesOfWarp * (WARPS / rowGroups)));
    const most = Math.min(tiles, Math.floor(mostParts / rowGroups));
    const made = finish(kernel, sharedLists ? withLists : sharedBytes, blocks, most);
    const { splits } = made;
    const walks = made.launch.blocks;
    return { ...made, rowGroups, parts: splits * rowGroups, walks, walksOfQuery: splits, sharedLists };
  }
  const queriesOfBlock = queries === 1 ? 1 : 8;
  const sharedBytes =
    queriesOfBlock * (paddedBytes + WARPS * (STATE_BYTES + (TILE_ROWS / 2) * SCRATCH_BYTES));
  const kernel = kernelOf(`words_by_${queriesOfBlock}`);
  const most = Math.min(Math.ceil(tiles / WARPS), Math.floor(mostParts / WARPS));
  const made = finish(kernel, sharedBytes, Math.ceil(queries / queriesOfBlock), most);
  const parts = made.splits * WARPS;
  const walks = made.launch.blocks * WARPS;
  return { ...made, rowGroups: 1, parts, walks, walksOfQuery: parts, sharedLists: false };
}

/** How queries are searched on matrix units, where they are. */
export function onMatrixUnits({ info }: CudaDevice, paddedBytes: number, queries: number) {
  const matrix = matrixShape(paddedBytes, queries);
  const able = info.computeCapability >= MATRIX_CAPABILITY;
  return matrix && able && matrix.sharedBytes <= info.sharedBytesPerBlock ? matrix : undefined;
}

/**
 * How warps share queries and rows on matrix units, and the shared memory of a block without lists: MatrixShape of
 * kernels/nearest/scan-matrix.h. Nothing where other kernels serve better: for one query only the speed of memory
 * counts, and long fingerprints do not fit into registers.
 */
function matrixShape(paddedBytes: number, queries: number) {
  if (queries < 2 || paddedBytes > 256) return undefined;
  const queriesOfWarp = queries <= FEW_QUERIES ? 16 : 64;
  const columns = queries <= FEW_QUERIES ? 8 : 16;
  let rowGroups = TILE_ROWS / columns;
  while (rowGroups > 1 && queriesOfWarp * (WARPS / rowGroups) < queries) rowGroups /= 2;
  const sharedBytes =
    STAGES * TILE_ROWS * paddedBytes +
    2 * STAGES * 16 +
    WARPS * 8 +
    WARPS * queriesOfWarp * (STATE_BYTES + columns * SCRATCH_BYTES);
  return { queriesOfWarp, rowGroups, sharedBytes };
}

/**
 * Into how many parts the tiles are cut so that blocks come to whole rounds of what the device holds at a time, or nearly so.
 * @param blocks  needed for all queries
 * @param slots   blocks that the device holds at a time
 * @param most    parts that still have a tile each
 */
export function chooseSplits(blocks: number, slots: number, most: number): number {
  const least = Math.max(1, Math.floor(slots / blocks));
  const limit = Math.max(1, most);
  let best = Math.min(least, limit);
  let bestFilled = 0;
  for (let splits = best; splits <= Math.min(limit, Math.max(least, MOST_ROUNDS)); splits++) {
    const filled = (blocks * splits) / (Math.ceil((blocks * splits) / slots) * slots);
    if (filled <= bestFilled) continue;
    best = splits;
    bestFilled = filled;
    if (filled >= 0.95) break;
  }
  return best;
}
