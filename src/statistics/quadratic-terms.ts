/** Makes the terms of one row: x, x^2 and the products of pairs, of features scaled and held to the reference. */
export type QuadraticTerms = (features: ArrayLike<number>, row: number) => Float64Array;

/**
 * Terms of a quadratic model. Features are centred and scaled by the reference and held to its range: a quadratic
 * runs away outside the values it was fitted on.
 * @param reference  float [n, width], row-major, n >= 1
 */
export function quadraticTerms(reference: ArrayLike<number>, width: number): QuadraticTerms {
  const n = reference.length / width;
  const scales = Array.from({ length: width }, (_, j) => {
    let mean = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < n; i++) {
      const value = reference[i * width + j];
      mean += value / n;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    let variance = 0;
    for (let i = 0; i < n; i++) variance += (reference[i * width + j] - mean) ** 2 / n;
    return { mean, low, high, deviation: Math.sqrt(variance) || 1 };
  });
  return (features, row) => {
    const x = scales.map(({ mean, low, high, deviation }, j) => {
      return (Math.min(high, Math.max(low, features[row * width + j])) - mean) / deviation;
    });
    const products = x.flatMap((a, j) => x.slice(0, j + 1).map((b) => a * b));
    return Float64Array.from([...x, ...products]);
  };
}
