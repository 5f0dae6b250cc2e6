import {
  DRIFT_STREAMS,
  type DriftReport,
  type DriftSide,
  NOT_EVALUABLE,
  type Verdict,
} from '../core/drift.ts';
import { countsOf, detectableOf, effectOf, outside, pOf, STREAM_NAMES, sentences } from './drift-words.ts';
import { type Content, html, type Markup } from './escape.ts';
import { count, counted, setting } from './figures.ts';
import { stateMark } from './state-mark.ts';
import { facts, table } from './table.ts';

const HEADLINES: Readonly<Record<Verdict['state'], string>> = {
  steady: 'No drift was found',
  drift: 'The batch has drifted',
  'not-evaluable': 'The batch could not be judged',
};

/** The verdict, what was compared, and a line for each stream. */
export function driftSummary(report: DriftReport): Markup {
  const { state, inWords, verdicts, settings, model, batch, reference } = report;
  const compared: [string, Content][] = [
    ['Batch', side(batch)],
    ['Reference', side(reference)],
    ['Model', model ? html`${outside(model.endpoint)} ${outside(model.version)}` : 'none was looked at'],
    ['False alarms', html`at most ${setting(settings.alpha * 100)} % over the whole check`],
  ];
  return html`<header class="verdict verdict-${state}">
<p class="eyebrow">Drift report ${stateMark(state)}</p>
<h1>${HEADLINES[state]}</h1>
<p class="lead">${sentences(inWords)}</p>
${facts(compared)}</header>
<section>
<h2>What was looked at</h2>
${verdicts.length === 0 ? html`<p>The report holds no verdict.</p>` : streams(verdicts)}</section>`;
}

function side({ name, rows, rejected, clusters }: DriftSide): Markup {
  const refused = rejected === 0 ? '' : `, ${counted(rejected, 'row', 'rows')} rejected`;
  return html`${outside(name)} <small>${counted(rows, 'compound', 'compounds')} in ${counted(clusters, 'cluster', 'clusters')}${refused}</small>`;
}

function streams(verdicts: readonly Verdict[]): Markup {
  return table({
    caption: `${count(verdicts.length)} streams. Counts are of the batch against the reference; the smallest detectable effect is the one that a check of this size finds with 80 % power.`,
    columns: [
      { label: 'Stream', wide: true },
      { label: 'State' },
      { label: 'Effect', numeric: true },
      { label: 'p', numeric: true },
      { label: 'n', numeric: true },
      { label: 'Smallest detectable', numeric: true },
    ],
    rows: verdicts.map((verdict) => [
      html`${STREAM_NAMES[verdict.stream]} <small>${sentences(verdict.inWords)}</small>`,
      html`${stateMark(verdict.state)}${verdict.reason ? html` <small>${NOT_EVALUABLE[verdict.reason]}</small>` : ''}`,
      effectOf(verdict.effect),
      pOf(verdict.p, verdict.alpha),
      countsOf(verdict),
      detectableOf(verdict),
    ]),
  });
}

/** What each stream asks, for the end of the page. */
export function streamQuestions(verdicts: readonly Verdict[]): [string, Content][] {
  return verdicts.map(({ stream }) => [STREAM_NAMES[stream], DRIFT_STREAMS[stream]]);
}
