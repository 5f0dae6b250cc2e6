import type { RowShape } from '../../core/search-arguments.ts';
import type { DeviceScope } from './device-scope.ts';
import { inHostMemory } from './search-memory.ts';
import type { DeviceQueries } from './search-parameters.ts';
import { fillPopcounts, gatherRows, sortByPopcount } from './sorted-rows.ts';

/** Queries of one call to the device, sorted. */
export interface QueryBatch extends DeviceQueries {
  /** Of the caller's query `first + order[i]` at place i; uint32 [count]. */
  readonly order: Uint32Array;
  /** uint16 [count], ascending. */
  readonly setBits: Uint16Array;
  /** Popcount in the middle. */
  readonly popcount: number;
}

/** Brings queries to the device in the order of their popcounts. @param rows uint8 [n, rowBytes] @throws ERR_OUT_OF_MEMORY */
export async function uploadQueries(
  rows: Uint8Array,
  shape: RowShape,
  paddedBytes: number,
  memory: DeviceScope,
  signal: AbortSignal | undefined,
): Promise<QueryBatch> {
  const count = rows.length / shape.rowBytes;
  const ofQueries = { ...shape, count };
  const sorted = await sortByPopcount({ fingerprints: rows }, ofQueries, signal);
  const packedBytes = count * paddedBytes;
  const packed = inHostMemory(packedBytes, 'queries', () => new Uint8Array(packedBytes));
  gatherRows(rows, ofQueries, sorted, 0, packed, paddedBytes);
  const setBits = new Uint16Array(count);
  fillPopcounts(sorted, 0, setBits);
  return {
    fingerprints: await memory.upload(packed, 'queries'),
    popcounts: await memory.upload(setBits, 'queries'),
    places: await memory.upload(sorted.order, 'queries'),
    count,
    order: sorted.order,
    setBits,
    popcount: setBits[count >> 1],
  };
}
