import { type BinLayout, binRows } from './reliability-bins.ts';

/**
 * Parts of the Brier score. The score is exactly
 * reliability - resolution + uncertainty + withinBinVariance - 2 * withinBinCovariance.
 */
export interface BrierDecomposition {
  /** sum n_b/n (mean p - mean y)^2: 0 where the probabilities mean what they say. */
  readonly reliability: number;
  /** sum n_b/n (mean y of the bin - mean y)^2: how far the bins tell outcomes apart. */
  readonly resolution: number;
  /** ybar (1 - ybar): a matter of the labels alone. */
  readonly uncertainty: number;
  /** sum (p - mean p of the bin)^2 / n */
  readonly withinBinVariance: number;
  /** sum (p - mean p of the bin)(y - mean y of the bin) / n */
  readonly withinBinCovariance: number;
}

/**
 * Murphy's decomposition of the Brier score, with the two terms that make it exact where probabilities vary in a bin.
 * @param labels         0 or 1 [n], n >= 1
 * @param probabilities  float [n] in [0, 1]
 * @source Murphy 1973, doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2;
 *         Stephenson, Coelho & Jolliffe 2008, doi:10.1175/2007WAF2006116.1
 */
export function brierDecomposition(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { layout = 'equal-width', bins = 10 }: { layout?: BinLayout; bins?: number } = {},
): BrierDecomposition {
  const n = labels.length;
  let positives = 0;
  for (let i = 0; i < n; i++) positives += labels[i];
  const base = positives / n;
  let reliability = 0;
  let resolution = 0;
  let withinBinVariance = 0;
  let withinBinCovariance = 0;
  for (const rows of binRows(probabilities, layout, bins)) {
    let p = 0;
    let y = 0;
    for (const row of rows) {
      p += probabilities[row] / rows.length;
      y += labels[row] / rows.length;
    }
    reliability += (rows.length / n) * (p - y) ** 2;
    resolution += (rows.length / n) * (y - base) ** 2;
    for (const row of rows) {
      withinBinVariance += (probabilities[row] - p) ** 2 / n;
      withinBinCovariance += ((probabilities[row] - p) * (labels[row] - y)) / n;
    }
  }
  return { reliability, resolution, uncertainty: base * (1 - base), withinBinVariance, withinBinCovariance };
}
