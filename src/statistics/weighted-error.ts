import { refuse } from './finite-values.ts';
import { studentQuantile } from './student-t.ts';

export interface WeightedError {
  /** sum(w loss) / sum(w); NaN while no label is in. */
  readonly error: number;
  /** 95 % interval of the error, groups taken as independent; NaN with labels in fewer than two groups. */
  readonly low: number;
  readonly high: number;
  readonly labels: number;
  /** Groups with a label. */
  readonly groups: number;
  /** (sum w)^2 / sum w^2; 0 while no label is in. */
  readonly effectiveSampleSize: number;
  /** w = selection weight * arrived / share, float64 [n]. */
  readonly weights: Float64Array;
}

/**
 * Mean loss of a batch whose labels are partly out, each label weighted by the inverse probability of having arrived.
 * It is the error of the whole batch where delay and loss are independent (`delayDependence` tests that). The
 * interval is by linearization of the ratio, its variance between groups, with Student's quantile.
 * @param losses            float [n]; not read where the label is out
 * @param arrived           0 or 1 [n]
 * @param shares            float [n], F(tau - t_i), > 0 where arrived
 * @param options.groups    [n], equal numbers belong together (scaffolds); by default each row is its own
 * @param options.selectionWeights  float [n], inverse probability of having been submitted; 1 by default
 * @throws ERR_USAGE where a label has arrived that the curve of delays gives no chance
 * @source Horvitz & Thompson 1952, doi:10.1080/01621459.1952.10483446; Kish 1965 (effective sample size)
 */
export function weightedError(
  losses: ArrayLike<number>,
  arrived: ArrayLike<number>,
  shares: ArrayLike<number>,
  options: { groups?: ArrayLike<number>; selectionWeights?: ArrayLike<number>; level?: number } = {},
): WeightedError {
  const { groups, selectionWeights, level = 0.95 } = options;
  const weights = Float64Array.from(arrived, (isIn, i) =>
    isIn === 1 ? (selectionWeights?.[i] ?? 1) / shares[i] : 0,
  );
  let labels = 0;
  let total = 0;
  let squares = 0;
  let weighted = 0;
  for (let i = 0; i < weights.length; i++) {
    if (arrived[i] !== 1) continue;
    if (!(shares[i] > 0)) {
      refuse(
        `The label of row ${i} has arrived, but its share of arrived labels is ${shares[i]}. Estimate the delays from data that hold it.`,
      );
    }
    labels++;
    total += weights[i];
    squares += weights[i] ** 2;
    weighted += weights[i] * losses[i];
  }
  const error = weighted / total;
  const byGroup = new Map<number, number>();
  for (let i = 0; i < weights.length; i++) {
    if (arrived[i] !== 1) continue;
    const group = groups?.[i] ?? i;
    byGroup.set(group, (byGroup.get(group) ?? 0) + weights[i] * (losses[i] - error));
  }
  const count = byGroup.size;
  let spread = 0;
  for (const sum of byGroup.values()) spread += sum * sum;
  const deviation = Math.sqrt((spread * count) / (count - 1)) / total;
  const reach = studentQuantile((1 + level) / 2, count - 1) * deviation;
  return {
    error,
    low: error - reach,
    high: error + reach,
    labels,
    groups: count,
    effectiveSampleSize: labels === 0 ? 0 : total ** 2 / squares,
    weights,
  };
}
