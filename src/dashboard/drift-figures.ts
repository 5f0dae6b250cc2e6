import type { DriftHistogram, DriftPlots, Verdict } from '../core/drift.ts';
import { footnote, outside } from './drift-words.ts';
import { type Content, html, type Markup, NOTHING } from './escape.ts';
import { count, counted } from './figures.ts';
import { legend } from './legend.ts';
import { distancePlot } from './plot-distance.ts';
import { histogramPlot, histogramProblem, total } from './plot-histogram.ts';
import { compoundsOf, isPoint, maturityPlot } from './plot-maturity.ts';
import { nullPlot } from './plot-null.ts';
import { isDrawable, reliabilityPlot, reliabilityRows } from './plot-reliability.ts';
import { shorten } from './shorten.ts';
import { table } from './table.ts';

function shell(title: Content, plot: Content, key: Content, note: Content): Markup {
  return html`<figure class="plotted"><h4>${title}</h4>
${plot}
${key}${note === '' ? NOTHING : html`<figcaption>${note}</figcaption>`}</figure>
`;
}

function undrawn(reason: string): Markup {
  return html`<p class="undrawn">Not drawn: ${reason}.</p>`;
}

/** How the sides of a histogram are drawn, and how many rows they have. @param id  unique in the page */
export function keyOf(
  { reference, batch }: DriftHistogram,
  id: string,
  names: { readonly reference: string } = { reference: 'reference' },
): Markup {
  return legend(
    id,
    `${names.reference}, n = ${count(total(reference))}`,
    `batch, n = ${count(total(batch))}`,
  );
}

export function distanceFigure(
  distance: NonNullable<DriftPlots['distance']>,
  verdict: Verdict | undefined,
): Markup {
  const title = 'Distance to the nearest training compound';
  const problem = histogramProblem(distance);
  if (problem !== null) return shell(title, undrawn(problem), NOTHING, footnote(verdict));
  const key = keyOf(distance, 'distance-key', { reference: 'held-out' });
  const note = `The domain holds the nearest 95 % of held-out compounds. ${footnote(verdict)}`;
  return shell(title, distancePlot('distance', title, distance), key, note);
}

export function nullFigure(
  mmdNull: NonNullable<DriftPlots['mmdNull']>,
  verdict: Verdict | undefined,
): Markup {
  const title = html`Chemistry against chance <small>${outside(mmdNull.kernel)}</small>`;
  const problem = histogramProblem(mmdNull.permuted);
  if (problem !== null) return shell(title, undrawn(problem), NOTHING, footnote(verdict));
  const drawn = nullPlot('mmd-null', `MMD2 under the null, kernel ${shorten(mmdNull.kernel)}`, mmdNull);
  const permuted = counted(total(mmdNull.permuted.reference), 'permutation', 'permutations');
  const note = `Bars: the statistic in ${permuted}, where sides were drawn by lot. Line: as observed. The verdict takes the least p of all kernels, of which this is one. ${footnote(verdict)}`;
  return shell(title, drawn, NOTHING, note);
}

/**
 * Both sides of a column.
 * @param remark  after its name
 * @param key     whether the figure says itself how its sides are drawn
 */
export function columnFigure(
  histogram: DriftHistogram,
  id: string,
  { remark, key }: { readonly remark: Markup; readonly key: boolean },
): Markup {
  const title = html`${outside(histogram.name, 60)}${remark}`;
  const problem = histogramProblem(histogram);
  if (problem !== null) return shell(title, undrawn(problem), NOTHING, '');
  const names = { reference: 'Reference', batch: 'Batch', unit: 'compounds' };
  const drawn = histogramPlot({ id, title: shorten(histogram.name), histogram, names });
  return shell(title, drawn, key ? keyOf(histogram, `${id}-key`) : NOTHING, '');
}

export function reliabilityFigure(bins: DriftPlots['reliability']): Markup {
  const drawable = bins.filter(isDrawable);
  const title = 'Reliability of probabilities';
  const drawn =
    drawable.length === 0
      ? undrawn('no bin has finite figures')
      : reliabilityPlot('reliability', title, drawable);
  const values = table({
    caption: `Bins, n = ${count(bins.reduce((sum, { rows }) => sum + rows, 0))} labelled compounds`,
    columns: [
      { label: 'Predicted', numeric: true },
      { label: 'Observed', numeric: true },
      { label: '95 % bounds', numeric: true },
      { label: 'n', numeric: true },
    ],
    rows: reliabilityRows(bins),
  });
  const note = 'On the dashed line a model is calibrated; bars are 95 % bounds.';
  return shell(
    title,
    drawn,
    html`<details open=""><summary>Figures of the bins</summary>${values}</details>`,
    note,
  );
}

export function maturityFigure(points: DriftPlots['maturity']): Markup {
  const drawable = points.filter(isPoint);
  const title = 'How fast labels arrive';
  if (drawable.length === 0) return shell(title, undrawn('no compound was waited for'), NOTHING, '');
  const compounds = counted(compoundsOf(drawable), 'compound', 'compounds');
  const note = `Kaplan-Meier curve of the delay, from ${compounds}: labels still to come count as such. It ends where no compound has been waited for longer.`;
  return shell(title, maturityPlot('maturity', title, drawable), NOTHING, note);
}
