import type { DriftPlots } from '../core/drift.ts';
import { html, type Markup } from './escape.ts';
import { count, percent } from './figures.ts';
import { type Frame, plot } from './plot-frame.ts';
import { place } from './plot-scale.ts';

export type ReliabilityBin = DriftPlots['reliability'][number];

/** @returns whether every figure of a bin is a probability, so that it has a place in the plot */
export function isDrawable({ mean, observed, low, high }: ReliabilityBin): boolean {
  return [mean, observed, low, high].every((value) => value >= 0 && value <= 1);
}

/**
 * Observed share against the predicted probability, with 95 % bounds and the rows of each bin; on the dashed diagonal
 * a model is calibrated.
 * @param bins  all drawable
 */
export function reliabilityPlot(id: string, title: string, bins: readonly ReliabilityBin[]): Markup {
  const apart = bins.filter(({ mean, low, high }) => mean < low || mean > high).length;
  const description = `${count(bins.length)} bins; in ${count(apart)} of them the 95 % bounds of the observed share leave out the predicted probability.`;
  const axes = {
    x: { label: 'predicted probability', from: 0, to: 1 },
    y: { label: 'observed share, n at each bar', from: 0, to: 1 },
  };
  return plot({ id, title, description, ...axes }, (frame) => [
    html`<path class="diagonal" d="M${place(frame.left)} ${place(frame.bottom)}L${place(frame.right)} ${place(frame.top)}"/>`,
    bins.map((bin) => mark(bin, frame)),
    labels(bins, frame),
  ]);
}

function mark({ mean, observed, low, high }: ReliabilityBin, { x, y }: Frame): Markup {
  const at = place(x.at(mean));
  const bar = `M${at} ${place(y.at(low))}V${place(y.at(high))}m-3 0h6m-6 ${place(y.at(low) - y.at(high))}h6`;
  return html`<path class="bounds" d="${bar}"/><circle class="point" cx="${at}" cy="${place(y.at(observed))}" r="3.2"/>`;
}

/** Width of a digit, and height of a line, of the small text. */
const DIGIT = 5.4;
const LINE = 10;

/** The rows of each bin above its bar, below it where there is no room; left out where neither is free: a table has them. */
function labels(bins: readonly ReliabilityBin[], { x, y, top, bottom }: Frame): Markup[] {
  const taken: { x: number; y: number; width: number }[] = [];
  return bins.flatMap(({ mean, low, high, rows }) => {
    const text = count(rows);
    const width = text.length * DIGIT + 2;
    const at = x.at(mean);
    const free = [y.at(high) - 3, y.at(low) + LINE]
      .filter((line) => line - LINE >= top - LINE && line <= bottom)
      .find((line) =>
        taken.every(
          (other) => Math.abs(other.y - line) >= LINE || Math.abs(other.x - at) >= (other.width + width) / 2,
        ),
      );
    if (free === undefined) return [];
    taken.push({ x: at, y: free, width });
    return html`<text class="small" x="${place(at)}" y="${place(free)}" text-anchor="middle">${text}</text>`;
  });
}

/** The figures of the plot, for a table under it: predicted, observed, bounds, rows. */
export function reliabilityRows(bins: readonly ReliabilityBin[]): string[][] {
  return bins.map(({ mean, observed, low, high, rows }) => [
    percent(mean),
    percent(observed),
    `${percent(low)} to ${percent(high)}`,
    count(rows),
  ]);
}
