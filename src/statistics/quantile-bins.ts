import { quantile } from './quantile.ts';
import type { TwoSample } from './two-sample.ts';

/** Rows of both sides in bins cut at the reference's quantiles. */
export interface BinnedSample {
  /** Inner edges e_1 < ... < e_k; bin b holds e_b < v <= e_(b+1), the first and the last are open. */
  readonly edges: Float64Array;
  /** [k + 1] */
  readonly reference: Uint32Array;
  /** [k + 1] */
  readonly batch: Uint32Array;
}

/** Bins of equal reference mass; where many values are equal, edges coincide and are merged. */
export function quantileBins({ x, y }: TwoSample, bins = 10): BinnedSample {
  const edges = new Set<number>();
  for (let bin = 1; bin < bins; bin++) edges.add(quantile(x, bin / bins));
  const sorted = Float64Array.from(edges).sort();
  return { edges: sorted, reference: countByBin(x, sorted), batch: countByBin(y, sorted) };
}

function countByBin(ascending: Float64Array, edges: Float64Array): Uint32Array {
  const counts = new Uint32Array(edges.length + 1);
  let bin = 0;
  for (const value of ascending) {
    while (bin < edges.length && value > edges[bin]) bin++;
    counts[bin]++;
  }
  return counts;
}
