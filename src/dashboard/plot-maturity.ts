import type { DriftPlots } from '../core/drift.ts';
import { html, type Markup } from './escape.ts';
import { figure, percent } from './figures.ts';
import { plot } from './plot-frame.ts';
import { place } from './plot-scale.ts';

export type MaturityPoint = DriftPlots['maturity'][number];

/** @returns whether a point has a place in the plot */
export function isPoint({ days, arrived }: MaturityPoint): boolean {
  return days >= 0 && Number.isFinite(days) && arrived >= 0 && arrived <= 1;
}

/**
 * Share of labels that have arrived so many days after submission, as the steps of a Kaplan-Meier curve.
 * @param points  drawable ones, at least one; in any order
 */
export function maturityPlot(id: string, title: string, points: readonly MaturityPoint[]): Markup {
  const steps = points.toSorted((a, b) => a.days - b.days);
  const last = steps[steps.length - 1];
  const half = steps.find(({ arrived }) => arrived >= 0.5);
  const description = `${half ? `Half of the labels have arrived after ${figure(half.days)} days` : 'Less than half of the labels have arrived'}; after ${figure(last.days)} days ${percent(last.arrived)}.`;
  const axes = {
    x: { label: 'days since submission', from: 0, to: Math.max(last.days, 1) },
    y: { label: 'labels arrived (%)', from: 0, to: 100 },
  };
  return plot({ id, title, description, ...axes }, ({ x, y, bottom, left }) => {
    const line = steps.map(({ days, arrived }) => `H${place(x.at(days))}V${place(y.at(arrived * 100))}`);
    return html`<path class="curve" d="M${place(left)} ${place(bottom)}${line.join('')}"/>`;
  });
}
