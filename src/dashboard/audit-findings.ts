import {
  AUDIT_CHECKS,
  type AuditCheck,
  type AuditEvidence,
  type Finding,
  SEVERITIES,
} from '../core/audit.ts';
import { checkMark, severityMark } from './audit-marks.ts';
import { hashOf, outside, sentences } from './drift-words.ts';
import { type Content, html, type Markup, NOTHING } from './escape.ts';
import { shorten } from './shorten.ts';
import { facts, table } from './table.ts';

const NAMES: Readonly<Record<AuditCheck['check'], string>> = {
  gate: 'Gate',
  files: 'Files',
  versions: 'Seven versions',
  environment: 'Environment',
  rebuild: 'Rebuild',
  calibration: 'Calibration and split',
  inputs: 'Inputs again',
  outputs: 'Results again',
  monitored: 'Monitored',
  policy: 'Policy older than evidence',
  current: 'Verdict current',
  labels: 'Labels',
  verdict: 'Verdict again',
  'in-force': 'In force',
  chain: 'Chain',
  anchors: 'Anchored heads',
  outbox: 'Outbox',
  meanings: 'One meaning a name',
  blobs: 'Stored files',
  waste: 'Hours and repeats',
};

/** What the checks are called, and what each asks: for the end of the page. */
export const CHECK_QUESTIONS: readonly (readonly [string, string])[] = Object.entries(AUDIT_CHECKS).map(
  ([check, question]) => [NAMES[check as AuditCheck['check']], question],
);

/** Every check in a line: how it stands, and what was looked at. */
export function checkTable(caption: string, checks: readonly AuditCheck[]): Markup {
  return table({
    caption,
    columns: [{ label: 'Check' }, { label: 'State', apart: true }, { label: 'In words', wide: true }],
    rows: checks.map((check) => [
      NAMES[check.check],
      checkMark(check),
      html`${sentences(check.inWords)}${evidenceOf(check.evidence)}`,
    ]),
  });
}

/** Evidence that takes room only where somebody asks for it; on paper it is left to the report's JSON. */
function evidenceOf(evidence: readonly AuditEvidence[]): Markup {
  if (evidence.length === 0) return NOTHING;
  const pairs = evidence.slice(0, MOST_EVIDENCE).map(pair);
  const more =
    evidence.length > MOST_EVIDENCE
      ? html`<p class="footnote">The JSON of the report names all of it.</p>`
      : NOTHING;
  return html`<details><summary>Evidence</summary>${facts(pairs)}${more}</details>`;
}

const MOST_EVIDENCE = 24;

function pair({ name, value }: AuditEvidence): [Content, Content] {
  return [outside(name, 80), /^[0-9a-f]{64}$/.test(value) ? hashOf(value) : outside(value, 240)];
}

/** Findings of some checks as cards, the most severe first, each with what shows it and what settles it. */
export function findingCards(checks: readonly AuditCheck[]): Markup {
  const found = checks.flatMap(({ check, findings }) => findings.map((finding) => ({ check, finding })));
  const inOrder = SEVERITIES.flatMap((severity) =>
    found.filter(({ finding }) => finding.severity === severity),
  );
  return html`<div class="plots">
${inOrder.map(({ check, finding }) => card(NAMES[check], finding))}</div>
`;
}

function card(name: string, { severity, inWords, evidence, remedy }: Finding): Markup {
  const shown = evidence.slice(0, MOST_EVIDENCE).map(pair);
  return html`<article>
<h4>${severityMark(severity)} ${name}</h4>
<p>${sentences(inWords)}</p>
${shown.length === 0 ? NOTHING : facts(shown)}${remedyOf(remedy)}</article>
`;
}

/** A command is set as one, so that it can be taken by a click; what is no command is a sentence. */
function remedyOf(remedy: string): Markup {
  if (remedy === '') return NOTHING;
  if (/^(assayer|npx) /.test(remedy))
    return html`<pre tabindex="0"><code>${shorten(remedy, 600)}</code></pre>`;
  return html`<p class="footnote">What settles it: ${sentences(remedy)}</p>`;
}
