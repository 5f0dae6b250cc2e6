import type { RowShape } from '../../core/search-arguments.ts';
import { fillPopcounts, gatherRows, type SortedRows } from './sorted-rows.ts';

/** Rows of a tile: what kernels/nearest/search.h skips or reads as a whole. */
export const TILE_ROWS = 64;
const TILE_BYTES = 16;

/**
 * Where the parts of so many tiles lie in one piece of memory, in bytes:
 *
 *     | fingerprints [tiles * 64][rowBytes] | the caller's rows, uint32 [tiles * 64] |
 *     | tiles [tiles][16]: least and most popcount, lowest row, 0 | popcounts, uint16 [tiles * 64] |
 */
export interface TileLayout {
  readonly rows: number;
  readonly tiles: number;
  readonly popcounts: number;
  readonly sizeBytes: number;
}

export function layOutTiles(tileCount: number, paddedBytes: number): TileLayout {
  const rows = tileCount * TILE_ROWS * paddedBytes;
  const tiles = rows + tileCount * TILE_ROWS * 4;
  const popcounts = tiles + tileCount * TILE_BYTES;
  return { rows, tiles, popcounts, sizeBytes: popcounts + tileCount * TILE_ROWS * 2 };
}

/** Bytes of a fingerprint as kernels want it: 512, 1,024 or 2,048 bits, or more in steps of 512. */
export function padRow(bytes: number): number {
  return bytes <= 64 ? 64 : bytes <= 128 ? 128 : Math.max(256, Math.ceil(bytes / 64) * 64);
}

/** The parts of some tiles, as `layOutTiles` has them. */
export interface TileParts {
  readonly fingerprints: Uint8Array;
  readonly rows: Uint8Array;
  readonly tiles: Uint8Array;
  readonly popcounts: Uint8Array;
}

/** Views of the parts of `tileCount` tiles in memory laid out for just them. */
export function splitParts(bytes: Uint8Array, tileCount: number, paddedBytes: number): TileParts {
  const at = layOutTiles(tileCount, paddedBytes);
  return {
    fingerprints: bytes.subarray(0, at.rows),
    rows: bytes.subarray(at.rows, at.tiles),
    tiles: bytes.subarray(at.tiles, at.popcounts),
    popcounts: bytes.subarray(at.popcounts, at.sizeBytes),
  };
}

/** Writes tiles from the sorted rows; places behind the last row are zeros. */
export function writeTiles(
  fingerprints: Uint8Array,
  shape: RowShape,
  sorted: SortedRows,
  firstTile: number,
  parts: TileParts,
): void {
  const first = firstTile * TILE_ROWS;
  const tileCount = parts.tiles.length / TILE_BYTES;
  const count = Math.min(tileCount * TILE_ROWS, sorted.order.length - first);
  const rowsAt = new Uint32Array(tileCount * TILE_ROWS);
  rowsAt.set(sorted.order.subarray(first, first + count));
  const counts = new Uint16Array(tileCount * TILE_ROWS);
  fillPopcounts(sorted, first, counts);
  const tiles = new Uint32Array(tileCount * 4);
  for (let tile = 0; tile < tileCount; tile++) {
    const from = tile * TILE_ROWS;
    const end = Math.min(from + TILE_ROWS, count);
    let lowest = rowsAt[from];
    for (let i = from + 1; i < end; i++) if (rowsAt[i] < lowest) lowest = rowsAt[i];
    tiles.set([counts[from], counts[end - 1], lowest, 0], tile * 4);
  }
  gatherRows(
    fingerprints,
    shape,
    sorted,
    first,
    parts.fingerprints,
    parts.fingerprints.length / counts.length,
  );
  for (const [to, from] of [
    [parts.rows, rowsAt],
    [parts.tiles, tiles],
    [parts.popcounts, counts],
  ] as const) {
    to.set(new Uint8Array(from.buffer));
  }
}
