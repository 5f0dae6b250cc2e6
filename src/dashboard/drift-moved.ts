import {
  type DriftHistogram,
  type DriftReport,
  type Moved,
  STREAM_NAMES,
  type Verdict,
} from '../core/drift.ts';
import { effectOf, footnote, outside, pOf } from './drift-words.ts';
import { html, type Markup, NOTHING } from './escape.ts';
import { count, figure, percent, unitBeside, withUnit } from './figures.ts';
import { seriesCard } from './series-card.ts';
import { shorten } from './shorten.ts';
import { stateMark } from './state-mark.ts';
import { table } from './table.ts';

/** Shown of each kind in a stream; a check that moved more is read from its JSON. */
const MOST_SHOWN = 12;

type Measure = Moved['measure'];

/** How a measure stands in the head of a column, and its values in the cells. */
const MEASURES: Readonly<Record<Measure, { head: string; text: (value: number) => string }>> = {
  compounds: { head: 'compounds', text: (value) => count(value) },
  median: { head: 'median', text: (value) => figure(value) },
  share: { head: 'share', text: (value) => percent(value) },
  'mean in standard deviations': { head: 'mean in SD', text: (value) => figure(value) },
};

/** For each stream that drifted what moved in it: series with their structures, columns with both sides. */
export function driftMoved(
  { state, verdicts, plots }: DriftReport,
  drawings: ReadonlyMap<string, string>,
): Markup {
  const telling = verdicts.filter(tells);
  const columns = new Map([...plots.columns, ...plots.outputs].map((column) => [column.name, column]));
  const drifting = telling.some((verdict) => verdict.state === 'drift');
  return html`<section>
<h2>What moved</h2>
${drifting ? NOTHING : html`<p>${state === 'not-evaluable' ? 'Nothing could be judged, so nothing is named here.' : 'No stream drifted, so nothing is named as moved.'}</p>\n`}${telling.map((verdict) => part(verdict, columns, drawings))}</section>`;
}

/**
 * Whether a verdict's list is worth reading. What a steady stream lists is chance, but for compounds beyond the domain: every
 * batch has some, and no answer about them is to be relied on.
 */
function tells({ stream, state, moved }: Verdict): boolean {
  return moved.length > 0 && (state === 'drift' || (state === 'steady' && stream === 'distance'));
}

function part(
  verdict: Verdict,
  columns: ReadonlyMap<string, DriftHistogram>,
  drawings: ReadonlyMap<string, string>,
): Markup {
  const series = verdict.moved.filter(({ kind }) => kind === 'series');
  const others = verdict.moved.filter(({ kind }) => kind !== 'series');
  return html`<h3>${STREAM_NAMES[verdict.stream]} ${stateMark(verdict.state)}</h3>
${verdict.state === 'drift' ? NOTHING : html`<p class="footnote">No drift. Yet these compounds lie beyond the domain, where predictions are not to be relied on.</p>\n`}${
  series.length === 0
    ? NOTHING
    : html`<div class="series">\n${series.slice(0, MOST_SHOWN).map((one) => seriesCard(one, verdict, drawings))}</div>\n`
}${others.length === 0 ? NOTHING : columnTable(verdict, others.slice(0, MOST_SHOWN), columns)}${leftOff(series, 'series')}${leftOff(others, 'columns')}<p class="footnote">${footnote(verdict)}</p>
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

/** What rows have in common, said once in the heading; null where they have not. */
function common<Value extends string>(
  moved: readonly Moved[],
  of: (one: Moved) => Value | null,
): Value | null {
  const first = of(moved[0]);
  return moved.every((one) => of(one) === first) ? first : null;
}

function columnTable(
  { stream }: Verdict,
  moved: readonly Moved[],
  columns: ReadonlyMap<string, DriftHistogram>,
): Markup {
  const kind = common(moved, (one) => one.kind);
  const measure = common(moved, (one) => one.measure);
  const effect = common(moved, (one) => (one.effect.low === undefined ? one.effect.name : null));
  const tested = moved.some(({ p }) => p !== null);
  const head = (side: string) => ({
    label: measure === null ? side : `${side}, ${MEASURES[measure].head}`,
    numeric: true,
  });
  const value = (one: Moved, number: number | null) => {
    if (number === null) return html`<span class="absent">not known</span>`;
    const text = MEASURES[one.measure].text(number);
    return measure === null ? html`${text} <small>${MEASURES[one.measure].head}</small>` : text;
  };
  return table({
    caption: captionOf(stream, measure, tested),
    columns: [
      { label: kind === null ? 'Column' : KINDS[kind], wide: true },
      head('Batch'),
      head('Reference'),
      { label: effect === null ? 'Effect' : shorten(effect, 60), numeric: true },
      ...(tested ? [{ label: 'p, corrected', numeric: true }] : []),
    ],
    rows: moved.map((one) => [
      html`${outside(one.name)}${underName(kind === null ? KINDS[one.kind] : '')}${underName(one.measure === 'median' ? unitBeside(one.name, one.unit ?? columns.get(one.name)?.unit ?? '') : '')}`,
      value(one, one.batch),
      value(one, one.reference),
      effect === null ? effectOf(one.effect) : withUnit(one.effect.value, one.effect.unit),
      ...(tested ? [one.p === null ? html`<span class="absent">not a test</span>` : pOf(one.p)] : []),
    ]),
  });
}

function underName(text: string): Markup {
  return text === '' ? NOTHING : html` <small>${outside(text, 60)}</small>`;
}

function captionOf(stream: Verdict['stream'], measure: Measure | null, tested: boolean): string {
  return [
    stream === 'classifier'
      ? 'What the classifier tells the sides by, its largest weights first.'
      : 'Both sides of what moved.',
    measure === 'mean in standard deviations'
      ? 'Means are counted from that of both sides together, in standard deviations (SD).'
      : '',
    tested ? 'p is corrected for having looked at all columns.' : '',
  ]
    .filter(Boolean)
    .join(' ');
}
