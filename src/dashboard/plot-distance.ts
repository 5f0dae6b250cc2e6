import type { DriftHistogram } from '../core/drift.ts';
import { html, type Markup } from './escape.ts';
import { figure } from './figures.ts';
import { type Frame, marker } from './plot-frame.ts';
import { histogramPlot, total } from './plot-histogram.ts';
import { place } from './plot-scale.ts';

/** Held-out compounds within it are what a model's domain is. */
const DOMAIN_SHARE = 0.95;

/**
 * The bin in which the held-out distances reach their 95 % quantile: the domain ends in it.
 * @returns its bounds; null where no held-out compound was counted
 */
export function domainEnd({ from, to, reference }: DriftHistogram): readonly [number, number] | null {
  const wanted = total(reference) * DOMAIN_SHARE;
  if (wanted === 0) return null;
  const width = (to - from) / reference.length;
  let sum = 0;
  const bin = reference.findIndex((value) => {
    sum += value;
    return sum >= wanted;
  });
  return [from + bin * width, from + (bin + 1) * width];
}

/** Distances to the nearest training compound: held-out compounds against the batch, and where the domain ends. */
export function distancePlot(id: string, title: string, histogram: DriftHistogram): Markup {
  const end = domainEnd(histogram);
  return histogramPlot({
    id,
    title,
    histogram: { ...histogram, name: 'distance' },
    names: { reference: 'Held-out compounds', batch: 'Batch', unit: 'compounds' },
    ...(end && { over: (frame: Frame) => domainLine(frame, end) }),
  });
}

function domainLine(frame: Frame, [from, to]: readonly [number, number]): Markup {
  const left = frame.x.at(from);
  return html`<rect class="band" x="${place(left)}" y="${place(frame.top)}" width="${place(frame.x.at(to) - left)}" height="${place(frame.bottom - frame.top)}"/>${marker(frame, to, `95 % of held-out ≤ ${figure(to)}`)}`;
}
