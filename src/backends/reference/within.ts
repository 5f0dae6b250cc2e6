import { compareFractions, type Fraction, type Metric, thresholdFraction } from '../../core/metric.ts';
import type { Hits } from '../../core/ops.ts';
import type { Comparison } from './nearest-index.ts';

/** The comparisons that reach a threshold. @param rankings all references of each query, in the order of results */
export function collectWithin(
  rankings: Iterable<readonly Comparison[]>,
  threshold: Fraction,
  metric: Metric,
): Hits {
  const least = thresholdFraction(metric, threshold);
  const hits: Comparison[] = [];
  const offsets = [0];
  for (const ranked of rankings) {
    for (const comparison of ranked)
      if (compareFractions(comparison.similarity, least) >= 0) hits.push(comparison);
    offsets.push(hits.length);
  }
  return {
    offsets: Float64Array.from(offsets),
    indexes: Uint32Array.from(hits, ({ index }) => index),
    intersections: Uint16Array.from(hits, ({ intersection }) => intersection),
    unions: Uint16Array.from(hits, ({ union }) => union),
  };
}
