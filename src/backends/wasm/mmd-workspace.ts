import { type GatheredBlock, placeGatheredBlock } from './mmd-gather.ts';
import { CHUNK, SUMS_STRUCT_BYTES, TABLES_BYTES, TILE_STRUCT_BYTES } from './mmd-kernel.ts';
import { MOST_CHOSEN, mostSlabBlocks } from './mmd-layout.ts';
import type { Span } from './mmd-plan.ts';
import { STACK_BYTES } from './search-kernel.ts';
import { Arena } from './search-memory.ts';
import { BLOCK, PLANES_BYTES } from './search-shard.ts';

/** What sizes a thread's workspace. */
export interface MmdWorkspaceShape {
  readonly kernels: number;
  /** Made even. */
  readonly columns: number;
  readonly dimensions: number;
  readonly bits: number;
  readonly slabs: readonly Span[];
}

/** What one thread writes to. A tile is [128, 512]. */
export interface MmdWorkspace {
  readonly stack: number;
  readonly planes: number;
  readonly tile: number;
  readonly sums: number;
  /** uint16, a tile */
  readonly counts: number;
  /** float64, a tile where there are features */
  readonly distances: number;
  /** float64 [kernels, 512] each */
  readonly rows: number;
  readonly runs: number;
  /** float64 [kernels], a tile of units each */
  readonly unitSums: number;
  /** float32, a tile */
  readonly centred: number;
  readonly tables: number;
  /** float64 [kernels, columns, 2] */
  readonly columnSums: number;
  /** [MOST_CHOSEN, 512], 8 bytes each */
  readonly masks: number;
  /** float64 [kernels, chosen] */
  readonly within: number;
  /** float64 [kernels, slab's blocks, 512] */
  readonly querySums: number;
  readonly targetSums: number;
  readonly gatheredQueries: GatheredBlock;
  readonly gatheredTargets: GatheredBlock;
  readonly end: number;
}

export function placeMmdWorkspace(start: number, shape: MmdWorkspaceShape): MmdWorkspace {
  const { kernels, columns, dimensions, bits, slabs } = shape;
  const tile = CHUNK * BLOCK;
  const slabSums = kernels * mostSlabBlocks(slabs) * BLOCK * 8;
  const arena = new Arena(start);
  const workspace = {
    stack: arena.take(STACK_BYTES),
    planes: arena.take(PLANES_BYTES),
    tile: arena.take(TILE_STRUCT_BYTES),
    sums: arena.take(SUMS_STRUCT_BYTES),
    counts: arena.take(tile * 2),
    distances: arena.take(dimensions === 0 ? 0 : tile * 8),
    rows: arena.take(kernels * BLOCK * 8),
    runs: arena.take(kernels * BLOCK * 8),
    unitSums: arena.take(kernels * tile * 8),
    centred: arena.take(tile * 4),
    tables: arena.take(TABLES_BYTES),
    columnSums: arena.take(kernels * columns * 16),
    masks: arena.take(MOST_CHOSEN * BLOCK * 8),
    within: arena.take(kernels * MOST_CHOSEN * 8),
    querySums: arena.take(slabSums),
    targetSums: arena.take(slabSums),
    gatheredQueries: placeGatheredBlock(arena, { bits, dimensions }),
    gatheredTargets: placeGatheredBlock(arena, { bits, dimensions }),
  };
  return { ...workspace, end: arena.end };
}
