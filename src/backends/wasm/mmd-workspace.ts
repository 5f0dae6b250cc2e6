import { CHUNK, TABLES_BYTES, TILE_STRUCT_BYTES } from './mmd-kernel.ts';
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
  readonly clustered: boolean;
  readonly slabs: readonly Span[];
}

/** What one thread writes to. A tile is [128, 512]. */
export interface MmdWorkspace {
  readonly stack: number;
  readonly planes: number;
  readonly tile: number;
  /** uint16, a tile */
  readonly counts: number;
  /** float64, a tile where there are features */
  readonly distances: number;
  /** float64 [512] */
  readonly row: number;
  /** float32, a tile */
  readonly centred: number;
  /** float64 [kernels], a tile of clusters each where there are clusters */
  readonly clusterSums: number;
  readonly tables: number;
  /** float64 [kernels, columns, 2] */
  readonly columnSums: number;
  /** float64 [kernels, MOST_CHOSEN, 512] */
  readonly partial: number;
  /** float64 [kernels, MOST_CHOSEN] */
  readonly chosenSums: number;
  /** float64 [kernels, slab's blocks, 512] */
  readonly querySums: number;
  readonly targetSums: number;
  readonly end: number;
}

export function placeMmdWorkspace(start: number, shape: MmdWorkspaceShape): MmdWorkspace {
  const { kernels, columns, dimensions, clustered, slabs } = shape;
  const tile = CHUNK * BLOCK;
  const slabSums = kernels * mostSlabBlocks(slabs) * BLOCK * 8;
  const arena = new Arena(start);
  const workspace = {
    stack: arena.take(STACK_BYTES),
    planes: arena.take(PLANES_BYTES),
    tile: arena.take(TILE_STRUCT_BYTES),
    counts: arena.take(tile * 2),
    distances: arena.take(dimensions === 0 ? 0 : tile * 8),
    row: arena.take(BLOCK * 8),
    centred: arena.take(tile * 4),
    clusterSums: arena.take(clustered ? kernels * tile * 8 : 0),
    tables: arena.take(TABLES_BYTES),
    columnSums: arena.take(kernels * columns * 16),
    partial: arena.take(kernels * MOST_CHOSEN * BLOCK * 8),
    chosenSums: arena.take(kernels * MOST_CHOSEN * 8),
    querySums: arena.take(slabSums),
    targetSums: arena.take(slabSums),
  };
  return { ...workspace, end: arena.end };
}
