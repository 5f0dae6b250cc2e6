/**
 * Place of the first value that is at least `least`, and so how many are below it; the length where none is.
 * @param sorted  float [n], ascending
 */
export function firstAtLeast(sorted: ArrayLike<number>, least: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
