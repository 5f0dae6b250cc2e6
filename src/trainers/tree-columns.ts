import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BITS, FINGERPRINT_BYTES } from '../core/fingerprint.ts';
import { listSetBits, type SetBits } from './set-bits.ts';
import type { Features } from './training-data.ts';

/** Bins of a descriptor at most. */
export const BINS = 64;

/**
 * What trees split on: 43 descriptors in bins, then 3,072 bits. Feature f < 43 is a descriptor, else bit f - 43. A
 * descriptor lies in bin b when it is above b of its edges.
 */
export interface TreeColumns extends Features {
  readonly count: number;
  /** uint8 [n, 43] */
  readonly bins: Uint8Array;
  /** Ascending edges of each descriptor, float32-exact, at most BINS - 1. */
  readonly edges: readonly Float32Array[];
  readonly sets: SetBits;
}
export const TREE_FEATURES = DESCRIPTOR_COUNT + FINGERPRINT_BITS;

/** Whether a row is above a threshold of a feature; of a bit, whether it is set. */
export function isAbove(
  { fingerprints, descriptors }: Features,
  row: number,
  feature: number,
  threshold: number,
): boolean {
  if (feature < DESCRIPTOR_COUNT) return descriptors[row * DESCRIPTOR_COUNT + feature] > threshold;
  const bit = feature - DESCRIPTOR_COUNT;
  return ((fingerprints[row * FINGERPRINT_BYTES + (bit >> 3)] >> (bit & 7)) & 1) === 1;
}

/** Bins whose edges lie half-way between values, at even shares of the rows where there are too many values. */
export function treeColumns(features: Features): TreeColumns {
  const { fingerprints, descriptors } = features;
  const sets = listSetBits(fingerprints);
  const count = sets.count;
  const bins = new Uint8Array(count * DESCRIPTOR_COUNT);
  const edges: Float32Array[] = [];
  for (let d = 0; d < DESCRIPTOR_COUNT; d++) {
    const column = Float32Array.from({ length: count }, (_, row) => descriptors[row * DESCRIPTOR_COUNT + d]);
    const own = edgesOf(column);
    edges.push(own);
    for (let row = 0; row < count; row++) bins[row * DESCRIPTOR_COUNT + d] = binOf(own, column[row]);
  }
  return { fingerprints, descriptors, count, bins, edges, sets };
}

function edgesOf(column: Float32Array): Float32Array {
  const sorted = column.toSorted();
  const values = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
  const between = (low: number, high: number) => {
    const middle = Math.fround((low + high) / 2);
    return middle < high ? middle : low;
  };
  if (values.length <= BINS) {
    return values.subarray(1).map((value, i) => between(values[i], value));
  }
  const edges = new Set<number>();
  for (let k = 1; k < BINS; k++) {
    const at = Math.floor((k * sorted.length) / BINS);
    if (sorted[at] !== sorted[at - 1]) edges.add(between(sorted[at - 1], sorted[at]));
  }
  return Float32Array.from(edges);
}

/** How many edges the value is above. */
export function binOf(edges: Float32Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value > edges[middle]) low = middle + 1;
    else high = middle;
  }
  return low;
}
