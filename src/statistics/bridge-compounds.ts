import { type BlandAltman, blandAltman } from './bland-altman.ts';
import { type Equivalence, type EquivalenceMargin, pairedEquivalence } from './equivalence-test.ts';
import { pairedDifferences } from './paired-differences.ts';
import { type PairedT, pairedT } from './paired-t.ts';
import { detectablePairedMean } from './univariate-power.ts';
import { type WilcoxonSignedRank, wilcoxonSignedRank } from './wilcoxon-signed-rank.ts';

export interface BridgeCompounds {
  readonly pairs: number;
  /** Mean of after - before with its 95 % interval, and the test that it is 0. */
  readonly t: PairedT;
  /** The same without trust in normal differences. */
  readonly wilcoxon: WilcoxonSignedRank;
  /** Whether the mean difference was shown to lie within the margin. */
  readonly equivalence: Equivalence;
  readonly agreement: BlandAltman;
  /** Mean difference that so many pairs of this spread find in 80 % of cases, at 0.05 two-sided; NaN without spread. */
  readonly detectable: number;
  /**
   * - changed: the t-test finds a difference at the same alpha, and equivalence is not shown
   * - equivalent: the mean lies within the margin (it may still differ from 0, by less than matters)
   * - undecided: neither; more pairs are needed
   * - no-spread: one pair, or all differences equal: nothing to judge by. Equal and not 0 is a unit or an offset.
   */
  readonly verdict: 'changed' | 'equivalent' | 'undecided' | 'no-spread';
}

/**
 * Controls measured before and after an assay or protocol change: the only data that tell a changed assay from changed
 * chemistry, because the compounds are the same.
 * @param before  float [n], on the modelled scale (log10 of a potency, so that a difference is a ratio), n >= 1
 * @param after   float [n], the same compounds in the same order
 * @param limits  margin and alpha, stated before the data are seen
 * @throws ERR_USAGE where values do not pair or are not finite, or margin or alpha cannot be used
 */
export function bridgeCompounds(
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  limits: EquivalenceMargin,
): BridgeCompounds {
  const differences = pairedDifferences(before, after);
  const t = pairedT(differences);
  const equivalence = pairedEquivalence(before, after, limits);
  return {
    pairs: differences.values.length,
    t,
    wilcoxon: wilcoxonSignedRank(differences),
    equivalence,
    agreement: blandAltman(differences),
    detectable: detectablePairedMean(differences.deviation, differences.values.length),
    verdict: verdictOf(t, equivalence, limits.alpha),
  };
}

function verdictOf({ p }: PairedT, { equivalent }: Equivalence, alpha: number): BridgeCompounds['verdict'] {
  if (Number.isNaN(p)) return 'no-spread';
  if (equivalent) return 'equivalent';
  return p <= alpha ? 'changed' : 'undecided';
}
