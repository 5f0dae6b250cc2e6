import type { DriftHistogram, DriftReport, Moved, Verdict } from '../core/drift.ts';
import { effectOf, footnote, outside, pOf, STREAM_NAMES } from './drift-words.ts';
import { html, type Markup, NOTHING } from './escape.ts';
import { count, withUnit } from './figures.ts';
import { seriesCard } from './series-card.ts';
import { shorten } from './shorten.ts';
import { stateMark } from './state-mark.ts';
import { table } from './table.ts';

/** Shown of each kind in a stream; a check that moved more is read from its JSON. */
const MOST_SHOWN = 12;

interface ColumnsKind {
  readonly caption: string;
  readonly batch: string;
  /** null where the batch is told relative to the reference. */
  readonly reference: string | null;
}

const MEDIANS: ColumnsKind = {
  caption: 'Medians of both sides; p is corrected for having looked at all columns.',
  batch: 'Batch',
  reference: 'Reference',
};

const WEIGHTS: ColumnsKind = {
  caption:
    'What the classifier tells the sides by: the weight of each column, and how far the mean of the batch lies from that of the reference, in standard deviations.',
  batch: 'Shift of the batch',
  reference: null,
};

/** For each stream what moved in it: series with their structures, columns with both medians. */
export function driftMoved(
  { state, verdicts, plots }: DriftReport,
  drawings: ReadonlyMap<string, string>,
): Markup {
  const moving = verdicts.filter(({ moved }) => moved.length > 0);
  const columns = new Map([...plots.columns, ...plots.outputs].map((column) => [column.name, column]));
  return html`<section>
<h2>What moved</h2>
${moving.length === 0 ? html`<p>${state === 'not-evaluable' ? 'Nothing could be judged, so nothing is named here.' : 'No series, descriptor, covariate or prediction stood out.'}</p>` : NOTHING}
${moving.map((verdict) => part(verdict, columns, drawings))}</section>`;
}

function part(
  verdict: Verdict,
  columns: ReadonlyMap<string, DriftHistogram>,
  drawings: ReadonlyMap<string, string>,
): Markup {
  const series = verdict.moved.filter(({ kind }) => kind === 'series');
  const others = verdict.moved.filter(({ kind }) => kind !== 'series');
  return html`<h3>${STREAM_NAMES[verdict.stream]} ${stateMark(verdict.state)}</h3>
${series.length === 0 ? NOTHING : html`<div class="series">\n${series.slice(0, MOST_SHOWN).map((one) => seriesCard(one, verdict, drawings))}</div>\n`}${
  others.length === 0 ? NOTHING : columnTable(verdict, others.slice(0, MOST_SHOWN), columns)
}${leftOff(series, 'series')}${leftOff(others, 'columns')}<p class="footnote">${footnote(verdict)}</p>
`;
}

function leftOff(moved: readonly Moved[], things: string): Markup {
  const more = moved.length - MOST_SHOWN;
  return more <= 0
    ? NOTHING
    : html`<p class="footnote">${count(more)} more ${things} are in the report's JSON.</p>\n`;
}

const KINDS: Readonly<Record<Moved['kind'], string>> = {
  series: 'Series',
  descriptor: 'Descriptor',
  covariate: 'Covariate',
  output: 'Prediction',
};

function columnTable(
  { stream }: Verdict,
  moved: readonly Moved[],
  columns: ReadonlyMap<string, DriftHistogram>,
): Markup {
  const { caption, batch, reference } = stream === 'classifier' ? WEIGHTS : MEDIANS;
  // What all rows have in common is said once, in the heading.
  const kind = moved.every((one) => one.kind === moved[0].kind) ? KINDS[moved[0].kind] : null;
  const alike = moved.every(
    ({ effect: { name, low } }) => name === moved[0].effect.name && low === undefined,
  );
  const effect = alike ? moved[0].effect.name : null;
  const tested = moved.some(({ p }) => p !== null);
  return table({
    caption,
    columns: [
      { label: kind ?? 'Column', wide: true },
      { label: batch, numeric: true },
      ...(reference === null ? [] : [{ label: reference, numeric: true }]),
      { label: effect === null ? 'Effect' : shorten(effect, 60), numeric: true },
      ...(tested ? [{ label: 'p, corrected', numeric: true }] : []),
    ],
    rows: moved.map((one) => {
      const unit = reference === null ? 'SD' : (columns.get(one.name)?.unit ?? '');
      return [
        html`${outside(one.name)}${kind === null ? html` <small>${KINDS[one.kind]}</small>` : ''}`,
        withUnit(one.batch, unit),
        ...(reference === null ? [] : [withUnit(one.reference, unit)]),
        effect === null ? effectOf(one.effect) : withUnit(one.effect.value, one.effect.unit),
        ...(tested ? [one.p === null ? html`<span class="absent">not a test</span>` : pOf(one.p)] : []),
      ];
    }),
  });
}
