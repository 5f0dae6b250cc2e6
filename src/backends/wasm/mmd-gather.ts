import { BLOCK_STRUCT_BYTES } from './mmd-kernel.ts';
import { featureAt, type MmdLayout } from './mmd-layout.ts';
import type { Arena } from './search-memory.ts';
import { BLOCK, blockBytes, QUERY_BYTES, ROW_BYTES } from './search-shard.ts';

/** Addresses of one block of rows: its Block struct, the rows sliced to search in, and the same rows as queries. */
export interface BlockAddresses {
  readonly struct: number;
  readonly sliced: number;
  readonly queries: number;
}

/** A block that rows of other blocks are copied to. */
export interface GatheredBlock extends BlockAddresses {
  readonly popcounts: number;
  readonly features: number;
  /** All rows are of unit 0. */
  readonly units: number;
}

export function placeGatheredBlock(
  arena: Arena,
  { bits, dimensions }: { bits: number; dimensions: number },
): GatheredBlock {
  return {
    struct: arena.take(BLOCK_STRUCT_BYTES),
    sliced: arena.take(blockBytes(bits)),
    queries: arena.take(BLOCK * QUERY_BYTES),
    popcounts: arena.take(BLOCK * 8),
    features: arena.take(BLOCK * 8 * dimensions),
    units: arena.take(BLOCK * 4),
  };
}

/** Addresses of a block of the layout. */
export function blockAt({ at, bits, queries }: MmdLayout, block: number): BlockAddresses {
  return {
    struct: at.structs + block * BLOCK_STRUCT_BYTES,
    sliced: at.blocks + block * blockBytes(bits),
    queries: queries[block],
  };
}

/** Copies up to 512 rows, wherever they are, to one block. @param places of the rows */
export function gatherBlock(layout: MmdLayout, places: Uint32Array, to: GatheredBlock): void {
  const { memory, at, bits, dimensions, blockCount } = layout;
  const { buffer } = memory;
  const struct = [to.popcounts, to.features, to.units, places.length];
  new Uint32Array(buffer, to.struct, struct.length).set(struct);
  new Uint32Array(buffer, to.units, BLOCK).fill(0);
  const from = new Float64Array(buffer, at.popcounts, blockCount * BLOCK);
  const popcounts = new Float64Array(buffer, to.popcounts, BLOCK).fill(0);
  const fromFeatures = new Float64Array(buffer, at.features, blockCount * BLOCK * dimensions);
  const features = new Float64Array(buffer, to.features, BLOCK * dimensions).fill(0);
  const words = new Uint32Array(buffer);
  const sliced = new Uint8Array(buffer, to.sliced, blockBytes(bits));
  // Bits are kept complemented; behind them is the row of zeros.
  sliced.fill(0xff, 0, bits * ROW_BYTES).fill(0, bits * ROW_BYTES);
  for (const [i, place] of places.entries()) {
    const own = place % BLOCK;
    const block = (place - own) / BLOCK;
    popcounts[i] = from[place];
    const blockFeatures = block * BLOCK * dimensions;
    for (let d = 0; d < dimensions; d++) {
      features[featureAt(i, d, dimensions)] = fromFeatures[blockFeatures + featureAt(own, d, dimensions)];
    }
    const query = (layout.queries[block] + own * QUERY_BYTES) / 4;
    words.copyWithin((to.queries + i * QUERY_BYTES) / 4, query, query + QUERY_BYTES / 4);
    // A query starts with how many bits it has, and where the list of their rows is.
    const [setBits, list] = words.subarray(query, query + 2);
    for (const row of words.subarray(list / 4, list / 4 + setBits)) sliced[row + (i >> 3)] &= ~(1 << (i & 7));
  }
}
