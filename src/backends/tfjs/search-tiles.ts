import { popcounts } from '../../core/fingerprint.ts';
import type { References } from '../../core/ops.ts';
import { isDead, type RowShape } from '../../core/search-arguments.ts';
import type { Tensor, TensorEngine } from './tensor-engine.ts';
import { gatherRows, packWords, UNPACK_COPIES } from './unpack-bits.ts';

const FLOAT_BYTES = 4;
/** Arrays of a pair of tiles that are alive at most while similarities are computed and the largest chosen. */
const PAIR_COPIES = 10;

/** Rows on the device, packed. */
export interface RowTile {
  /** Rows in the caller's numbering, rising. */
  readonly rows: Uint32Array;
  readonly setBits: Uint16Array;
  /** Of `packWords`. */
  readonly words: Tensor;
}

/**
 * Rows of a tile. A quarter of the memory goes to unpacking targets, a quarter to unpacking queries, half to what is computed
 * for each pair.
 */
export function sizeTiles(tileBytes: number, bits: number): { targets: number; queries: number } {
  const unpackedRowBytes = bits * FLOAT_BYTES * (UNPACK_COPIES + 1);
  const targets = Math.max(1, Math.floor(tileBytes / 4 / unpackedRowBytes));
  const queries = Math.floor(tileBytes / 2 / (targets * FLOAT_BYTES * PAIR_COPIES));
  return { targets, queries: Math.max(1, Math.min(targets, queries)) };
}

/** References without the deleted ones. */
export function liveRows(count: number, tombstones: References['tombstones']): Uint32Array {
  return Uint32Array.from({ length: count }, (_, row) => row).filter((row) => !isDead(tombstones, row));
}

/** Puts rows on the device. */
export function placeTile(
  engine: TensorEngine,
  fingerprints: Uint8Array,
  shape: RowShape,
  rows: Uint32Array,
): RowTile {
  const packed = gatherRows(fingerprints, shape, rows);
  const words = packWords(engine, packed, rows.length);
  return { rows, setBits: popcounts(packed, shape.bytes), words };
}
