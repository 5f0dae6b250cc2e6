import {
  DRIFT_STREAMS,
  type DriftReport,
  type DriftSide,
  NOT_EVALUABLE,
  STREAM_NAMES,
  type Verdict,
} from '../core/drift.ts';
import { countsOf, detectableOf, effectOf, outside, pOf, sentences } from './drift-words.ts';
import { type Content, html, type Markup, NOTHING } from './escape.ts';
import { count, counted, setting } from './figures.ts';
import { stateMark } from './state-mark.ts';
import { facts, table } from './table.ts';

const HEADLINES: Readonly<Record<DriftReport['state'], string>> = {
  steady: 'No drift was found',
  drift: 'The batch has drifted',
  'not-evaluable': 'The batch could not be judged',
};

/** As a reader wants to know of them. */
const STATES: readonly Verdict['state'][] = ['drift', 'steady', 'forecast', 'not-evaluable'];

/** Models that are named before anything else is read; all of them are named at the end. */
const MOST_MODELS = 4;

/** The verdict, the streams by state, what was compared, and a line for each stream. */
export function driftSummary(report: DriftReport): Markup {
  const { state, inWords, verdicts, settings, models, batch, reference } = report;
  const compared: [string, Content][] = [
    ['Batch', side(batch)],
    ['Reference', side(reference)],
    [models.length > 1 ? 'Models' : 'Model', modelsNamed(models)],
    ['False alarms', html`at most ${setting(settings.alpha * 100)} % over the whole check`],
  ];
  return html`<header class="verdict verdict-${state}">
<p class="eyebrow">Drift report ${stateMark(state)}</p>
<h1>${HEADLINES[state]}</h1>
<p class="lead">${sentences(inWords)}</p>
${verdicts.length === 0 ? NOTHING : html`<div class="tally">${facts(STATES.flatMap((one) => named(one, verdicts)))}</div>\n`}${facts(compared)}</header>
<section>
<h2>What was looked at</h2>
${verdicts.length === 0 ? html`<p>The report holds no verdict.</p>` : streams(verdicts)}</section>`;
}

function side({ name, rows, rejected, clusters }: DriftSide): Markup {
  const refused = rejected === 0 ? '' : `, ${counted(rejected, 'row', 'rows')} rejected`;
  return html`${outside(name)} <small>${counted(rows, 'compound', 'compounds')} in ${counted(clusters, 'cluster', 'clusters')}${refused}</small>`;
}

function modelsNamed(models: DriftReport['models']): Content {
  if (models.length === 0) return 'none was looked at';
  const more = models.length - MOST_MODELS;
  const shown = models
    .slice(0, MOST_MODELS)
    .map(({ endpoint, version }, i) => html`${i === 0 ? '' : ', '}${outside(endpoint)} ${outside(version)}`);
  return more > 0 ? html`${shown} and ${count(more)} more` : shown;
}

/** The streams of a state by their names; a state that no stream has is left out. */
function named(state: Verdict['state'], verdicts: readonly Verdict[]): [Content, Content][] {
  const names = verdicts
    .filter((verdict) => verdict.state === state)
    .map(({ stream }) => STREAM_NAMES[stream]);
  if (names.length === 0) return [];
  return [
    [
      html`${stateMark(state)} <span class="unbroken">${count(names.length)} of ${count(verdicts.length)}</span>`,
      names.join(', '),
    ],
  ];
}

function streams(verdicts: readonly Verdict[]): Markup {
  return table({
    caption:
      'What each stream says. n is of the batch against the reference; the smallest detectable effect is the one that a check of this size finds with 80 % power.',
    columns: [
      { label: 'Stream' },
      { label: 'State', apart: true },
      { label: 'In words', wide: true, apart: true },
      { label: 'Effect', numeric: true },
      { label: 'p', numeric: true },
      { label: 'n', numeric: true },
      { label: 'Smallest detectable', numeric: true },
    ],
    rows: verdicts.map((verdict) => [
      STREAM_NAMES[verdict.stream],
      stateMark(verdict.state),
      words(verdict),
      effectOf(verdict.effect),
      pOf(verdict.p, verdict.alpha),
      countsOf(verdict),
      detectableOf(verdict),
    ]),
  });
}

/** The sentences of a verdict, after the reason for having none where they do not give it. */
function words({ reason, inWords }: Verdict): string {
  const said = reason === undefined || inWords.includes(NOT_EVALUABLE[reason]);
  return sentences(said ? inWords : `Not judged, because ${NOT_EVALUABLE[reason]}. ${inWords}`);
}

/** What each stream asks, for the end of the page. */
export function streamQuestions(verdicts: readonly Verdict[]): [string, Content][] {
  return verdicts.map(({ stream }) => [STREAM_NAMES[stream], DRIFT_STREAMS[stream]]);
}
