import type { DriftHistogram, DriftPlots } from '../core/drift.ts';
import type { Markup } from './escape.ts';
import { figure } from './figures.ts';
import { histogramPlot } from './plot-histogram.ts';

/** Empty bins at most; a value farther out is marked at the edge, with its figure. */
const MOST_BINS = 400;

/** The statistic's values under the null as bars, the observed one as a line; the axis reaches to it. */
export function nullPlot(
  id: string,
  title: string,
  { observed, permuted }: NonNullable<DriftPlots['mmdNull']>,
): Markup {
  return histogramPlot({
    id,
    title,
    histogram: reachTo(permuted, observed),
    names: { reference: 'Under the null', unit: 'permutations' },
    mark: { value: observed, text: `observed ${figure(observed)}` },
  });
}

/** The same bars among as many empty bins of the same width as it takes to hold a value. */
function reachTo(histogram: DriftHistogram, value: number): DriftHistogram {
  const { from, to, reference } = histogram;
  if (!Number.isFinite(value) || reference.length === 0) return histogram;
  const width = (to - from) / reference.length;
  const before = Math.min(Math.max(0, Math.ceil((from - value) / width)), MOST_BINS);
  const after = Math.min(Math.max(0, Math.ceil((value - to) / width + 0.5)), MOST_BINS);
  const empty = (bins: number) => new Array<number>(bins).fill(0);
  return {
    ...histogram,
    from: from - before * width,
    to: to + after * width,
    reference: [...empty(before), ...reference, ...empty(after)],
    batch: [],
  };
}
