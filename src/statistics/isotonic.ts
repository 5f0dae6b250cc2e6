import { sortedOrder } from './ranks.ts';

/** A map that never falls: linear between `thresholds`, flat outside them. */
export interface IsotonicMap {
  readonly kind: 'isotonic';
  /** Scores, ascending. */
  readonly thresholds: readonly number[];
  /** Calibrated value at each threshold, never falling. */
  readonly values: readonly number[];
}

/**
 * Least-squares map from score to label that never falls, by pooling adjacent violators. Equal scores are one point.
 * @param scores  float [n], n >= 1, of rows the model has not seen
 * @param labels  float [n]; 0 or 1 for probabilities
 * @source Ayer et al. 1955, doi:10.1214/aoms/1177728423; Zadrozny & Elkan 2002, doi:10.1145/775047.775151
 */
export function fitIsotonic(scores: ArrayLike<number>, labels: ArrayLike<number>): IsotonicMap {
  const order = sortedOrder(scores);
  const blocks: { sum: number; count: number; low: number; high: number }[] = [];
  for (let from = 0; from < order.length; ) {
    const score = scores[order[from]];
    const block = { sum: 0, count: 0, low: score, high: score };
    for (; from < order.length && scores[order[from]] === score; from++) {
      block.sum += labels[order[from]];
      block.count++;
    }
    while (blocks.length > 0) {
      const last = blocks[blocks.length - 1];
      // Products, not quotients: sums of 0 and 1 are then compared exactly.
      if (last.sum * block.count < block.sum * last.count) break;
      block.sum += last.sum;
      block.count += last.count;
      block.low = last.low;
      blocks.pop();
    }
    blocks.push(block);
  }
  const thresholds: number[] = [];
  const values: number[] = [];
  for (const { sum, count, low, high } of blocks) {
    thresholds.push(low);
    values.push(sum / count);
    if (high === low) continue;
    thresholds.push(high);
    values.push(sum / count);
  }
  return { kind: 'isotonic', thresholds, values };
}

/** The mapped value of each score, float64 [n]; scores outside the fitted range take the value at its end. */
export function applyIsotonic({ thresholds, values }: IsotonicMap, scores: ArrayLike<number>): Float64Array {
  return Float64Array.from(scores, (score) => {
    if (Number.isNaN(score)) return Number.NaN;
    let above = 0;
    for (let high = thresholds.length; above < high; ) {
      const middle = (above + high) >> 1;
      if (thresholds[middle] < score) above = middle + 1;
      else high = middle;
    }
    if (above === thresholds.length) return values[above - 1];
    if (above === 0 || thresholds[above] === score) return values[above];
    const share = (score - thresholds[above - 1]) / (thresholds[above] - thresholds[above - 1]);
    return values[above - 1] + share * (values[above] - values[above - 1]);
  });
}
