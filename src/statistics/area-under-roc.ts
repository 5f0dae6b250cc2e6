import { midRanks } from './ranks.ts';

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, ties counting half.
 * @param labels  0 or 1 [n]
 * @param scores  float [n], higher = more likely positive
 * @returns in [0, 1]; NaN when one class is missing
 * @source Mann & Whitney 1947, doi:10.1214/aoms/1177730491
 */
export function areaUnderRoc(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const ranks = midRanks(scores);
  let positives = 0;
  let rankSum = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 1) continue;
    positives++;
    rankSum += ranks[i];
  }
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return Number.NaN;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
