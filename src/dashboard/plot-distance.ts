import type { DriftPlots } from '../core/drift.ts';
import type { Markup } from './escape.ts';
import { figure } from './figures.ts';
import { histogramPlot } from './plot-histogram.ts';

/** Distances to the nearest training compound: held-out compounds against the batch, and where the domain ends. */
export function distancePlot(
  id: string,
  title: string,
  distance: NonNullable<DriftPlots['distance']>,
): Markup {
  const { domainLimit } = distance;
  return histogramPlot({
    id,
    title,
    histogram: { ...distance, name: 'distance' },
    names: { reference: 'Held-out compounds', batch: 'Batch', unit: 'compounds' },
    mark: { value: domainLimit, text: `end of the domain ${figure(domainLimit)}` },
  });
}
