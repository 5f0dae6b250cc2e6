/**
 * Linear quantile (type 7), rounded as NumPy rounds it, so that values on an edge fall on the same side.
 * @param sorted       float [n], ascending, n >= 1
 * @param probability  in [0, 1]
 * @source Hyndman & Fan 1996, doi:10.2307/2684934
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const share = position - below;
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}
