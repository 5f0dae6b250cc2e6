import { type Metric, similarityRank } from '../../core/metric.ts';
import { type Hits, NO_NEIGHBOR } from '../../core/ops.ts';
import type { Neighbors } from '../../core/ports.ts';
import { emptyNeighbors } from '../../core/search-arguments.ts';
import type { QueryBatch } from './search-queries.ts';

/** One hit of one query, whichever shard it came from. */
interface Found {
  readonly index: number;
  readonly intersection: number;
  readonly union: number;
  readonly rank: number;
}

/** The hits of several shards in the order of results. */
function inOrder(found: Found[]): Found[] {
  return found.sort((x, y) => y.rank - x.rank || x.index - y.index);
}

/** What is needed to rank hits of a query: union = a + b - c, so b = union + c - a. */
interface Ranking {
  readonly metric: Metric;
  /** Set bits of the caller's queries. */
  readonly popcounts: Uint16Array;
}

/**
 * Nearest neighbours of all queries, from those of each batch in each shard.
 * @param parts  [batches][shards], of `room` neighbours for each query
 * @returns k neighbours for each query; k >= room
 */
export function mergeNearest(
  batches: readonly QueryBatch[],
  parts: readonly (readonly Neighbors[])[],
  { k, room }: { k: number; room: number },
  ranking: Ranking,
): Neighbors {
  const out = emptyNeighbors(ranking.popcounts.length, k);
  for (const [b, { positions }] of batches.entries()) {
    const shards = parts[b];
    for (const [q, position] of positions.entries()) {
      if (shards.length === 1) {
        copyRange(shards[0], q * room, room, out, position * k);
        continue;
      }
      const found: Found[] = [];
      for (const shard of shards) collect(shard, q * room, (q + 1) * room, position, ranking, found);
      for (const [i, hit] of inOrder(found).slice(0, room).entries()) place(out, position * k + i, hit);
    }
  }
  return out;
}

/** Hits of all queries, from those of each batch in each shard. @param parts [batches][shards] */
export function mergeHits(
  batches: readonly QueryBatch[],
  parts: readonly (readonly Hits[])[],
  ranking: Ranking,
): Hits {
  const offsets = new Float64Array(ranking.popcounts.length + 1);
  for (const [b, { positions }] of batches.entries()) {
    for (const [q, position] of positions.entries()) {
      for (const hits of parts[b]) offsets[position + 1] += hits.offsets[q + 1] - hits.offsets[q];
    }
  }
  for (let q = 1; q < offsets.length; q++) offsets[q] += offsets[q - 1];
  const total = offsets[offsets.length - 1];
  const out: Hits = {
    offsets,
    indexes: new Uint32Array(total),
    intersections: new Uint16Array(total),
    unions: new Uint16Array(total),
  };
  for (const [b, { positions }] of batches.entries()) {
    const shards = parts[b];
    for (const [q, position] of positions.entries()) {
      if (shards.length === 1) {
        const first = shards[0].offsets[q];
        copyRange(shards[0], first, shards[0].offsets[q + 1] - first, out, offsets[position]);
        continue;
      }
      const found: Found[] = [];
      for (const hits of shards)
        collect(hits, hits.offsets[q], hits.offsets[q + 1], position, ranking, found);
      for (const [i, hit] of inOrder(found).entries()) place(out, offsets[position] + i, hit);
    }
  }
  return out;
}

function copyRange(from: Neighbors, first: number, count: number, to: Neighbors, at: number): void {
  to.indexes.set(from.indexes.subarray(first, first + count), at);
  to.intersections.set(from.intersections.subarray(first, first + count), at);
  to.unions.set(from.unions.subarray(first, first + count), at);
}

function collect(
  from: Neighbors,
  first: number,
  end: number,
  position: number,
  { metric, popcounts }: Ranking,
  found: Found[],
): void {
  const a = popcounts[position];
  for (let i = first; i < end && from.indexes[i] !== NO_NEIGHBOR; i++) {
    const intersection = from.intersections[i];
    const union = from.unions[i];
    const rank = similarityRank(metric, intersection, a, union + intersection - a);
    found.push({ index: from.indexes[i], intersection, union, rank });
  }
}

function place(out: Neighbors, at: number, { index, intersection, union }: Found): void {
  out.indexes[at] = index;
  out.intersections[at] = intersection;
  out.unions[at] = union;
}
