import type { DriftHistogram } from '../../core/drift.ts';

const BINS = 40;

/** Counts of both sides over equal bins from the least to the greatest value of either. */
export function histogramOf(
  of: Pick<DriftHistogram, 'name' | 'unit'>,
  reference: ArrayLike<number>,
  batch: ArrayLike<number>,
  range?: readonly [from: number, to: number],
): DriftHistogram {
  const all = [...Array.from(reference), ...Array.from(batch)];
  const least = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const [from, to] = range ?? (all.length === 0 ? [0, 1] : [least, most > least ? most : least + 1]);
  const count = (values: ArrayLike<number>) => {
    const counts = new Array<number>(BINS).fill(0);
    for (const value of Array.from(values)) {
      const bin = Math.floor(((value - from) / (to - from)) * BINS);
      counts[Math.max(0, Math.min(BINS - 1, bin))]++;
    }
    return counts;
  };
  return { ...of, from, to, reference: count(reference), batch: count(batch) };
}
