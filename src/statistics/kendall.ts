import { sortedOrder } from './ranks.ts';

/**
 * Kendall's tau-b, which allows for ties, in n log n steps: discordant pairs are the exchanges of a merge sort.
 * @param x  float [n], no NaN
 * @param y  float [n], no NaN
 * @returns in [-1, 1]; NaN when either is constant or n < 2
 * @source Kendall 1945, doi:10.1093/biomet/33.3.239; Knight 1966, doi:10.1080/01621459.1966.10480879
 */
export function kendallTauB(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const order = sortedOrder(x).sort((a, b) => x[a] - x[b] || y[a] - y[b]);
  const n = order.length;
  const xs = Float64Array.from(order, (row) => x[row]);
  const ys = Float64Array.from(order, (row) => y[row]);
  const pairs = (n * (n - 1)) / 2;
  const tiedX = tiedPairs(n, (i) => xs[i] === xs[i - 1]);
  const tiedBoth = tiedPairs(n, (i) => xs[i] === xs[i - 1] && ys[i] === ys[i - 1]);
  const exchanges = sortCounting(ys);
  const tiedY = tiedPairs(n, (i) => ys[i] === ys[i - 1]);
  if (tiedX === pairs || tiedY === pairs) return Number.NaN;
  const difference = pairs - tiedX - tiedY + tiedBoth - 2 * exchanges;
  return difference / (Math.sqrt(pairs - tiedX) * Math.sqrt(pairs - tiedY));
}

/** Pairs within runs of neighbours that `isTied` with the one before. */
function tiedPairs(n: number, isTied: (i: number) => boolean): number {
  let pairs = 0;
  let run = 0;
  for (let i = 1; i < n; i++) {
    run = isTied(i) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

/** Sorts in place, and counts the pairs that stood in the wrong order. */
function sortCounting(values: Float64Array): number {
  let exchanges = 0;
  let from: Float64Array = values;
  let to: Float64Array = new Float64Array(values.length);
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        if (left < middle && (right >= end || from[left] <= from[right])) to[at] = from[left++];
        else {
          exchanges += middle - left;
          to[at] = from[right++];
        }
      }
    }
    [from, to] = [to, from];
  }
  values.set(from);
  return exchanges;
}
