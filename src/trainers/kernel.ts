import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { countShared, listPostings, listSetBits, type Postings, type SetBits, tanimoto } from './set-bits.ts';

/**
 * k(x, y) = (radial + product * T) / (1 + D / 2), with T the Tanimoto similarity over all 3,072 bits and
 * D = sum_d relevance_d (z_d - z'_d)^2 over the encoded descriptors. The second factor is the rational quadratic
 * kernel (Rasmussen & Williams 2006, equation 4.19, alpha = 1), T is positive definite (Gower 1971,
 * doi:10.2307/2528823), and so is the sum of the one and of the product of both. The product says that two
 * compounds must be alike in structure *and* in descriptors to share that part of the answer.
 */
export interface KernelParameters {
  readonly radial: number;
  readonly product: number;
  /** Inverse squared length of each descriptor, float64 [43]. */
  readonly relevance: Float64Array;
  /** Variance of a measurement. */
  readonly noise: number;
}

/** Compounds as the kernel sees them. */
export interface KernelInputs {
  readonly sets: SetBits;
  readonly postings: Postings;
  /** Encoded descriptors times the root of their relevance, float64 [n, 43]. */
  readonly scaled: Float64Array;
}

/** @param fingerprints uint8 [n, 384] @param z encoded descriptors, float64 [n, 43] */
export function kernelInputs(
  fingerprints: Uint8Array,
  z: Float64Array,
  { relevance }: KernelParameters,
): KernelInputs {
  const sets = listSetBits(fingerprints);
  return {
    sets,
    postings: listPostings(sets),
    scaled: scaleDescriptors(z, relevance),
  };
}

/** Descriptors times the root of their relevance, so that a plain squared distance is D. float64 [n, 43] */
export function scaleDescriptors(z: Float64Array, relevance: Float64Array): Float64Array {
  const roots = relevance.map(Math.sqrt);
  return z.map((value, at) => value * roots[at % DESCRIPTOR_COUNT]);
}

/** Squared distance of row i of `a` to row j of `b`, both float64 [n, 43]. */
export function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number): number {
  let sum = 0;
  for (let d = 0, p = i * DESCRIPTOR_COUNT, q = j * DESCRIPTOR_COUNT; d < DESCRIPTOR_COUNT; d++) {
    const difference = a[p + d] - b[q + d];
    sum += difference * difference;
  }
  return sum;
}

/** Tanimoto similarity of compound `row` of `a` to the first `count` compounds of `b`, written from `offset`. */
export function tanimotoRow(
  a: SetBits,
  row: number,
  b: { sets: SetBits; postings: Postings },
  count: number,
  out: Float64Array,
  offset: number,
): void {
  const shared = new Uint16Array(b.sets.count);
  countShared(a, row, b.postings, shared);
  const { starts } = b.sets;
  const size = a.starts[row + 1] - a.starts[row];
  for (let j = 0; j < count; j++) {
    out[offset + j] = tanimoto(size, starts[j + 1] - starts[j], shared[j]);
  }
}

/** Kernel of compound `row` of `a` with the first `count` compounds of `b`, written from `offset`. */
export function kernelRow(
  { radial, product }: KernelParameters,
  a: KernelInputs,
  row: number,
  b: KernelInputs,
  count: number,
  out: Float64Array,
  offset: number,
): void {
  tanimotoRow(a.sets, row, b, count, out, offset);
  for (let j = 0; j < count; j++) {
    const distance = squaredDistance(a.scaled, row, b.scaled, j);
    out[offset + j] = (radial + product * out[offset + j]) / (1 + 0.5 * distance);
  }
}
