import type { DriftHistogram } from '../core/drift.ts';
import { html, type Markup, NOTHING } from './escape.ts';
import { counted, figure, percent } from './figures.ts';
import { axisLabel, type Frame, plot } from './plot-frame.ts';
import { place } from './plot-scale.ts';

export interface HistogramPlot {
  /** Unique in the page, of letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly histogram: DriftHistogram;
  /** What the counts are of, and of which sides. */
  readonly names: { readonly reference: string; readonly batch: string; readonly unit: string };
  /** Marks laid over the bars. */
  readonly over?: (frame: Frame) => Markup;
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
export function histogramPlot({ id, title, histogram, names, over }: HistogramPlot): Markup {
  const { from, to, name, unit, reference, batch } = histogram;
  const highest = Math.max(...shares(reference), ...shares(batch));
  const description = `${describe(names.reference, names.unit, reference, histogram)} ${describe(names.batch, names.unit, batch, histogram)}`;
  const axes = {
    x: { label: axisLabel(name, unit), from, to },
    y: { label: `share of ${names.unit} (%)`, from: 0, to: highest * 105 },
  };
  return plot({ id, title, description, ...axes }, (frame) => [
    HATCH(id),
    total(reference) > 0
      ? html`<path class="bars-reference" d="${steps(reference, histogram, frame)}Z"/>`
      : NOTHING,
    total(batch) > 0
      ? html`<path fill="url(#${id}-hatch)" d="${steps(batch, histogram, frame)}Z"/><path class="step-batch" d="${steps(batch, histogram, frame)}"/>`
      : NOTHING,
    over?.(frame) ?? NOTHING,
  ]);
}

/** Slanted lines in the colour of the batch; a pattern is found by its id, and that is of one plot only. */
const HATCH = (id: string): Markup =>
  html`<pattern id="${id}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch-batch" d="M0 0V5"/></pattern>`;

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

function describe(
  side: string,
  unit: string,
  counts: readonly number[],
  { from, to }: DriftHistogram,
): string {
  const all = total(counts);
  if (all === 0) return `${side}: no ${unit}.`;
  const most = counts.indexOf(Math.max(...counts));
  const width = (to - from) / counts.length;
  const bin = `${figure(from + most * width)} to ${figure(from + (most + 1) * width)}`;
  return `${side}: ${counted(all, unit.replace(/s$/, ''), unit)}, most of them (${percent(counts[most] / all)}) from ${bin}.`;
}
