import { sortedOrder } from './ranks.ts';

/** How rows are cut into bins. */
export type BinLayout = 'equal-width' | 'equal-mass';

/** One bar of a reliability diagram; empty bins are left out. */
export interface ReliabilityBin {
  readonly count: number;
  readonly meanProbability: number;
  /** Share of label 1. */
  readonly meanLabel: number;
}

export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: sum n_b/n |mean p - mean y|. */
  readonly ece: number;
  /** Maximum calibration error: the largest |mean p - mean y| of any bin, however few rows it holds. */
  readonly mce: number;
}

/**
 * Rows of each bin, ascending in probability, empty bins left out. Equal width: bin min(floor(p * bins), bins - 1).
 * Equal mass: rows in order of probability (equal ones in row order) cut into runs of which the first n mod `bins`
 * hold one more.
 * @param probabilities  float [n] in [0, 1]
 */
export function binRows(probabilities: ArrayLike<number>, layout: BinLayout, bins: number): Uint32Array[] {
  const order = sortedOrder(probabilities);
  const groups: Uint32Array[] = [];
  for (let from = 0, bin = 0; from < order.length; bin++) {
    let to = from + 1;
    if (layout === 'equal-mass') {
      to = from + Math.floor(order.length / bins) + (bin < order.length % bins ? 1 : 0);
    } else {
      const widthBin = (at: number) => Math.min(Math.floor(probabilities[order[at]] * bins), bins - 1);
      while (to < order.length && widthBin(to) === widthBin(from)) to++;
    }
    groups.push(order.subarray(from, to));
    from = to;
  }
  return groups;
}

/**
 * Reliability diagram with its expected and maximum calibration error.
 * @param labels         0 or 1 [n]
 * @param probabilities  float [n] in [0, 1]
 * @returns NaN errors where n is 0
 * @source Naeini, Cooper & Hauskrecht 2015, doi:10.1609/aaai.v29i1.9602
 */
export function reliability(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { layout = 'equal-width', bins = 10 }: { layout?: BinLayout; bins?: number } = {},
): Reliability {
  const made = binRows(probabilities, layout, bins).map((rows): ReliabilityBin => {
    let p = 0;
    let y = 0;
    for (const row of rows) {
      p += probabilities[row];
      y += labels[row];
    }
    return { count: rows.length, meanProbability: p / rows.length, meanLabel: y / rows.length };
  });
  if (made.length === 0) return { bins: made, ece: Number.NaN, mce: Number.NaN };
  const gaps = made.map(({ meanProbability, meanLabel }) => Math.abs(meanProbability - meanLabel));
  const ece = gaps.reduce((sum, gap, b) => sum + (made[b].count / labels.length) * gap, 0);
  return { bins: made, ece, mce: Math.max(...gaps) };
}
