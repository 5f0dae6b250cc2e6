import { type DriftReport, type DriftSide, STREAM_NAMES, type Verdict } from '../core/drift.ts';
import { ABSENT, hashOf, NULLS, outside } from './drift-words.ts';
import { type Content, html, type Markup, NOTHING } from './escape.ts';
import { count, counted, numeral, setting } from './figures.ts';
import { facts, table } from './table.ts';

/** How the figures came about, from what, and how to have them again. */
export function driftMethod(report: DriftReport): Markup {
  const { settings, reference, batch, models, contractHash, engine, verdicts, command } = report;
  const origins: [string, Content][] = [
    ['Reference', origin(reference)],
    ['Batch', origin(batch)],
    ['Feature contract', hashOf(contractHash)],
    ['Engine', html`Assayer ${outside(engine)}`],
    ['Rows belong together by', outside(settings.cluster)],
    [
      'Covariates',
      settings.covariates.length === 0
        ? 'none'
        : settings.covariates.map((name, i) => [i === 0 ? '' : ', ', outside(name)]),
    ],
    ['Permutations asked for', `B = ${count(settings.permutations)}, seed ${numeral(settings.seed)}`],
    ['False-alarm probability', `α = ${setting(settings.alpha)} over the whole check`],
  ];
  return html`<section>
<h2>How it was done</h2>
${verdicts.length === 0 ? NOTHING : tests(verdicts)}
<h3>From what</h3>
${facts(origins)}${models.length === 0 ? NOTHING : html`<h3>Models</h3>\n${modelTable(models)}`}
<h3>To have this report again</h3>
<p class="footnote">Equal inputs, settings and engine give equal bytes. One click selects the whole command.</p>
<pre tabindex="0"><code>${byOption(command)}</code></pre>
</section>`;
}

/** Lines break before an option rather than within one; the text is the same. */
function byOption(command: string): Markup[] {
  return command.split(/(?<= )(?=--)/).map((part) => html`<span>${part}</span>`);
}

function origin({ name, hash }: DriftSide): Markup {
  return html`${outside(name)} ${hashOf(hash)}`;
}

function modelTable(models: DriftReport['models']): Markup {
  return table({
    caption: 'Whose answers were looked at. An artifact is named by the SHA-256 of its files.',
    columns: [
      { label: 'Endpoint' },
      { label: 'Version' },
      { label: 'Unit' },
      { label: 'Artifact', wide: true },
    ],
    rows: models.map(({ endpoint, version, unit, hash }) => [
      outside(endpoint),
      outside(version),
      outside(unit),
      hashOf(hash),
    ]),
  });
}

function tests(verdicts: readonly Verdict[]): Markup {
  return table({
    caption:
      'The test behind each verdict. α is the part of the false-alarm probability that the stream may spend.',
    columns: [
      { label: 'Stream' },
      { label: 'Test', wide: true },
      { label: 'If nothing moved' },
      { label: 'α', numeric: true },
    ],
    rows: verdicts.map(({ stream, test, nullHypothesis, counts, permutations, seed, alpha }) => [
      STREAM_NAMES[stream],
      outside(test, 240),
      nullHypothesis === 'none'
        ? NULLS.none
        : html`${NULLS[nullHypothesis]} <small>${counted(counts.units, 'unit', 'units')}, B = ${count(permutations)}, seed ${numeral(seed)}</small>`,
      nullHypothesis === 'none' ? ABSENT : setting(alpha),
    ]),
  });
}
