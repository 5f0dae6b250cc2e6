/**
 * Slope of the least-squares line of y over x. Of measurements over honest predictions it is 1: a rise of one unit in the
 * prediction comes with a rise of one unit in what is measured.
 * @param rows  which rows count; each may repeat
 * @returns NaN where x is constant
 */
export function lineSlope(x: ArrayLike<number>, y: ArrayLike<number>, rows: ArrayLike<number>): number {
  const n = rows.length;
  let meanX = 0;
  let meanY = 0;
  for (let k = 0; k < n; k++) {
    meanX += x[rows[k]] / n;
    meanY += y[rows[k]] / n;
  }
  let xy = 0;
  let xx = 0;
  for (let k = 0; k < n; k++) {
    const deviation = x[rows[k]] - meanX;
    xy += deviation * (y[rows[k]] - meanY);
    xx += deviation * deviation;
  }
  return xx === 0 ? Number.NaN : xy / xx;
}
