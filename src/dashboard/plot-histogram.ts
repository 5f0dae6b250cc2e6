import type { DriftHistogram } from '../core/drift.ts';
import { html, type Markup, NOTHING } from './escape.ts';
import { counted, figure, percent } from './figures.ts';
import { hatch } from './legend.ts';
import { axisLabel, type Frame, marker, plot } from './plot-frame.ts';
import { place } from './plot-scale.ts';

export interface HistogramPlot {
  /** Unique in the page, of letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly histogram: DriftHistogram;
  /** What the counts are of, and of which sides; a side without a name is not spoken of. */
  readonly names: { readonly reference: string; readonly batch?: string; readonly unit: string };
  /** A value that an upright line stands at, and its text; left out where it is no number. */
  readonly mark?: { readonly value: number; readonly text: string };
}

/** Sum of the counts of one side. */
export function total(counts: readonly number[]): number {
  return counts.reduce((sum, value) => sum + value, 0);
}

/** @returns why a histogram has no drawing, as the end of a sentence; null where it can be drawn */
export function histogramProblem({ from, to, reference, batch }: DriftHistogram): string | null {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return 'its values are not finite';
  if (from >= to) return 'all its values are the same';
  const counts = [...reference, ...batch];
  if (!counts.every((value) => value >= 0 && Number.isFinite(value))) return 'its counts are no numbers';
  return total(counts) === 0 ? 'no row has a value' : null;
}

/**
 * Shares of each side over the same bins: the reference as solid bars, the batch hatched under a stepped line, so that
 * they are told apart without colour. A side without rows is left out.
 * @param histogram  one for which `histogramProblem` is null
 */
export function histogramPlot({ id, title, histogram, names, mark }: HistogramPlot): Markup {
  const { from, to, name, unit, reference, batch } = histogram;
  const highest = Math.max(...shares(reference), ...shares(batch));
  const line = mark !== undefined && Number.isFinite(mark.value) ? mark : null;
  const description = [
    describe(names.reference, names.unit, reference, histogram),
    names.batch === undefined ? '' : describe(names.batch, names.unit, batch, histogram),
    line ? `Line: ${line.text}.` : '',
  ];
  const axes = {
    x: { label: axisLabel(name, unit), from, to },
    y: { label: `share of ${names.unit} (%)`, from: 0, to: highest * 105 },
  };
  return plot(
    { id, title, description: description.filter(Boolean).join(' '), marked: line !== null, ...axes },
    (frame) => [
      total(reference) > 0
        ? html`<path class="bars-reference" d="${steps(reference, histogram, frame)}Z"/>`
        : NOTHING,
      total(batch) > 0
        ? html`${hatch(id)}<path fill="url(#${id}-hatch)" d="${steps(batch, histogram, frame)}Z"/><path class="step-batch" d="${steps(batch, histogram, frame)}"/>`
        : NOTHING,
      line ? marker(frame, line.value, line.text) : NOTHING,
    ],
  );
}

function shares(counts: readonly number[]): number[] {
  const all = total(counts);
  return counts.map((value) => (all === 0 ? 0 : value / all));
}

/** The outline of the bars, from the axis up and back to it. */
function steps(counts: readonly number[], { from, to }: DriftHistogram, { x, y, bottom }: Frame): string {
  const width = (to - from) / counts.length;
  const tops = shares(counts).map(
    (share, i) => `V${place(y.at(share * 100))}H${place(x.at(from + (i + 1) * width))}`,
  );
  return `M${place(x.at(from))} ${place(bottom)}${tops.join('')}V${place(bottom)}`;
}

/** How many values a side has, where its middle lies, and its highest bar. */
function describe(
  side: string,
  unit: string,
  counts: readonly number[],
  { from, to }: DriftHistogram,
): string {
  const all = total(counts);
  if (all === 0) return `${side}: no ${unit}.`;
  const width = (to - from) / counts.length;
  const end = (bins: number) => figure(from + bins * width);
  let below = 0;
  const middle = counts.findIndex((value) => {
    below += value;
    return below * 2 >= all;
  });
  const most = counts.indexOf(Math.max(...counts));
  return `${side}: ${counted(all, unit.replace(/s$/, ''), unit)}, ${percent(below / all)} of them up to ${end(middle + 1)}; the highest bar is ${percent(counts[most] / all)}, from ${end(most)} to ${end(most + 1)}.`;
}
