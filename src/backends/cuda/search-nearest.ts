import type { Metric } from '../../core/metric.ts';
import type { Neighbors } from '../../core/ports.ts';
import type { RowShape } from '../../core/search-arguments.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import { DeviceScope } from './device-scope.ts';
import { TILE_ROWS } from './search-layout.ts';
import { pairsOfLaunch, type SearchLimits } from './search-limits.ts';
import { readLongLists } from './search-long-lists.ts';
import { inHostMemory } from './search-memory.ts';
import { type ListStep, packListParameters, packSearchParameters } from './search-parameters.ts';
import { planSearch, SEARCH_THREADS, type SearchPlan } from './search-plan.ts';
import { type QueryBatch, uploadQueries } from './search-queries.ts';
import type { SearchRows } from './search-rows.ts';
import { throwIfCancelled } from './sorted-rows.ts';

/** Lists that become one in one launch of `nearest_merge`. */
const MERGE_FAN_IN = 32;
/** Longest lists that are merged early for the sake of a bound. */
const MOST_K_TO_SEED = 256;
/** Most tiles that a walk visits before, and which part of all its tiles. */
const MOST_SEED_STEPS = 64;
const SEED_SHARE = 8;
/** Most entries of all lists of one query that the host puts in order. */
const MOST_LONG_ENTRIES = 2 ** 18;
/** A block's worth: no fewer for the sake of more lists. */
const FEW_QUERIES = 512;
const ENTRY_BYTES = 8;

/** What a search on the device works with. */
export interface Searched {
  readonly device: CudaDevice;
  readonly rows: SearchRows;
  readonly shape: RowShape;
  /** Most device memory of one batch. */
  readonly batchBytes: number;
  readonly limits: SearchLimits;
}

/**
 * The lists of one batch of queries. They are merged, and `use` finds each query's in the first part, but for those that
 * are longer than the device sorts.
 * @param k  at most the number of live rows
 */
async function searchBatch(
  { device, rows, shape, limits }: Searched,
  queries: Uint8Array,
  plan: SearchPlan,
  k: number,
  metric: Metric,
  signal: AbortSignal | undefined,
  use: (batch: QueryBatch, step: ListStep, memory: DeviceScope) => Promise<void>,
): Promise<void> {
  await using memory = new DeviceScope(device);
  const { paddedBytes } = rows;
  const batch = await uploadQueries(queries, shape, paddedBytes, memory, signal);
  const lists = memory.allocate(plan.parts * batch.count * k * ENTRY_BYTES, 'neighbours');
  const bounds = memory.allocate(batch.count * 4, 'neighbours');
  const step: ListStep = { queries: batch, lists, bounds, metric, k, parts: plan.parts };
  launch(device, 'nearest_begin', step, Math.min(plan.parts * batch.count * k, 2 ** 24));

  let seeds = seedSteps(plan, rows.mostTiles, k);
  const cursors = memory.allocate(plan.walks * 8, 'neighbours');
  const pairs = pairsOfLaunch(device, limits, { paddedBytes, queries: batch.count, k });
  const stepsAtOnce = Math.max(1, Math.floor(pairs / (batch.count * plan.walksOfQuery * TILE_ROWS)));
  let queued = 0;
  await rows.forEachChunk(batch.popcount, signal, async (chunk) => {
    const launchSteps = (steps: number, resume: boolean) => {
      const parameters = packSearchParameters({
        plan,
        queries: batch,
        queryRange: { first: 0, count: batch.count },
        chunk,
        tileRange: { first: 0, count: chunk.tileCount },
        paddedBytes,
        cursors,
        metric,
        target: { lists, bounds, k },
        steps,
        resume,
      });
      plan.kernel.launch(device.stream, plan.launch, parameters);
    };
    // Walks share the tiles on either side of where they start, and neither side need come out even.
    const all = Math.ceil(chunk.tileCount / plan.walksOfQuery) + 1;
    for (let done = 0, now: number; done < all; done += now) {
      now = Math.min(seeds || all - done, stepsAtOnce);
      // A cancelled call has to see through what waits on the device: never more than one launch may do.
      if (queued + now > stepsAtOnce) {
        await device.stream.synchronize();
        throwIfCancelled(signal);
        queued = 0;
      }
      launchSteps(now, done > 0);
      queued += now;
      if (seeds === 0) continue;
      seeds -= now;
      if (seeds === 0) merge(device, step);
    }
  });
  throwIfCancelled(signal);
  if (k <= limits.longestOnDevice) merge(device, step);
  await use(batch, step, memory);
}

/**
 * Tiles that each walk visits before all lists are merged into one, whose worst entry then bounds the others: without it every
 * list would take in its own first k. 0 where that does not pay.
 */
function seedSteps({ walksOfQuery }: SearchPlan, tiles: number, k: number): number {
  if (k > MOST_K_TO_SEED) return 0;
  const steps = Math.min(Math.floor(tiles / walksOfQuery / SEED_SHARE), MOST_SEED_STEPS);
  return steps * walksOfQuery * TILE_ROWS >= 2 * k ? steps : 0;
}

/** Moves all entries of a query into its first list. */
function merge(device: CudaDevice, step: ListStep): void {
  for (let stride = 1; stride < step.parts; stride *= MERGE_FAN_IN) {
    const groups = Math.ceil(step.parts / (stride * MERGE_FAN_IN));
    const warps = groups * step.queries.count;
    launch(device, 'nearest_merge', { ...step, stride, fanIn: MERGE_FAN_IN }, warps * 32);
  }
}

function launch(device: CudaDevice, name: string, step: ListStep, threads: number): void {
  const blocks = Math.ceil(threads / SEARCH_THREADS);
  const shape = { blocks, threads: SEARCH_THREADS, sharedBytes: 0 };
  device.kernel('nearest', name).launch(device.stream, shape, packListParameters(step));
}

/** Cuts queries into batches whose lists fit into memory, and searches one after the other. */
async function forEachBatch(
  searched: Searched,
  queries: Uint8Array,
  k: number,
  metric: Metric,
  signal: AbortSignal | undefined,
  use: (first: number, batch: QueryBatch, step: ListStep, memory: DeviceScope) => Promise<void>,
): Promise<void> {
  const { device, rows, shape, batchBytes, limits } = searched;
  const total = queries.length / shape.rowBytes;
  const { paddedBytes } = rows;
  for (let first = 0; first < total; ) {
    throwIfCancelled(signal);
    let count = Math.min(total - first, limits.queriesAtOnce);
    let plan: SearchPlan;
    for (;;) {
      // Lists, results, and the query itself with its popcount, place and bound.
      const room = Math.floor((batchBytes / count - paddedBytes - 16) / (k * ENTRY_BYTES)) - 1;
      // Fewer queries are cut into more parts, so that in the end the number of parts has to give way.
      const manyParts = count > FEW_QUERIES ? Infinity : Math.max(room, 1);
      const mostParts =
        k > limits.longestOnDevice ? Math.min(manyParts, Math.floor(MOST_LONG_ENTRIES / k)) : manyParts;
      plan = planSearch(device, 'nearest', {
        paddedBytes,
        queries: count,
        tiles: rows.mostTiles,
        k,
        mostParts,
      });
      if (count === 1 || plan.parts <= room) break;
      count = Math.ceil(count / 2);
    }
    const part = queries.subarray(first * shape.rowBytes, (first + count) * shape.rowBytes);
    const start = first;
    await searchBatch(searched, part, plan, k, metric, signal, (batch, step, memory) =>
      use(start, batch, step, memory),
    );
    first += count;
  }
}

/**
 * Fills in the neighbours of all queries. To be called within `device.exclusive`.
 * @param into  `k` neighbours for each query, none found yet
 */
export async function searchNearest(
  searched: Searched,
  queries: Uint8Array,
  k: number,
  metric: Metric,
  signal: AbortSignal | undefined,
  into: Neighbors,
): Promise<void> {
  const { device, rows, limits } = searched;
  // More than there are references is never found, but would take room.
  const room = Math.min(k, rows.live);
  await forEachBatch(searched, queries, room, metric, signal, async (first, batch, step, memory) => {
    if (room > limits.longestOnDevice) {
      const { setBits, order } = batch;
      await readLongLists(device, step, { setBits, order, first }, k, into, signal);
      return;
    }
    const size = batch.count * room;
    const results = {
      indexes: memory.allocate(size * 4, 'neighbours'),
      intersections: memory.allocate(size * 2, 'neighbours'),
      unions: memory.allocate(size * 2, 'neighbours'),
    };
    launch(device, 'nearest_finish', { ...step, results }, batch.count);
    for (const name of ['indexes', 'intersections', 'unions'] as const) {
      await readRows(device, results[name], into[name], first * k, room, k, batch.count);
    }
  });
}

/** Reads rows of `room` values into rows of `k`. */
async function readRows(
  device: CudaDevice,
  from: DeviceMemory,
  into: Uint32Array | Uint16Array,
  at: number,
  room: number,
  k: number,
  count: number,
): Promise<void> {
  if (room === k) {
    await device.read(from, 0, into.subarray(at, at + count * k));
    return;
  }
  const size = count * room;
  const found = inHostMemory(size * into.BYTES_PER_ELEMENT, 'neighbours', () =>
    into instanceof Uint32Array ? new Uint32Array(size) : new Uint16Array(size),
  );
  await device.read(from, 0, found);
  for (let q = 0; q < count; q++) into.set(found.subarray(q * room, (q + 1) * room), at + q * k);
}

/** Counts queries by the similarity of their nearest reference. To be called within `device.exclusive`. */
export async function searchHistogram(
  searched: Searched,
  queries: Uint8Array,
  bins: number,
  metric: Metric,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const { device } = searched;
  await using memory = new DeviceScope(device);
  const counts = await memory.upload(new Uint32Array(bins), 'a histogram');
  await forEachBatch(searched, queries, 1, metric, signal, async (_first, batch, step) => {
    launch(device, 'nearest_histogram', { ...step, histogram: { counts, bins } }, batch.count);
  });
  const result = new Uint32Array(bins);
  await device.read(counts, 0, result);
  return result;
}
