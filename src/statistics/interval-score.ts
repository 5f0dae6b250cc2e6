/**
 * Interval score, mean over rows: the width of the interval, and 2 / alpha times the distance of each value outside
 * it. Rewards narrow intervals that hold their coverage; lower is better, in the unit of the values.
 * @param actual    float [n], n >= 1
 * @param lows      float [n], same unit
 * @param highs     float [n], same unit
 * @param coverage  1 - alpha that the intervals claim, in (0, 1)
 * @source Gneiting & Raftery 2007, doi:10.1198/016214506000001437, equation 43
 */
export function intervalScore(
  actual: ArrayLike<number>,
  lows: ArrayLike<number>,
  highs: ArrayLike<number>,
  coverage: number,
): number {
  const penalty = 2 / (1 - coverage);
  let sum = 0;
  for (let i = 0; i < actual.length; i++) {
    const outside = Math.max(0, lows[i] - actual[i], actual[i] - highs[i]);
    sum += highs[i] - lows[i] + penalty * outside;
  }
  return sum / actual.length;
}
