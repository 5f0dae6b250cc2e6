import { quantile } from './quantile.ts';
import type { TwoSample } from './two-sample.ts';

export interface QuantileShift {
  readonly probability: number;
  readonly reference: number;
  readonly batch: number;
  /** batch - reference, in the column's unit. */
  readonly shift: number;
}

/** How far quantiles moved; by default the middle and the upper tail, where distances to the training set tell most. */
export function quantileShifts(
  { x, y }: TwoSample,
  probabilities: readonly number[] = [0.5, 0.9, 0.95],
): QuantileShift[] {
  return probabilities.map((probability) => {
    const reference = quantile(x, probability);
    const batch = quantile(y, probability);
    return { probability, reference, batch, shift: batch - reference };
  });
}
