import type { DriftHistogram, DriftReport, DriftStream, Verdict } from '../core/drift.ts';
import { footnote, outside } from './drift-words.ts';
import { type Content, html, Markup, NOTHING } from './escape.ts';
import { count, counted } from './figures.ts';
import { legend } from './legend.ts';
import { distancePlot } from './plot-distance.ts';
import { histogramPlot, histogramProblem, total } from './plot-histogram.ts';
import { isPoint, maturityPlot } from './plot-maturity.ts';
import { nullPlot } from './plot-null.ts';
import { isDrawable, reliabilityPlot, reliabilityRows } from './plot-reliability.ts';
import { shorten } from './shorten.ts';
import { table } from './table.ts';

/** Every plot that the report has figures for, by what it is of, and which it has none for. */
export function driftPlots(report: DriftReport): Markup {
  const { plots } = report;
  const of = (stream: DriftStream) => report.verdicts.find((verdict) => verdict.stream === stream);
  const column = (name: string) => (histogram: DriftHistogram, i: number) =>
    columnFigure(histogram, `${name}-${count(i)}`);
  return html`<section>
<h2>Distributions</h2>
${[
  group('Compounds', [
    plots.mmdNull && nullFigure(plots.mmdNull, of('chemistry')),
    plots.distance && distanceFigure(plots.distance, of('distance')),
  ]),
  group('Predictions', plots.outputs.map(column('output')), of('outputs')),
  group('Descriptors and covariates', plots.columns.map(column('column')), of('descriptors')),
  group(
    'Labels',
    [
      plots.reliability.length > 0 && reliabilityFigure(plots.reliability),
      plots.maturity.length > 0 && maturityFigure(plots.maturity),
    ],
    of('performance'),
  ),
]}</section>`;
}

/** @param verdict  what all the figures rest on, if it is one; else each says so itself */
function group(title: string, figures: readonly (Markup | null | false)[], verdict?: Verdict): Markup {
  const drawn = figures.filter((figure) => figure instanceof Markup);
  if (drawn.length === 0) {
    return html`<h3>${title}</h3>\n<p class="footnote">Not drawn: the check has no figures for it.</p>\n`;
  }
  return html`<h3>${title}</h3>
${verdict ? html`<p class="footnote">${footnote(verdict)}</p>\n` : NOTHING}<div class="plots">
${drawn}</div>
`;
}

function shell(title: Content, plot: Content, key: Content, note: Content): Markup {
  return html`<figure class="plotted"><h4>${title}</h4>
${plot}
${key}${note === '' ? NOTHING : html`<figcaption>${note}</figcaption>`}</figure>
`;
}

function undrawn(reason: string): Markup {
  return html`<p class="undrawn">Not drawn: ${reason}.</p>`;
}

function distanceFigure(histogram: DriftHistogram, verdict: Verdict | undefined): Markup {
  const title = 'Distance to the nearest training compound';
  const problem = histogramProblem(histogram);
  if (problem !== null) return shell(title, undrawn(problem), NOTHING, footnote(verdict));
  const key = legend(
    'distance',
    `held-out, n = ${count(total(histogram.reference))}`,
    `batch, n = ${count(total(histogram.batch))}`,
  );
  const note = `Right of the line lies what 95 % of held-out compounds do not reach. ${footnote(verdict)}`;
  return shell(title, distancePlot('distance', title, histogram), key, note);
}

function nullFigure(
  mmdNull: NonNullable<DriftReport['plots']['mmdNull']>,
  verdict: Verdict | undefined,
): Markup {
  const title = html`Difference in chemistry against chance <small>${outside(mmdNull.kernel)}</small>`;
  const problem = histogramProblem(mmdNull.permuted);
  if (problem !== null) return shell(title, undrawn(problem), NOTHING, footnote(verdict));
  const drawn = nullPlot('mmd-null', `MMD2 under the null, kernel ${shorten(mmdNull.kernel)}`, mmdNull);
  const permuted = counted(total(mmdNull.permuted.reference), 'permutation', 'permutations');
  const note = `Bars: the statistic in ${permuted}, where sides were drawn by lot. Line: as observed. ${footnote(verdict)}`;
  return shell(title, drawn, NOTHING, note);
}

function columnFigure(histogram: DriftHistogram, id: string): Markup {
  const title = outside(histogram.name, 60);
  const problem = histogramProblem(histogram);
  if (problem !== null) return shell(title, undrawn(problem), NOTHING, '');
  const names = { reference: 'Reference', batch: 'Batch', unit: 'compounds' };
  const drawn = histogramPlot({ id, title: shorten(histogram.name), histogram, names });
  const key = legend(
    id,
    `reference, n = ${count(total(histogram.reference))}`,
    `batch, n = ${count(total(histogram.batch))}`,
  );
  return shell(title, drawn, key, '');
}

function reliabilityFigure(bins: DriftReport['plots']['reliability']): Markup {
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

function maturityFigure(points: DriftReport['plots']['maturity']): Markup {
  const drawable = points.filter(isPoint);
  const title = 'How fast labels arrive';
  const drawn =
    drawable.length === 0 ? undrawn('no point is finite') : maturityPlot('maturity', title, drawable);
  return shell(title, drawn, NOTHING, 'Kaplan-Meier curve of the delay: labels still to come count as such.');
}
