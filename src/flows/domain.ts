import type { Domain } from '../core/artifact.ts';
import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';

/** The share of training compounds, each seen as a new scaffold, that each bound leaves outside. */
const OUTSIDE = { similarity: 0.05, descriptors: 0.01 };

/**
 * The domain of a model: near enough to a training compound of another scaffold (5 % of the training compounds
 * would fail), and no descriptor further out than 99 % of the training compounds keep theirs. Distance alone
 * misses macrocycles and very large molecules; descriptors alone miss new chemistry of ordinary size.
 * @param similarities float64 [n], from heldOutSimilarities
 * @param descriptors  float32 [n, 43]
 */
export function fitDomain(similarities: Float64Array, descriptors: Float32Array): Domain {
  const n = similarities.length;
  const means: number[] = [];
  const deviations: number[] = [];
  for (let d = 0; d < DESCRIPTOR_COUNT; d++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += descriptors[i * DESCRIPTOR_COUNT + d];
    const mean = sum / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (descriptors[i * DESCRIPTOR_COUNT + d] - mean) ** 2;
    means.push(mean);
    // A descriptor that never varied says nothing about distance: any scale serves.
    deviations.push(Math.sqrt(squares / n) || 1);
  }
  const largestZ = Float64Array.from({ length: n }, (_, i) => {
    let largest = 0;
    for (let d = 0; d < DESCRIPTOR_COUNT; d++) {
      largest = Math.max(largest, Math.abs(descriptors[i * DESCRIPTOR_COUNT + d] - means[d]) / deviations[d]);
    }
    return largest;
  });
  return {
    minSimilarity: orderStatistic(similarities, OUTSIDE.similarity),
    maxDescriptorZ: orderStatistic(largestZ, 1 - OUTSIDE.descriptors),
    descriptorMeans: means,
    descriptorDeviations: deviations,
  };
}

/** The value that a share of the sample does not exceed; no interpolation, so it is one of the values. */
function orderStatistic(sample: Float64Array, share: number): number {
  const sorted = sample.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
