import { DESCRIPTOR_COUNT } from '../core/descriptors.ts';
import { FINGERPRINT_BITS } from '../core/fingerprint.ts';
import type { Features } from './training-data.ts';
import { BINS, isAbove, TREE_FEATURES, type TreeColumns } from './tree-columns.ts';

export interface TreeSettings {
  readonly leaves: number;
  /** Rows in a leaf at least. */
  readonly leastRows: number;
  /** Added to the curvature of a leaf. */
  readonly ridge: number;
}

/** A tree in parallel arrays; node 0 is the root. A leaf has feature -1. */
export interface Tree {
  readonly features: number[];
  /** Rows with a feature at or below this go left; 0.5 for bits. */
  readonly thresholds: number[];
  readonly lefts: number[];
  readonly rights: number[];
  /** Of leaves. */
  readonly values: number[];
}

/** Slots of a histogram: three numbers (slopes, curvatures, rows) for each bin of each descriptor, then for each bit. */
const BIT_SLOTS = DESCRIPTOR_COUNT * BINS;
const SLOTS = BIT_SLOTS + FINGERPRINT_BITS;

interface Split {
  readonly gain: number;
  readonly feature: number;
  /** Edge of a descriptor; unused for a bit. */
  readonly edge: number;
}

interface OpenLeaf {
  readonly node: number;
  /** Its rows in the order array. */
  readonly from: number;
  readonly to: number;
  readonly histogram: Float64Array;
  readonly split: Split | null;
}

/**
 * Grows one tree, always splitting the leaf that gains most.
 * @param order       rows to grow on; put in another order
 * @param slopes      of the loss by the score, float64 [n]
 * @param curvatures  float64 [n]
 * @param allowed     uint8 [43 + 3072]: 1 where the tree may split on the feature
 * @source Friedman 2001, doi:10.1214/aos/1013203451; Chen & Guestrin 2016, doi:10.1145/2939672.2939785, equation 7
 */
export function growTree(
  columns: TreeColumns,
  order: Uint32Array,
  slopes: Float64Array,
  curvatures: Float64Array,
  allowed: Uint8Array,
  { leaves, leastRows, ridge }: TreeSettings,
): Tree {
  const tree: Tree = { features: [], thresholds: [], lefts: [], rights: [], values: [] };
  const scratch = new Uint32Array(order.length);

  const histogramOf = (from: number, to: number): Float64Array => {
    const histogram = new Float64Array(SLOTS * 3);
    const { bins, sets } = columns;
    for (let at = from; at < to; at++) {
      const row = order[at];
      const slope = slopes[row];
      const curvature = curvatures[row];
      for (let d = 0, first = row * DESCRIPTOR_COUNT; d < DESCRIPTOR_COUNT; d++) {
        const slot = (d * BINS + bins[first + d]) * 3;
        histogram[slot] += slope;
        histogram[slot + 1] += curvature;
        histogram[slot + 2]++;
      }
      for (let k = sets.starts[row]; k < sets.starts[row + 1]; k++) {
        const slot = (BIT_SLOTS + sets.bits[k]) * 3;
        histogram[slot] += slope;
        histogram[slot + 1] += curvature;
        histogram[slot + 2]++;
      }
    }
    return histogram;
  };

  const bestSplit = (
    histogram: Float64Array,
    slope: number,
    curvature: number,
    rows: number,
  ): Split | null => {
    const score = (g: number, h: number) => (g * g) / (h + ridge);
    const whole = score(slope, curvature);
    let best: Split | null = null;
    const offer = (feature: number, edge: number, g: number, h: number, count: number) => {
      if (count < leastRows || rows - count < leastRows) return;
      const gain = score(g, h) + score(slope - g, curvature - h) - whole;
      if (gain > (best?.gain ?? 1e-9)) best = { gain, feature, edge };
    };
    for (let d = 0; d < DESCRIPTOR_COUNT; d++) {
      if (!allowed[d]) continue;
      let [g, h, count] = [0, 0, 0];
      for (let edge = 0; edge < columns.edges[d].length; edge++) {
        const slot = (d * BINS + edge) * 3;
        g += histogram[slot];
        h += histogram[slot + 1];
        count += histogram[slot + 2];
        offer(d, edge, g, h, count);
      }
    }
    for (let feature = DESCRIPTOR_COUNT; feature < TREE_FEATURES; feature++) {
      if (!allowed[feature]) continue;
      const slot = (BIT_SLOTS + feature - DESCRIPTOR_COUNT) * 3;
      offer(feature, 0, histogram[slot], histogram[slot + 1], histogram[slot + 2]);
    }
    return best;
  };

  const addLeaf = (from: number, to: number, histogram: Float64Array): OpenLeaf => {
    let [slope, curvature] = [0, 0];
    for (let at = from; at < to; at++) {
      slope += slopes[order[at]];
      curvature += curvatures[order[at]];
    }
    const node = tree.features.length;
    tree.features.push(-1);
    tree.thresholds.push(0);
    tree.lefts.push(0);
    tree.rights.push(0);
    tree.values.push(-slope / (curvature + ridge));
    const split = to - from < 2 * leastRows ? null : bestSplit(histogram, slope, curvature, to - from);
    return { node, from, to, histogram, split };
  };

  const open = [addLeaf(0, order.length, histogramOf(0, order.length))];
  for (let count = 1; count < leaves; count++) {
    let chosen = -1;
    open.forEach(({ split }, k) => {
      if (split && (chosen < 0 || split.gain > (open[chosen].split as Split).gain)) chosen = k;
    });
    if (chosen < 0) break;
    const [leaf] = open.splice(chosen, 1);
    const { feature, edge } = leaf.split as Split;
    const threshold = feature < DESCRIPTOR_COUNT ? columns.edges[feature][edge] : 0.5;
    const middle = partition(columns, order, scratch, leaf.from, leaf.to, feature, threshold);
    const leftIsSmall = middle - leaf.from <= leaf.to - middle;
    const small = leftIsSmall ? histogramOf(leaf.from, middle) : histogramOf(middle, leaf.to);
    const large = leaf.histogram;
    for (let slot = 0; slot < large.length; slot++) large[slot] -= small[slot];
    const left = addLeaf(leaf.from, middle, leftIsSmall ? small : large);
    const right = addLeaf(middle, leaf.to, leftIsSmall ? large : small);
    tree.features[leaf.node] = feature;
    tree.thresholds[leaf.node] = threshold;
    tree.lefts[leaf.node] = left.node;
    tree.rights[leaf.node] = right.node;
    open.push(left, right);
  }
  return tree;
}

/** Rows that go left first, each side in its old order. @returns where the right side begins */
function partition(
  columns: TreeColumns,
  order: Uint32Array,
  scratch: Uint32Array,
  from: number,
  to: number,
  feature: number,
  threshold: number,
): number {
  let left = from;
  let right = 0;
  for (let at = from; at < to; at++) {
    const row = order[at];
    if (isAbove(columns, row, feature, threshold)) scratch[right++] = row;
    else order[left++] = row;
  }
  order.set(scratch.subarray(0, right), left);
  return left;
}

/** Value of the leaf that a row falls into. */
export function leafValue(tree: Tree, features: Features, row: number): number {
  let node = 0;
  while (tree.features[node] >= 0) {
    const above = isAbove(features, row, tree.features[node], tree.thresholds[node]);
    node = above ? tree.rights[node] : tree.lefts[node];
  }
  return tree.values[node];
}
