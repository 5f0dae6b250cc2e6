import { clopperPearson } from './clopper-pearson.ts';
import { quantile } from './quantile.ts';
import { type QuantileShift, quantileShifts } from './quantile-shifts.ts';
import { twoSample } from './two-sample.ts';

/** The domain ends at this quantile of the calibration distances. */
const DOMAIN = 0.95;

export interface NearestDistances {
  /** Shifts of q50, q90 and q95; the reference is the calibration. */
  readonly quantiles: readonly QuantileShift[];
  readonly coverage: {
    /** Largest distance inside the domain: q95 of the calibration distances. */
    readonly limit: number;
    readonly inside: number;
    readonly rows: number;
    /** inside / rows */
    readonly share: number;
    /** Exact 95 % interval of the share; for independent rows, so too narrow where rows come in series. */
    readonly low: number;
    readonly high: number;
  };
}

/**
 * Sums up how far a batch lies from the training set, beside held-out compounds. Distances are 1 - the largest Tanimoto
 * similarity to a training compound; the calibration's must be of compounds that were held out of the training set, never
 * leave-one-out, or the batch would look far in any case. A test is `permutationTest` over both sides' distances.
 * @param calibration  float [n] in [0, 1]
 * @param batch        float [m] in [0, 1]
 * @throws ERR_USAGE where there are no distances on a side, or one is not finite
 */
export function nearestDistances(calibration: ArrayLike<number>, batch: ArrayLike<number>): NearestDistances {
  const both = twoSample('distance to the training set', calibration, batch);
  const { x: known, y: found } = both;
  const limit = quantile(known, DOMAIN);
  const inside = found.filter((distance) => distance <= limit).length;
  const [low, high] = clopperPearson(inside, found.length);
  const coverage = { limit, inside, rows: found.length, share: inside / found.length, low, high };
  return { quantiles: quantileShifts(both), coverage };
}
