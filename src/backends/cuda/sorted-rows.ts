import { setImmediate as nextTurn } from 'node:timers/promises';
import { AssayerError } from '../../core/errors.ts';
import { popcounts } from '../../core/fingerprint.ts';
import type { References } from '../../core/ops.ts';
import { isDead, type RowShape } from '../../core/search-arguments.ts';
import { inHostMemory } from './search-memory.ts';

/** Rows between two looks at the signal. */
const ROWS_AT_ONCE = 65_536;

/** Live rows by their popcounts, then in the caller's order. */
export interface SortedRows {
  /** uint32 [live]: the caller's row at each place. */
  readonly order: Uint32Array;
  /** uint32 [bits + 2]: rows of popcount b stand at starts[b] .. starts[b + 1] - 1. */
  readonly starts: Uint32Array;
}

/**
 * Counting sort of rows that are not deleted; the fingerprints stay where they are.
 * @throws ERR_CANCELLED, ERR_OUT_OF_MEMORY
 */
export async function sortByPopcount(
  { fingerprints, tombstones }: Pick<References, 'fingerprints' | 'tombstones'>,
  { count, bits, bytes, rowBytes }: RowShape,
  signal: AbortSignal | undefined,
): Promise<SortedRows> {
  const ofRow = inHostMemory(count * 2, 'popcounts of rows', () => new Uint16Array(count));
  const starts = new Uint32Array(bits + 2);
  for (let first = 0; first < count; first += ROWS_AT_ONCE) {
    if (first > 0) await nextTurn();
    throwIfCancelled(signal);
    const end = Math.min(first + ROWS_AT_ONCE, count);
    ofRow.set(popcounts(fingerprints.subarray(first * rowBytes, end * rowBytes), rowBytes, bytes), first);
    for (let row = first; row < end; row++) if (!isDead(tombstones, row)) starts[ofRow[row] + 1]++;
  }
  for (let b = 0; b <= bits; b++) starts[b + 1] += starts[b];
  const live = starts[bits + 1];
  const order = inHostMemory(live * 4, 'the order of rows', () => new Uint32Array(live));
  const next = starts.slice();
  for (let row = 0; row < count; row++) if (!isDead(tombstones, row)) order[next[ofRow[row]]++] = row;
  return { order, starts };
}

/** The popcount at every place from `first` on. @param into uint16 [n] */
export function fillPopcounts({ starts }: SortedRows, first: number, into: Uint16Array): void {
  for (let b = 0; b + 1 < starts.length; b++) {
    if (starts[b + 1] <= first) continue;
    const from = Math.max(starts[b] - first, 0);
    if (from >= into.length) return;
    into.fill(b, from, Math.min(starts[b + 1] - first, into.length));
  }
}

/**
 * Copies fingerprints in sorted order, each padded with zeros.
 * @param into         uint8 [n, paddedBytes], all of it written
 * @param paddedBytes  at least `shape.bytes`
 */
export function gatherRows(
  fingerprints: Uint8Array,
  { bytes, rowBytes }: RowShape,
  { order }: SortedRows,
  first: number,
  into: Uint8Array,
  paddedBytes: number,
): void {
  const count = Math.min(into.length / paddedBytes, order.length - first);
  if (bytes < paddedBytes || count * paddedBytes < into.length) into.fill(0);
  for (let i = 0; i < count; i++) {
    const from = order[first + i] * rowBytes;
    into.set(fingerprints.subarray(from, from + bytes), i * paddedBytes);
  }
}

/** @throws ERR_CANCELLED */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
}
