import { refuse } from './finite-values.ts';

/**
 * Columns at mean 0 and standard deviation 1, so that no unit outweighs the others in a distance. Scales come from all rows
 * given: pool both sides, or the scale would favour the labels it was made from.
 * @param features  float64 [rows, dimensions], finite; each column in its own unit
 * @returns float64 [rows, dimensions]; a constant column is 0. The caller owns it.
 * @throws ERR_USAGE
 */
export function scaleFeatures(features: Float64Array, dimensions: number): Float64Array {
  const rows = features.length / dimensions;
  if (!Number.isInteger(rows)) refuse(`${features.length} features do not fit rows of ${dimensions}.`);
  const scaled = new Float64Array(features.length);
  for (let d = 0; d < dimensions; d++) {
    let mean = 0;
    for (let row = 0; row < rows; row++) {
      const value = features[row * dimensions + d];
      if (!Number.isFinite(value)) {
        refuse(`Feature ${d} of row ${row} is ${value}. Drop the column, or the rows that lack it.`);
      }
      mean += (value - mean) / (row + 1);
    }
    let squares = 0;
    for (let row = 0; row < rows; row++) squares += (features[row * dimensions + d] - mean) ** 2;
    const deviation = Math.sqrt(squares / rows);
    // Exactly 0 for a constant, since its running mean is the constant itself.
    if (deviation === 0) continue;
    for (let row = 0; row < rows; row++) {
      scaled[row * dimensions + d] = (features[row * dimensions + d] - mean) / deviation;
    }
  }
  return scaled;
}
