import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';

/** Standardized descriptors are clipped to this many deviations, so that a freak compound cannot run away. */
export const DESCRIPTOR_CLIP = 5;

/** How descriptors become kernel inputs: z = clip((signedLog(d) - mean) / deviation). */
export interface DescriptorEncoding {
  /** float32-exact, so that the graph and the trainer start from the same numbers; length 43. */
  readonly means: Float32Array;
  /** 1 / deviation; 0 for a descriptor that does not vary, which drops it. Length 43. */
  readonly scales: Float32Array;
}

/**
 * Means and deviations of the log-scaled descriptors.
 * @param descriptors float32 [n, 43]
 */
export function fitDescriptorEncoding(descriptors: Float32Array): DescriptorEncoding {
  const n = descriptors.length / DESCRIPTOR_COUNT;
  const means = new Float32Array(DESCRIPTOR_COUNT);
  const scales = new Float32Array(DESCRIPTOR_COUNT);
  for (let d = 0; d < DESCRIPTOR_COUNT; d++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += signedLog(descriptors[i * DESCRIPTOR_COUNT + d]);
    const mean = sum / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (signedLog(descriptors[i * DESCRIPTOR_COUNT + d]) - mean) ** 2;
    const deviation = Math.sqrt(squares / n);
    means[d] = mean;
    scales[d] = deviation > 1e-6 ? 1 / deviation : 0;
  }
  return { means, scales };
}

/** Kernel inputs of descriptors, float64 [n, 43]. @param descriptors float32 [n, 43] */
export function encodeDescriptors(encoding: DescriptorEncoding, descriptors: Float32Array): Float64Array {
  return Float64Array.from(descriptors, (value, at) => {
    const d = at % DESCRIPTOR_COUNT;
    const z = (signedLog(value) - encoding.means[d]) * encoding.scales[d];
    return Math.max(-DESCRIPTOR_CLIP, Math.min(DESCRIPTOR_CLIP, z));
  });
}

/** Counts and areas are skewed to the right; some descriptors (log P, alpha) are signed. */
function signedLog(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value));
}
