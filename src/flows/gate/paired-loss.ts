import type { Metric } from '../../core/artifact.ts';
import { clusterBootstrap } from '../../statistics/cluster-bootstrap.ts';
import { type Loss, take } from './losses.ts';

const BOOTSTRAP = { seed: 0, draws: 1000 };

/** Two losses on the same rows. */
export interface PairedLoss {
  readonly own: number;
  readonly other: number;
  /** Own minus other with its 95 % interval: both are drawn on the same whole scaffolds, so what they share cancels. */
  readonly difference: Metric;
}

/**
 * The loss of one set of answers beside another's for the same rows.
 * @param actual, predicted, others  float [n], row i is one compound
 * @param groups                     int [n], scaffold of each row
 * @source Davison & Hinkley 1997, doi:10.1017/CBO9780511802843, section 3.8
 */
export function pairedLoss(
  loss: Loss,
  actual: Float64Array,
  predicted: Float64Array,
  others: Float64Array,
  groups: Int32Array,
): PairedLoss {
  const difference = clusterBootstrap(
    groups,
    (rows) => {
      const truth = take(actual, rows);
      return loss.of(truth, take(predicted, rows)) - loss.of(truth, take(others, rows));
    },
    BOOTSTRAP,
  );
  return { own: loss.of(actual, predicted), other: loss.of(actual, others), difference };
}
