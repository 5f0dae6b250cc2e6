/// <reference lib="esnext.float16" />

import { DESCRIPTOR_COUNT } from '../../core/descriptors.ts';
import { type DescriptorEncoding, encodeDescriptors } from '../../trainers/descriptor-encoding.ts';

/** Decimals tried for a decoded descriptor. */
const MOST_DECIMALS = 6;

/**
 * The descriptor that a kernel input stands for: the shortest decimal that is encoded to the same half-precision number, so
 * that 2 rings do not read 1.9997. Where the input was clipped it is the descriptor at the limit. (Not beside the encoding,
 * whose source is part of the identity of every shipped model.)
 * @param d  0 to 42
 * @returns NaN for a descriptor that the model does not use
 */
export function decodeDescriptor(encoding: DescriptorEncoding, d: number, z: number): number {
  const { means, scales } = encoding;
  if (scales[d] === 0) return Number.NaN;
  const signed = z / scales[d] + means[d];
  const value = Math.sign(signed) * Math.expm1(Math.abs(signed));
  const row = new Float32Array(DESCRIPTOR_COUNT);
  for (let decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
    // Never -0.
    const short = Number(value.toFixed(decimals)) + 0;
    row[d] = short;
    if (Math.f16round(encodeDescriptors(encoding, row)[d]) === Math.f16round(z)) return short;
  }
  return value;
}
