import { popcounts } from '../core/fingerprint.ts';
import { type Metric, similarityValue } from '../core/metric.ts';
import { NO_NEIGHBOR, type SearchIndex } from '../core/ops.ts';
import { checkK } from '../core/search-arguments.ts';
import { chooseMetric, type MetricChoice, thresholdOf } from './neighbors-options.ts';

/** A neighbour of a query. */
export interface Neighbor {
  /** Row in the index. */
  readonly row: number;
  readonly id: string;
  /** By the metric asked for, 0 to 1. */
  readonly similarity: number;
  /** Bits set in both. */
  readonly intersection: number;
  /** Bits set in either. */
  readonly union: number;
}

export interface QueryOptions extends MetricChoice {
  readonly signal?: AbortSignal;
}

/** What is asked of an index: so many nearest, or all that are similar enough. */
export type Question =
  | { readonly kind: 'nearest'; readonly k: number }
  | { readonly kind: 'within'; readonly threshold: number };

/**
 * Asks an index, and gives its raw answer the form that people read.
 * @param queries  uint8 [n, rowBytes]
 * @param idOf     id of a row of the index
 * @returns for each query its neighbours, most similar first
 * @throws ERR_USAGE, ERR_OUT_OF_MEMORY, ERR_CANCELLED
 */
export async function askIndex(
  search: SearchIndex,
  idOf: (row: number) => string,
  queries: Uint8Array,
  question: Question,
  options: QueryOptions,
): Promise<Neighbor[][]> {
  const metric = chooseMetric(options);
  const call = { metric, ...(options.signal && { signal: options.signal }) };
  const queryBits = popcounts(queries, search.rowBytes);
  const toNeighbor = (q: number, row: number, intersection: number, union: number): Neighbor => ({
    row,
    id: idOf(row),
    similarity: similarityOf(metric, queryBits[q], intersection, union),
    intersection,
    union,
  });
  if (question.kind === 'nearest') {
    checkK(question.k);
    // Asking for more than there are would take room for nothing.
    const k = Math.max(1, Math.min(question.k, search.size));
    const { indexes, intersections, unions } = await search.nearest(queries, k, call);
    return Array.from(queryBits, (_, q) => {
      const end = indexes.subarray(q * k, (q + 1) * k).indexOf(NO_NEIGHBOR);
      const at = Array.from({ length: end < 0 ? k : end }, (_, i) => q * k + i);
      return at.map((i) => toNeighbor(q, indexes[i], intersections[i], unions[i]));
    });
  }
  const hits = await search.within(queries, thresholdOf(question.threshold), call);
  return Array.from(queryBits, (_, q) => {
    const [from, to] = [hits.offsets[q], hits.offsets[q + 1]];
    const at = Array.from({ length: to - from }, (_, i) => from + i);
    return at.map((i) => toNeighbor(q, hits.indexes[i], hits.intersections[i], hits.unions[i]));
  });
}

function similarityOf(metric: Metric, queryBits: number, shared: number, union: number): number {
  return similarityValue(metric, shared, queryBits, union - queryBits + shared);
}
