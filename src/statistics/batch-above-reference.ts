import { type TwoSample, walkSteps } from './two-sample.ts';

/**
 * P(Y > X) + P(Y = X) / 2 for a row Y of the batch and X of the reference: the area under the ROC curve by which the
 * column tells the batch, and Mann-Whitney's U over n m. 1/2 without a shift of location.
 * @source Mann & Whitney 1947, doi:10.1214/aoms/1177730491
 */
export function batchAboveReference(sample: TwoSample): number {
  // Twice the pairs, so that a tie is a whole number.
  let pairs = 0;
  let below = 0;
  let before = 0;
  walkSteps(sample, (i, j) => {
    pairs += (j - before) * (below + i);
    below = i;
    before = j;
  });
  return pairs / (2 * sample.x.length * sample.y.length);
}
