import { refuse } from './finite-values.ts';
import { quantile } from './quantile.ts';
import { seededOrder } from './seeded-order.ts';

/** Rows whose pairs are all looked at; of more a sample. The median of half a million distances is known within about 1 %. */
const MOST_ROWS = 1000;

/**
 * Median of the Euclidean distances between rows, which bandwidths are made from: the pooled rows' median is the same for
 * every labelling, so a permutation test stays exact.
 * @param features  float64 [rows, dimensions]
 * @param seed      of the sample that is taken past 1,000 rows
 * @returns the median of the distances above 0 where more than half are 0; NaN where all are
 * @throws ERR_USAGE
 * @source Gretton et al. 2012, JMLR 13:723-773, section 8
 */
export function medianDistance(features: Float64Array, dimensions: number, seed: number): number {
  const rows = features.length / dimensions;
  if (!Number.isInteger(rows)) refuse(`${features.length} features do not fit rows of ${dimensions}.`);
  const sample = seededOrder(rows, seed).subarray(0, MOST_ROWS);
  const distances = new Float64Array((sample.length * (sample.length - 1)) / 2);
  let pair = 0;
  for (const [i, x] of sample.entries()) {
    for (const y of sample.subarray(0, i)) {
      let square = 0;
      for (let d = 0; d < dimensions; d++) {
        square += (features[x * dimensions + d] - features[y * dimensions + d]) ** 2;
      }
      distances[pair++] = Math.sqrt(square);
    }
  }
  distances.sort();
  const median = quantile(distances, 0.5);
  if (median > 0) return median;
  return quantile(
    distances.filter((distance) => distance > 0),
    0.5,
  );
}
