/** Why an estimate of performance without labels is withheld. */
export type Suppression =
  | {
      readonly suppressed: 'outside-domain';
      readonly domainCoverage: number;
      readonly leastCoverage: number;
    }
  | { readonly suppressed: 'too-few-compounds'; readonly found: number; readonly needed: number };

/**
 * Domain coverage below which estimates from the model's own confidence are withheld. Coverage is the share of
 * compounds no farther from the training set than 95 % of the calibration rows, so about 0.95 where nothing moved; at
 * 0.8 four times as many compounds as expected are beyond it, and what was learned from calibration rows no longer
 * speaks for the batch.
 */
export const LEAST_COVERAGE = 0.8;

/** The suppression of a batch outside the domain; null where it is inside. A coverage that is unknown (NaN) is none. */
export function suppressOutsideDomain(domainCoverage: number, leastCoverage: number): Suppression | null {
  if (domainCoverage >= leastCoverage) return null;
  return { suppressed: 'outside-domain', domainCoverage, leastCoverage };
}
