import { categoryCounts } from './category-counts.ts';
import { upperGamma } from './incomplete-gamma.ts';

export interface PopulationStabilityIndex {
  /** sum (q - p) ln(q / p) over bins; a share below 1e-4 counts as 1e-4, nothing is renormalized. */
  readonly psi: number;
  /** The same with shares (count + 1/2) / (rows + bins / 2), which a single empty bin does not rule. */
  readonly halfCount: number;
  /** What to expect with no drift at all: (1/n + 1/m) (bins with rows - 1). */
  readonly nullMean: number;
  /**
   * P(PSI >= halfCount) with no drift, about: PSI / (1/n + 1/m) is chi-square with bins - 1 degrees of freedom for
   * many independent rows. NaN with one bin.
   */
  readonly p: number;
}

/** The least share that a bin counts with. */
const LEAST_SHARE = 1e-4;

/**
 * Population stability index, an effect size that grows when rows are few: a fixed 0.1 is crossed by 96 against 96
 * rows of one population more often than not, so `nullMean` and `p` belong beside it.
 * @param reference  whole [bins], rows by bin
 * @param batch      whole [bins]
 * @throws ERR_USAGE, as categoryCounts
 * @source Yurdakul & Naranjo 2020, doi:10.21314/JRMV.2020.227
 */
export function populationStabilityIndex(
  reference: ArrayLike<number>,
  batch: ArrayLike<number>,
): PopulationStabilityIndex {
  const { n, m, reference: x } = categoryCounts(reference, batch);
  const bins = reference.length;
  let psi = 0;
  let halfCount = 0;
  for (let k = 0; k < bins; k++) {
    psi += divergence(Math.max(reference[k] / n, LEAST_SHARE), Math.max(batch[k] / m, LEAST_SHARE));
    halfCount += divergence((reference[k] + 0.5) / (n + 0.5 * bins), (batch[k] + 0.5) / (m + 0.5 * bins));
  }
  const scale = 1 / n + 1 / m;
  const df = x.length - 1;
  const p = df === 0 ? Number.NaN : upperGamma(df / 2, halfCount / scale / 2);
  return { psi, halfCount, nullMean: scale * df, p };
}

function divergence(p: number, q: number): number {
  return (q - p) * Math.log(q / p);
}
