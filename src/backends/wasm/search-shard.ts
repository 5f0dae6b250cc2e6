import type { Metric } from '../../core/metric.ts';
import { STACK_BYTES } from './search-kernel.ts';
import { align } from './search-memory.ts';

/** References in one block, and bytes of one row of a block: one bit for each reference. */
export const BLOCK = 512;
export const ROW_BYTES = BLOCK / 8;
/** sizeof of the structs in kernels/nearest/bit-sliced.h */
export const QUERY_BYTES = 20;
export const HIT_BYTES = 16;
/** Places of the Query struct's last two fields, in words. */
export const QUERY_TAG = 3;
export const QUERY_HITS = 4;
const INDEX_BYTES = 20;
const METRIC_BYTES = 16;
/** MOST_PLANES vectors. */
export const PLANES_BYTES = 14 * 16;

/**
 * The part of an index that lives in one memory. Sent to threads as it is: only the memory is shared, not copied.
 *
 *     | Index struct | blocks | popcounts | rows | workspace of thread 0 | of thread 1 | ...
 */
export interface Shard {
  readonly memory: WebAssembly.Memory;
  readonly size: number;
  readonly bits: number;
  /** Fewest bits set in each block, ascending. uint16 [blocks] */
  readonly blockPopcounts: Uint16Array;
  /** Where bit k's row is in a block, in bytes. uint32 [bits] */
  readonly rowOffsets: Uint32Array;
  readonly addresses: ShardAddresses;
}

export interface ShardAddresses {
  readonly index: number;
  readonly blocks: number;
  readonly popcounts: number;
  readonly rows: number;
  readonly workspaces: number;
}

/** Bytes of one block: a row for each bit, and the row of zeros. */
export function blockBytes(bits: number): number {
  return (bits + 1) * ROW_BYTES;
}

/** Where the parts of a shard are, and so its size before any workspace. */
export function shardAddresses(size: number, bits: number): ShardAddresses {
  const blockCount = Math.ceil(size / BLOCK);
  // The first page stays empty: no address of anything is 0.
  const index = 65536;
  const blocks = index + align(INDEX_BYTES);
  const popcounts = blocks + blockCount * blockBytes(bits);
  const rows = popcounts + align(blockCount * BLOCK * 2);
  const workspaces = rows + align(blockCount * BLOCK * 4);
  return { index, blocks, popcounts, rows, workspaces };
}

/** Writes the Index struct. */
export function writeIndex({ memory, size, bits, addresses }: Shard): void {
  const { index, blocks, popcounts, rows } = addresses;
  new Uint32Array(memory.buffer, index, INDEX_BYTES / 4).set([
    blocks,
    popcounts,
    rows,
    size,
    blockBytes(bits),
  ]);
}

/** Writes the Metric struct. */
export function writeMetric(memory: WebAssembly.Memory, address: number, metric: Metric): void {
  const fields = metric.kind === 'cosine' ? [1, 0, 0, 0] : [0, metric.shared, metric.query, metric.target];
  new Uint32Array(memory.buffer, address, METRIC_BYTES / 4).set(fields);
}

/** The parts of a thread's workspace that every search has; what it needs beyond starts at `rest`. */
export function workspaceLayout(start: number, blockCount: number) {
  const stack = start;
  const planes = stack + STACK_BYTES;
  const metric = planes + align(PLANES_BYTES);
  const threshold = metric + align(METRIC_BYTES);
  const cursor = threshold + 16;
  const blocks = align(cursor + 8);
  const rest = blocks + align(blockCount * 4);
  return { stack, planes, metric, threshold, cursor, blocks, rest };
}

/** Bytes of `workspaceLayout` before `rest`. */
export function workspaceOverhead(blockCount: number): number {
  return workspaceLayout(0, blockCount).rest;
}
