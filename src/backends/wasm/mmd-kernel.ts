import { readFileSync } from 'node:fs';
import { STACK_BYTES } from './search-kernel.ts';

/** kernels/mmd/mmd.c; addresses are in the memory that the instance was made on. */
export interface MmdTileKernel extends WebAssembly.Exports {
  readonly __stack_pointer: WebAssembly.Global<number>;
  distances(tile: number, dimensions: number, out: number): void;
  add_pairs(tile: number, sums: number, weight: number): void;
  centre(
    sums: number,
    queryUnit: number,
    targetUnit: number,
    weights: number,
    terms: number,
    out: number,
  ): number;
  multiply(
    centred: number,
    fromLane: number,
    toLane: number,
    weight: number,
    queries: number,
    targets: number,
    columns: number,
    tables: number,
    sums: number,
  ): void;
}

/** `#define`s of mmd.c: query units of a tile, target units that are worked on at a time. */
export const CHUNK = 128;
export const LANES = 16;
/** Rows of a block whose features lie together. */
export const STRIP = 16;
/** sizeof(Block), sizeof(Tile), sizeof(Sums), sizeof(Kernel), and the tables of one lane. */
export const BLOCK_STRUCT_BYTES = 16;
export const TILE_STRUCT_BYTES = 40;
export const SUMS_STRUCT_BYTES = 48;
export const KERNEL_STRUCT_BYTES = 24;
export const TABLES_BYTES = 32768;
/** Bytes of a column's labels in one chunk. */
export const LABEL_BYTES = CHUNK / 8;
/** Numbers of the kernels in mmd.c. */
export const KINDS = { tanimoto: 0, 'rbf-bits': 1, 'rbf-features': 2 } as const;
/**
 * Most roundings to float32 between a centred value and a column's sum, which from then on is float64: one of the value,
 * 3 in a table, 32 of a chunk's groups, 3 over a lane; one to spare.
 */
export const ROUNDINGS = 40;

let module: WebAssembly.Module | undefined;

/** @param stack address of STACK_BYTES that no other thread uses */
export function loadMmdKernel(memory: WebAssembly.Memory, stack: number): MmdTileKernel {
  module ??= new WebAssembly.Module(readFileSync(new URL('../../../kernels/mmd/mmd.wasm', import.meta.url)));
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as MmdTileKernel;
  kernel.__stack_pointer.value = stack + STACK_BYTES;
  return kernel;
}
