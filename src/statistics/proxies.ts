/** What two tests of one thing said: whether it differs, and whether it is the same within the margin agreed. */
export interface ShiftAndEquivalence {
  /** The shift test rejected "no shift". */
  readonly shifted: boolean;
  readonly shiftP: number;
  /** Both one-sided tests rejected "differs by the margin or more" (TOST). */
  readonly equivalent: boolean;
  readonly equivalenceP: number;
}

export type ProxyVerdict =
  /** The model's confidence moved on the chemistry it knows: look at the model, its inputs and its pipeline. */
  | 'confidence-moved-alone'
  /** The chemistry moved and the confidence did not follow: the model does not notice what it does not know. */
  | 'oddly-steady'
  | 'both-moved'
  | 'both-steady'
  /** One of them is neither shown to have moved nor shown to be equivalent: too few compounds to say. */
  | 'not-evaluable';

/**
 * Verdict of the two proxies for performance before labels come. A shift that is not significant is not stability, so
 * each side must be shown to have moved or shown to be equivalent; one that does both (many compounds, a shift within
 * the margin) is steady.
 * @source Schuirmann 1987, doi:10.1007/BF01068419 (two one-sided tests)
 */
export function proxyVerdict(confidence: ShiftAndEquivalence, chemistry: ShiftAndEquivalence): ProxyVerdict {
  const [confidenceIs, chemistryIs] = [confidence, chemistry].map(({ shifted, equivalent }) => {
    if (equivalent) return 'steady';
    return shifted ? 'moved' : 'unknown';
  });
  if (confidenceIs === 'unknown' || chemistryIs === 'unknown') return 'not-evaluable';
  if (confidenceIs === chemistryIs) return confidenceIs === 'moved' ? 'both-moved' : 'both-steady';
  return confidenceIs === 'moved' ? 'confidence-moved-alone' : 'oddly-steady';
}
