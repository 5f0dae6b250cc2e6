/** Indexes that sort the values ascending; equal values keep their order. @param values float [n], no NaN */
export function sortedOrder(values: ArrayLike<number>): Uint32Array {
  return Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
}

/** Ranks from 1; equal values share the mean of their ranks. @param values float [n], no NaN @returns float64 [n] */
export function midRanks(values: ArrayLike<number>): Float64Array {
  const order = sortedOrder(values);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) ranks[order[i]] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
