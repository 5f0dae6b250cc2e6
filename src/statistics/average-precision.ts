import { sortedOrder } from './ranks.ts';

/**
 * Average precision: the step sum of precision over the gains in recall; equal scores enter together.
 * @param labels  0 or 1 [n]
 * @param scores  float [n], higher = more likely positive
 * @returns in (0, 1]; NaN without positives
 */
export function averagePrecision(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const order = sortedOrder(scores).reverse();
  let positives = 0;
  for (let i = 0; i < labels.length; i++) positives += labels[i];
  if (positives === 0) return Number.NaN;
  let found = 0;
  let sum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let gained = 0;
    while (to < order.length && scores[order[to]] === scores[order[from]]) gained += labels[order[to++]];
    found += gained;
    sum += (gained / positives) * (found / to);
    from = to;
  }
  return sum;
}
