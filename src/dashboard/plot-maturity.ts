import type { DriftPlots } from '../core/drift.ts';
import { html, type Markup } from './escape.ts';
import { count, counted, figure, percent } from './figures.ts';
import { plot } from './plot-frame.ts';
import { place } from './plot-scale.ts';

export type MaturityPoint = DriftPlots['maturity'][number];

/** @returns whether a point has a place in the plot: where nobody is at risk any more, nothing is known */
export function isPoint({ days, arrived, atRisk }: MaturityPoint): boolean {
  return (
    days >= 0 &&
    Number.isFinite(days) &&
    arrived >= 0 &&
    arrived <= 1 &&
    atRisk > 0 &&
    Number.isFinite(atRisk)
  );
}

/** Compounds that a curve is from: those at risk at its start. */
export function compoundsOf(points: readonly MaturityPoint[]): number {
  return Math.max(...points.map(({ atRisk }) => atRisk));
}

/** Room that the count of compounds at risk takes under the axis, as a share of its length. */
const COUNT_WIDTH = 0.14;

/**
 * Share of labels that have arrived so many days after submission, as the steps of a Kaplan-Meier curve; under the axis how many
 * compounds are still waited for.
 * @param points  drawable ones, at least one; in any order
 */
export function maturityPlot(id: string, title: string, points: readonly MaturityPoint[]): Markup {
  const steps = points.toSorted((a, b) => a.days - b.days);
  const last = steps[steps.length - 1];
  const to = Math.max(last.days, 1);
  const half = steps.find(({ arrived }) => arrived >= 0.5);
  const compounds = (rows: number) => counted(rows, 'compound', 'compounds');
  const description = `From ${compounds(compoundsOf(steps))}. ${half ? `Half of the labels have arrived after ${figure(half.days)} days` : 'Less than half of the labels have arrived'}; after ${figure(last.days)} days ${percent(last.arrived)}, which is known from ${compounds(last.atRisk)}.`;
  const axes = {
    x: { label: 'days since submission; under them, n at risk', from: 0, to },
    y: { label: 'labels arrived (%)', from: 0, to: 100 },
  };
  const below = apart(steps, to * COUNT_WIDTH).map(({ days, atRisk }) => ({
    value: days,
    text: count(atRisk),
  }));
  return plot({ id, title, description, ...axes, below }, ({ x, y, bottom, left }) => {
    const line = steps.map(({ days, arrived }) => `H${place(x.at(days))}V${place(y.at(arrived * 100))}`);
    return html`<path class="curve" d="M${place(left)} ${place(bottom)}${line.join('')}"/>`;
  });
}

/** Points that are at least so many days apart, the last one among them. */
function apart(steps: readonly MaturityPoint[], days: number): MaturityPoint[] {
  const last = steps[steps.length - 1];
  const kept: MaturityPoint[] = [];
  for (const step of steps) {
    const free = kept.length === 0 || step.days - kept[kept.length - 1].days >= days;
    if (free && last.days - step.days >= days) kept.push(step);
  }
  return [...kept, last];
}
