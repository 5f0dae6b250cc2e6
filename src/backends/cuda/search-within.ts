import { type Fraction, type Metric, thresholdFraction } from '../../core/metric.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import { DeviceScope } from './device-scope.ts';
import { TILE_ROWS } from './search-layout.ts';
import { pairsOfLaunch } from './search-limits.ts';
import { inHostMemory } from './search-memory.ts';
import type { Searched } from './search-nearest.ts';
import { ALL_STEPS, packSearchParameters, type Range } from './search-parameters.ts';
import { planSearch } from './search-plan.ts';
import { type QueryBatch, uploadQueries } from './search-queries.ts';
import type { DeviceChunk } from './search-rows.ts';
import { throwIfCancelled } from './sorted-rows.ts';

/** struct Hit of kernels/nearest/search.h, in 32-bit words: query, row, shared | popcount << 16. */
export const HIT_WORDS = 3;
const HIT_BYTES = HIT_WORDS * 4;
/** One query and one tile always find room. */
const LEAST_HITS = 64;
/** Room for hits at first. */
const FIRST_HITS = 2 ** 20;
/** The kernel counts the room for hits in 32 bits with a sign. */
const MOST_HITS = 2 ** 31 - 1;

/** Hits of some queries, in no order. */
export interface FoundHits {
  /** [n][HIT_WORDS]; the query is a place in `order` and `setBits`. */
  readonly words: Uint32Array;
  /** The caller's query is first + order[place]. */
  readonly first: number;
  readonly order: Uint32Array;
  readonly setBits: Uint16Array;
}

/** Queries and tiles of a chunk that are searched at once. */
interface Cell {
  readonly queries: Range;
  readonly tiles: Range;
}

/** Room for hits on the device. */
interface HitRoom {
  hits: DeviceMemory;
  capacity: number;
  readonly hitCount: DeviceMemory;
  readonly most: number;
}

/** Finds the hits of all queries. To be called within `device.exclusive`. */
export async function searchWithin(
  searched: Searched,
  queries: Uint8Array,
  threshold: Fraction,
  metric: Metric,
  signal: AbortSignal | undefined,
): Promise<FoundHits[]> {
  const { device, rows, shape, batchBytes, limits } = searched;
  const { queriesAtOnce } = limits;
  const total = queries.length / shape.rowBytes;
  const found: FoundHits[] = [];
  for (let first = 0; first < total; first += queriesAtOnce) {
    await using memory = new DeviceScope(device);
    const part = queries.subarray(first * shape.rowBytes, (first + queriesAtOnce) * shape.rowBytes);
    const batch = await uploadQueries(part, shape, rows.paddedBytes, memory, signal);
    const most = Math.min(Math.max(Math.floor(batchBytes / HIT_BYTES), LEAST_HITS), MOST_HITS);
    const size = { paddedBytes: rows.paddedBytes, queries: batch.count, k: 0 };
    const mostPairs = pairsOfLaunch(device, limits, size);
    const capacity = Math.min(FIRST_HITS, most);
    const room: HitRoom = {
      hits: memory.allocate(capacity * HIT_BYTES, 'hits'),
      capacity,
      hitCount: memory.allocate(8, 'hits'),
      most,
    };
    await rows.forEachChunk(batch.popcount, signal, async (chunk) => {
      const cells: Cell[] = [
        { queries: { first: 0, count: batch.count }, tiles: { first: 0, count: chunk.tileCount } },
      ];
      for (let cell = cells.pop(); cell; cell = cells.pop()) {
        throwIfCancelled(signal);
        if (cell.tiles.count > 1 && cell.queries.count * cell.tiles.count * TILE_ROWS > mostPairs) {
          cells.push(...halveTiles(cell));
          continue;
        }
        const count = await searchCell(searched, batch, chunk, cell, room, threshold, metric);
        if (count <= room.capacity) {
          const words = inHostMemory(count * HIT_BYTES, 'hits', () => new Uint32Array(count * HIT_WORDS));
          await device.read(room.hits, 0, words);
          const { queries: range } = cell;
          const end = range.first + range.count;
          const order = batch.order.subarray(range.first, end);
          found.push({ words, first, order, setBits: batch.setBits.subarray(range.first, end) });
        } else if (count <= room.most) {
          room.hits[Symbol.dispose]();
          room.capacity = Math.min(Math.max(count, 2 * room.capacity), room.most);
          room.hits = memory.allocate(room.capacity * HIT_BYTES, 'hits');
          cells.push(cell);
        } else {
          cells.push(...halve(cell));
        }
      }
    });
  }
  return found;
}

/** Two halves of the queries; of the tiles when there is one query. */
function halve(cell: Cell): Cell[] {
  if (cell.queries.count === 1) return halveTiles(cell);
  return cut(cell.queries).map((queries) => ({ queries, tiles: cell.tiles }));
}

function halveTiles({ queries, tiles }: Cell): Cell[] {
  return cut(tiles).map((part) => ({ queries, tiles: part }));
}

function cut({ first, count }: Range): Range[] {
  const half = count >> 1;
  return [
    { first, count: half },
    { first: first + half, count: count - half },
  ];
}

/** @returns how many hits there are; all are in `room` when it has that capacity */
async function searchCell(
  { device, rows }: Searched,
  batch: QueryBatch,
  chunk: DeviceChunk,
  { queries, tiles }: Cell,
  { hits, hitCount, capacity }: HitRoom,
  threshold: Fraction,
  metric: Metric,
): Promise<number> {
  const { paddedBytes } = rows;
  const size = { paddedBytes, queries: queries.count, tiles: tiles.count, k: 0, mostParts: Infinity };
  const plan = planSearch(device, 'within', size);
  device.stream.fill(hitCount, 0, 8, 0);
  const parameters = packSearchParameters({
    plan,
    queries: batch,
    queryRange: queries,
    chunk,
    tileRange: tiles,
    paddedBytes,
    cursors: null,
    metric,
    target: { hits, hitCount, capacity, threshold: thresholdFraction(metric, threshold) },
    steps: ALL_STEPS,
    resume: false,
  });
  plan.kernel.launch(device.stream, plan.launch, parameters);
  const count = new BigUint64Array(1);
  await device.read(hitCount, 0, count);
  return Number(count[0]);
}
