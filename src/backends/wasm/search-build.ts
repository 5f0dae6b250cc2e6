import type { References } from '../../core/ops.ts';
import type { RowShape } from '../../core/search-arguments.ts';
import { isDead } from '../../core/search-arguments.ts';
import { loadKernel, STACK_BYTES } from './search-kernel.ts';
import { Arena, allocateMemory, growMemory } from './search-memory.ts';
import { BLOCK, blockBytes, ROW_BYTES, type Shard, shardAddresses, writeIndex } from './search-shard.ts';

/** Rows whose bits are counted to put the bits in the order of their rarity. */
const SAMPLE_ROWS = 4096;
/** Blocks built between two looks at the clock or a signal. */
const BLOCKS_PER_STEP = 64;
/** A shard leaves this much of the 4 GiB that a memory can address to the threads' workspaces. */
const WORKSPACE_RESERVE_BYTES = 2 ** 29;
export const MAX_SHARD_BYTES: number = 2 ** 32 - WORKSPACE_RESERVE_BYTES;

/**
 * Builds the shards of an index; yields now and then, so that a caller can let others run or stop.
 * @param maxShardBytes  most bytes of one memory before workspaces; a shard has at least one block
 */
export function* buildShards(
  references: References,
  shape: RowShape,
  maxShardBytes: number,
): Generator<void, Shard[]> {
  const popcounts = countAllBits(references.fingerprints, shape);
  yield;
  const order = sortByPopcount(popcounts, references.tombstones);
  const rowOffsets = rankBits(references.fingerprints, shape);
  const blocksPerShard = Math.max(1, Math.floor(maxShardBytes / (blockBytes(shape.bits) + BLOCK * 6)));
  const shards: Shard[] = [];
  for (let start = 0; start < order.length; start += blocksPerShard * BLOCK) {
    const rows = order.subarray(start, start + blocksPerShard * BLOCK);
    shards.push(yield* buildShard(references.fingerprints, shape, rows, popcounts, rowOffsets));
  }
  return shards;
}

function* buildShard(
  fingerprints: Uint8Array,
  { bits, bytes, rowBytes }: RowShape,
  rows: Uint32Array,
  popcounts: Uint16Array,
  rowOffsets: Uint32Array,
): Generator<void, Shard> {
  const addresses = shardAddresses(rows.length, bits);
  // Rows are gathered and bits looked up where the first thread's workspace will be.
  const arena = new Arena(addresses.workspaces);
  const stack = arena.take(STACK_BYTES);
  const offsets = arena.take(bits * 4);
  const gathered = arena.take(BLOCK * bytes);
  const memory = allocateMemory(arena.end, 'an index');
  const kernel = loadKernel('nearest', memory, stack);
  const blockCount = Math.ceil(rows.length / BLOCK);
  const sorted = Uint16Array.from(rows, (row) => popcounts[row]);
  const shard: Shard = {
    memory,
    size: rows.length,
    bits,
    blockPopcounts: Uint16Array.from({ length: blockCount }, (_, b) => sorted[b * BLOCK]),
    rowOffsets,
    addresses,
  };
  writeIndex(shard);
  new Uint16Array(memory.buffer, addresses.popcounts, rows.length).set(sorted);
  new Uint32Array(memory.buffer, addresses.rows, rows.length).set(rows);
  new Uint32Array(memory.buffer, offsets, bits).set(rowOffsets);
  const block = new Uint8Array(memory.buffer, gathered, BLOCK * bytes);
  for (let b = 0; b < blockCount; b++) {
    const count = Math.min(BLOCK, rows.length - b * BLOCK);
    for (let i = 0; i < count; i++) {
      const start = rows[b * BLOCK + i] * rowBytes;
      block.set(fingerprints.subarray(start, start + bytes), i * bytes);
    }
    block.fill(0, count * bytes);
    kernel.slice(gathered, bytes, offsets, addresses.blocks + b * blockBytes(bits));
    if (b % BLOCKS_PER_STEP === 0) yield;
  }
  return shard;
}

/** Set bits of every row. */
export function countAllBits(fingerprints: Uint8Array, { count, bytes, rowBytes }: RowShape): Uint16Array {
  const chunk = Math.max(1, Math.floor(2 ** 20 / rowBytes));
  const arena = new Arena(65536);
  const stack = arena.take(STACK_BYTES);
  const rows = arena.take(chunk * rowBytes);
  const out = arena.take(chunk * 2);
  const memory = allocateMemory(arena.end, 'counting bits');
  const kernel = loadKernel('nearest', memory, stack);
  const popcounts = new Uint16Array(count);
  for (let first = 0; first < count; first += chunk) {
    const n = Math.min(chunk, count - first);
    const part = fingerprints.subarray(first * rowBytes, (first + n) * rowBytes);
    new Uint8Array(memory.buffer, rows, part.length).set(part);
    kernel.popcounts(rows, n, bytes, rowBytes, out);
    popcounts.set(new Uint16Array(memory.buffer, out, n), first);
  }
  return popcounts;
}

/** Live rows, by popcount and then by row. */
function sortByPopcount(popcounts: Uint16Array, tombstones: Uint8Array | undefined): Uint32Array {
  const next = new Uint32Array(65537);
  let live = 0;
  for (let row = 0; row < popcounts.length; row++) {
    if (isDead(tombstones, row)) continue;
    next[popcounts[row] + 1]++;
    live++;
  }
  for (let bits = 0; bits < 65536; bits++) next[bits + 1] += next[bits];
  const order = new Uint32Array(live);
  for (let row = 0; row < popcounts.length; row++) {
    if (!isDead(tombstones, row)) order[next[popcounts[row]]++] = row;
  }
  return order;
}

/** Row of each bit in a block, as a byte offset: rarest bit first. Any order is right; this one lets searches stop early. */
function rankBits(fingerprints: Uint8Array, { count, bits, rowBytes }: RowShape): Uint32Array {
  const frequencies = new Uint32Array(bits);
  const step = Math.max(1, Math.floor(count / SAMPLE_ROWS));
  for (let row = 0; row < count; row += step) {
    for (let bit = 0; bit < bits; bit++) {
      frequencies[bit] += (fingerprints[row * rowBytes + (bit >> 3)] >> (bit & 7)) & 1;
    }
  }
  const byRarity = Array.from({ length: bits }, (_, bit) => bit).sort(
    (x, y) => frequencies[x] - frequencies[y] || x - y,
  );
  const offsets = new Uint32Array(bits);
  for (const [rank, bit] of byRarity.entries()) offsets[bit] = rank * ROW_BYTES;
  return offsets;
}

/** Bytes of workspace that each thread starts with. */
export const WORKSPACE_BYTES: number = 2 ** 20;

/** Makes room for the workspaces of so many threads. @returns address of each */
export function placeWorkspaces({ memory, addresses }: Shard, threads: number, bytes: number): number[] {
  growMemory(memory, addresses.workspaces + threads * bytes, 'searching');
  return Array.from({ length: threads }, (_, thread) => addresses.workspaces + thread * bytes);
}
