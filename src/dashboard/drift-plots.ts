import type { DriftHistogram, DriftReport, DriftStream, Verdict } from '../core/drift.ts';
import {
  columnFigure,
  distanceFigure,
  keyOf,
  maturityFigure,
  nullFigure,
  reliabilityFigure,
} from './drift-figures.ts';
import { footnote, pOf } from './drift-words.ts';
import { html, type Markup, NOTHING } from './escape.ts';
import { count, counted } from './figures.ts';

/** Drawn of one kind; a dozen endpoints have two dozen. */
const MOST_DRAWN = 48;

/** Every plot that the report has figures for, by what it is of, and why others are not there. */
export function driftPlots({ plots, verdicts }: DriftReport): Markup {
  const of = (stream: DriftStream) => verdicts.find((verdict) => verdict.stream === stream);
  const groups: Group[] = [
    {
      title: 'Compounds',
      verdict: of('chemistry'),
      figures: [
        ...(plots.mmdNull ? [nullFigure(plots.mmdNull, of('chemistry'))] : []),
        ...(plots.distance ? [distanceFigure(plots.distance, of('distance'))] : []),
      ],
    },
    columnGroup('Predictions', 'output', plots.outputs, of('outputs')),
    columnGroup('Descriptors and covariates', 'column', plots.columns, of('descriptors')),
    {
      title: 'Labels',
      verdict: of('performance'),
      note: of('performance'),
      figures: [
        ...(plots.reliability.length > 0 ? [reliabilityFigure(plots.reliability)] : []),
        ...(plots.maturity.length > 0 ? [maturityFigure(plots.maturity)] : []),
      ],
    },
  ];
  const drawn = groups.filter(({ figures }) => figures.length > 0);
  const others = groups.filter(({ figures }) => figures.length === 0);
  return html`<section>
<h2>Distributions</h2>
${drawn.map(section)}${others.length === 0 ? NOTHING : html`<p class="footnote">Not drawn: ${others.map(({ title, verdict }) => `${title.toLowerCase()} (${absence(verdict)})`).join(', ')}.</p>\n`}</section>`;
}

interface Group {
  readonly title: string;
  /** Why there is nothing to draw, where there is not. */
  readonly verdict: Verdict | undefined;
  /** What all the figures rest on, if it is one; else each says so itself. */
  readonly note?: Verdict | undefined;
  /** How the two sides are drawn, if alike in all the figures. */
  readonly key?: Markup;
  readonly figures: readonly Markup[];
  /** Figures that are not shown. */
  readonly left?: number;
}

function section({ title, note, key, figures, left = 0 }: Group): Markup {
  return html`<h3>${title}</h3>
${note ? html`<p class="footnote">${footnote(note)}</p>\n` : NOTHING}${key ?? NOTHING}<div class="plots">
${figures}</div>
${left > 0 ? html`<p class="footnote">${counted(left, 'more is', 'more are')} in the report's JSON.</p>\n` : NOTHING}`;
}

function absence(verdict: Verdict | undefined): string {
  if (verdict === undefined) return 'not looked at';
  return verdict.state === 'not-evaluable' ? 'could not be judged' : 'nothing moved';
}

/** Small plots of columns, those that moved first, with one key where all are of as many rows. */
function columnGroup(
  title: string,
  id: string,
  histograms: readonly DriftHistogram[],
  verdict: Verdict | undefined,
): Group {
  const moved = new Map((verdict?.moved ?? []).map((one) => [one.name, one]));
  const shown = [
    ...histograms.filter(({ name }) => moved.has(name)),
    ...histograms.filter(({ name }) => !moved.has(name)),
  ].slice(0, MOST_DRAWN);
  const texts = shown.map((histogram) => keyOf(histogram, `${id}-key`).text);
  const alike = texts.length > 1 && new Set(texts).size === 1;
  return {
    title,
    verdict,
    note: verdict,
    figures: shown.map((histogram, i) => {
      const p = moved.get(histogram.name)?.p;
      const remark = moved.has(histogram.name)
        ? html` <small class="unbroken">moved${typeof p === 'number' ? html`, p ${pOf(p)}` : NOTHING}</small>`
        : NOTHING;
      return columnFigure(histogram, `${id}-${count(i)}`, { remark, key: !alike });
    }),
    left: histograms.length - shown.length,
    ...(alike && { key: keyOf(shown[0], `${id}-key`) }),
  };
}
