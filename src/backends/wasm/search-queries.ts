import { align } from './search-memory.ts';
import { HIT_BYTES, QUERY_BYTES, QUERY_HITS, ROW_BYTES, type Shard } from './search-shard.ts';

/** Rows that a query walks are padded to a whole number of steps of the adders. */
const STEP_ROWS = 8;
/** Queries that pass over a block together. */
const MOST_QUERIES = 1024;

/** Queries searched together: nearly equal popcounts, so that they want the same blocks. */
export interface QueryBatch {
  /** Which of the caller's queries each is. */
  readonly positions: Uint32Array;
  /** Packed rows in that order. uint8 [positions, bytes] */
  readonly rows: Uint8Array;
}

/** Workspace that the largest single query takes. */
export function queryBytes(popcount: number, k: number): number {
  return QUERY_BYTES + stepsOf(popcount) * STEP_ROWS * 4 + k * HIT_BYTES;
}

function stepsOf(popcount: number): number {
  return Math.ceil(popcount / STEP_ROWS);
}

/**
 * Cuts queries into batches of nearly equal popcount, at least one for each thread, that fit a workspace.
 * @param popcounts   uint16 [q]
 * @param limitBytes  what the queries of one batch may take of a workspace
 */
export function batchQueries(
  queries: Uint8Array,
  shape: { readonly bytes: number; readonly rowBytes: number },
  popcounts: Uint16Array,
  { k, threads, limitBytes }: { k: number; threads: number; limitBytes: number },
): QueryBatch[] {
  const count = popcounts.length;
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
    (x, y) => popcounts[x] - popcounts[y] || x - y,
  );
  const most = Math.min(MOST_QUERIES, Math.ceil(count / threads));
  const batches: QueryBatch[] = [];
  let first = 0;
  while (first < count) {
    let end = first;
    let used = 0;
    while (end < count && end - first < most) {
      const bytes = queryBytes(popcounts[order[end]], k);
      if (end > first && used + bytes > limitBytes) break;
      used += bytes;
      end++;
    }
    const positions = order.slice(first, end);
    const rows = new Uint8Array(positions.length * shape.bytes);
    for (const [i, position] of positions.entries()) {
      const start = position * shape.rowBytes;
      rows.set(queries.subarray(start, start + shape.bytes), i * shape.bytes);
    }
    batches.push({ positions, rows });
    first = end;
  }
  return batches;
}

/** Query structs written to a workspace. */
export interface WrittenQueries {
  readonly popcounts: Uint16Array;
  readonly address: number;
  /** Address of the first hit, and hits of each query. */
  readonly hits: number;
  readonly end: number;
}

/**
 * Writes the Query structs of a batch, the rows that each walks, and room for k hits each.
 *
 *     | Query 0 | Query 1 | ... | rows of query 0 | rows of query 1 | ... | k hits of query 0 | ...
 *
 * @param rows     packed rows, uint8 [n, bits / 8]
 * @param offsets  where bit k's row is in a block; ascending offsets are walked first
 * @param tagOf    what the struct's tag starts as
 */
export function writeQueries(
  memory: WebAssembly.Memory,
  start: number,
  rows: Uint8Array,
  { bits, rowOffsets }: Pick<Shard, 'bits' | 'rowOffsets'>,
  k: number,
  tagOf: (query: number) => number,
): WrittenQueries {
  const words = new Uint32Array(memory.buffer);
  const bytes = bits / 8;
  const count = rows.length / bytes;
  const popcounts = new Uint16Array(count);
  const list = new Uint32Array(bits);
  const zeros = bits * ROW_BYTES;
  let next = start + count * QUERY_BYTES;
  const structs: number[] = [];
  for (let q = 0; q < count; q++) {
    const found = listOffsets(rows.subarray(q * bytes, (q + 1) * bytes), rowOffsets, list);
    const steps = stepsOf(found);
    popcounts[q] = found;
    words.set(list.subarray(0, found).sort(), next / 4);
    words.fill(zeros, next / 4 + found, next / 4 + steps * STEP_ROWS);
    structs.push(found, next, steps, tagOf(q), 0);
    next += steps * STEP_ROWS * 4;
  }
  const hits = align(next);
  for (let q = 0; q < count; q++) structs[(q * QUERY_BYTES) / 4 + QUERY_HITS] = hits + q * k * HIT_BYTES;
  words.set(structs, start / 4);
  return { popcounts, address: start, hits, end: hits + count * k * HIT_BYTES };
}

/** Fills `list` with the block offsets of a row's bits. @returns how many */
function listOffsets(row: Uint8Array, rowOffsets: Uint32Array, list: Uint32Array): number {
  let found = 0;
  for (let k = 0; k < row.length; k++) {
    for (let byte = row[k]; byte; byte &= byte - 1) {
      list[found++] = rowOffsets[k * 8 + 31 - Math.clz32(byte & -byte)];
    }
  }
  return found;
}
