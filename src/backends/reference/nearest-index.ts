import { AssayerError } from '../../core/errors.ts';
import {
  compareFractions,
  type Fraction,
  similarityBin,
  similarityFraction,
  TANIMOTO,
} from '../../core/metric.ts';
import type { References, SearchIndex, SearchOptions } from '../../core/ops.ts';
import {
  checkBins,
  checkK,
  checkReferences,
  checkThreshold,
  countRows,
  emptyNeighbors,
  isDead,
} from '../../core/search-arguments.ts';
import { countBits, countSharedBits } from './nearest-shared-bits.ts';
import { collectWithin } from './within.ts';

/** A reference compared with one query. */
export interface Comparison {
  readonly index: number;
  readonly intersection: number;
  readonly union: number;
  readonly queryBits: number;
  readonly similarity: Fraction;
}

/** Every query against every reference, then a sort: the obvious version that others are compared with. */
export async function referenceSearch(references: References): Promise<SearchIndex> {
  const { count, bits, bytes, rowBytes } = checkReferences(references);
  const rowOf = (rows: Uint8Array, i: number) => rows.subarray(i * rowBytes, i * rowBytes + bytes);
  const kept = references.fingerprints.slice();
  const live = Array.from({ length: count }, (_, i) => i).filter((i) => !isDead(references.tombstones, i));

  /** All live references in the order of results, for each query in turn. */
  function* rank(queries: Uint8Array, { metric = TANIMOTO, signal }: SearchOptions) {
    const queryCount = countRows(queries, rowBytes);
    for (let q = 0; q < queryCount; q++) {
      if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
      const query = rowOf(queries, q);
      const queryBits = countBits(query);
      const comparisons = live.map((index): Comparison => {
        const target = rowOf(kept, index);
        const targetBits = countBits(target);
        const intersection = countSharedBits(query, target);
        const similarity = similarityFraction(metric, intersection, queryBits, targetBits);
        return { index, intersection, union: queryBits + targetBits - intersection, queryBits, similarity };
      });
      yield comparisons.sort((x, y) => compareFractions(y.similarity, x.similarity) || x.index - y.index);
    }
  }

  return {
    size: count,
    bits,
    rowBytes,
    async nearest(queries, k, options = {}) {
      checkK(k);
      const found = emptyNeighbors(countRows(queries, rowBytes), k);
      let first = 0;
      for (const ranked of rank(queries, options)) {
        for (const [place, { index, intersection, union }] of ranked.slice(0, k).entries()) {
          found.indexes[first + place] = index;
          found.intersections[first + place] = intersection;
          found.unions[first + place] = union;
        }
        first += k;
      }
      return found;
    },
    async within(queries, threshold, options = {}) {
      checkThreshold(threshold);
      return collectWithin(rank(queries, options), threshold, options.metric ?? TANIMOTO);
    },
    async nearestHistogram(queries, bins, options = {}) {
      checkBins(bins);
      const counts = new Uint32Array(bins);
      const { metric = TANIMOTO } = options;
      for (const [nearest] of rank(queries, options)) {
        if (!nearest) continue;
        const { intersection, queryBits, union } = nearest;
        counts[similarityBin(metric, intersection, queryBits, union + intersection - queryBits, bins)]++;
      }
      return counts;
    },
    async [Symbol.asyncDispose]() {},
  };
}
