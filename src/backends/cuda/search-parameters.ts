import type { Fraction, Metric } from '../../core/metric.ts';
import type { DeviceMemory } from '../../native/cuda.ts';
import { type Parameter, packParameters } from './parameters.ts';
import { layOutTiles, TILE_ROWS } from './search-layout.ts';
import type { SearchPlan } from './search-plan.ts';
import type { DeviceChunk } from './search-rows.ts';

/** Queries on the device, by popcount. */
export interface DeviceQueries {
  readonly fingerprints: DeviceMemory;
  readonly popcounts: DeviceMemory;
  /** uint32: where the caller has each. */
  readonly places: DeviceMemory;
  readonly count: number;
}

/** A part of queries or tiles. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/** What a search writes: lists for `nearest`, hits for `within`. */
export type SearchTarget =
  | { readonly lists: DeviceMemory; readonly bounds: DeviceMemory; readonly k: number }
  | {
      readonly hits: DeviceMemory;
      readonly hitCount: DeviceMemory;
      readonly capacity: number;
      readonly threshold: Fraction;
    };

export interface SearchStep {
  readonly plan: SearchPlan;
  readonly queries: DeviceQueries;
  readonly queryRange: Range;
  readonly chunk: DeviceChunk;
  readonly tileRange: Range;
  readonly paddedBytes: number;
  /** Null where no step goes on. */
  readonly cursors: DeviceMemory | null;
  readonly metric: Metric;
  readonly target: SearchTarget;
  /** Most tiles of a walk. */
  readonly steps: number;
  /** Goes on where the step before left off. */
  readonly resume: boolean;
}

/** Larger than any number of tiles. */
export const ALL_STEPS = 2 ** 31 - 1;

const at = (address: DeviceMemory | null, offsetBytes = 0): Parameter => ({ address, offsetBytes });
const int = (value: number): Parameter => ({ int: value });

/** struct Metric of kernels/nearest/threshold.h. */
function metricFields(metric: Metric): Parameter[] {
  return metric.kind === 'cosine'
    ? [int(1), int(0), int(0), int(0)]
    : [int(0), int(metric.shared), int(metric.query), int(metric.target)];
}

/** struct SearchParameters of kernels/nearest/search.h: the same fields in the same order. */
export function packSearchParameters(step: SearchStep): Uint8Array {
  const { plan, queries, queryRange, chunk, tileRange, paddedBytes, target } = step;
  const layout = layOutTiles(chunk.tileCount, paddedBytes);
  const firstRow = tileRange.first * TILE_ROWS;
  const lists = 'lists' in target ? target : null;
  const hits = 'hits' in target ? target : null;
  return packParameters([
    at(queries.fingerprints, queryRange.first * paddedBytes),
    at(queries.popcounts, queryRange.first * 2),
    at(chunk.memory, firstRow * paddedBytes),
    at(chunk.memory, layout.rows + firstRow * 4),
    at(chunk.memory, layout.popcounts + firstRow * 2),
    at(chunk.memory, layout.tiles + tileRange.first * 16),
    at(step.cursors),
    at(lists?.lists ?? null),
    at(lists?.bounds ?? null),
    at(hits?.hits ?? null),
    at(hits?.hitCount ?? null),
    ...metricFields(step.metric),
    int(hits?.threshold.numerator ?? 0),
    int(hits?.threshold.denominator ?? 1),
    int(queryRange.count),
    int(Math.min(chunk.rowCount - firstRow, tileRange.count * TILE_ROWS)),
    int(tileRange.count),
    int(paddedBytes / 4),
    int(plan.splits),
    int(plan.rowGroups),
    int(lists?.k ?? 0),
    int(step.steps),
    int(Number(step.resume)),
    int(Number(plan.sharedLists)),
    int(hits?.capacity ?? 0),
    int(0),
  ]);
}

export interface ListStep {
  readonly queries: DeviceQueries;
  readonly lists: DeviceMemory;
  readonly bounds: DeviceMemory;
  readonly metric: Metric;
  readonly k: number;
  readonly parts: number;
  /** Merge: one list of so many holds something; such lists that become one. */
  readonly stride?: number;
  readonly fanIn?: number;
  /** Finish: where the results go. */
  readonly results?: {
    readonly indexes: DeviceMemory;
    readonly intersections: DeviceMemory;
    readonly unions: DeviceMemory;
  };
  /** Histogram: uint32 [bins]. */
  readonly histogram?: { readonly counts: DeviceMemory; readonly bins: number };
}

/** struct ListParameters of kernels/nearest/nearest.cu: the same fields in the same order. */
export function packListParameters(step: ListStep): Uint8Array {
  const { queries, results, histogram } = step;
  return packParameters([
    at(queries.popcounts),
    at(queries.places),
    at(step.lists),
    at(step.bounds),
    at(results?.indexes ?? null),
    at(results?.intersections ?? null),
    at(results?.unions ?? null),
    at(histogram?.counts ?? null),
    ...metricFields(step.metric),
    int(queries.count),
    int(step.k),
    int(step.parts),
    int(step.stride ?? 1),
    int(step.fanIn ?? 1),
    int(histogram?.bins ?? 0),
  ]);
}
