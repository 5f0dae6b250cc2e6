import type { AuditCheck, AuditReport, ReleaseAudit } from '../core/audit.ts';
import { CHECK_QUESTIONS, checkTable, findingCards } from './audit-findings.ts';
import { deviceHoursSection } from './audit-hours.ts';
import { severityMark, stateMark, verdictMark } from './audit-marks.ts';
import { hashOf, outside, sentences } from './drift-words.ts';
import { type Content, html, type Markup, NOTHING } from './escape.ts';
import { count, counted } from './figures.ts';
import { page } from './page.ts';
import { shorten } from './shorten.ts';
import { facts, table } from './table.ts';

const HEADLINES: Readonly<Record<AuditReport['state'], string>> = {
  error: 'Not everything that is claimed holds',
  warning: 'What is claimed holds, with warnings',
  incomplete: 'What was tried holds, and not all was tried',
  clean: 'Everything that is claimed holds',
};

const VERDICTS: Readonly<Record<AuditReport['state'], string>> = {
  error: 'drift',
  warning: 'drift',
  incomplete: 'not-evaluable',
  clean: 'steady',
};

/**
 * An audit as one page that needs nothing but itself: verdict, releases at a glance, a section for each with its findings,
 * the registry, hours.
 * @param report  whatever text it holds is escaped
 * @returns HTML; equal arguments give equal bytes
 */
export function auditReportHtml(report: AuditReport): string {
  const { releases, registry, hours, engine, schema, workspace } = report;
  return page(
    `Audit of ${shorten(workspace, 60)}`,
    html`${summary(report)}
<section>
<h2>Releases</h2>
${releases.length === 0 ? html`<p>No release is recorded: there is nothing that anybody may rely on yet.</p>` : overview(releases)}</section>
${releases.map(releaseSection)}
<section>
<h2>Registry</h2>
${checkTable('What is asked of the registry as a whole.', registry)}${findings(registry)}</section>
<section>
<h2>Device hours</h2>
${deviceHoursSection(hours)}</section>
<section class="glossary">
<h2>What was asked</h2>
${facts(CHECK_QUESTIONS)}</section>
<footer>Made by Assayer ${outside(engine)}, format ${outside(schema)}.</footer>`,
  );
}

function summary({ state, inWords, counts, workspace, team, time, head }: AuditReport): Markup {
  const about: [string, Content][] = [
    ['Workspace', outside(workspace, 120)],
    ['Team', team === null ? 'all' : outside(team, 60)],
    ['Made', outside(time)],
    [
      'Chain',
      head.hash === null
        ? 'empty'
        : html`${counted(head.sequence, 'record', 'records')} ${hashOf(head.hash)}`,
    ],
  ];
  const tally: [Content, Content][] = [
    [severityMark('error'), count(counts.error)],
    [severityMark('warning'), count(counts.warning)],
    [severityMark('note'), count(counts.note)],
    [stateMark('passed'), counted(counts.passed, 'check', 'checks')],
    [stateMark('not-tried'), counted(counts.notTried, 'check', 'checks')],
  ];
  return html`<header class="verdict verdict-${VERDICTS[state]}">
<p class="eyebrow">Audit ${verdictMark(state)}</p>
<h1>${HEADLINES[state]}</h1>
<p class="lead">${sentences(inWords)}</p>
<div class="tally">${facts(tally)}</div>
${facts(about)}</header>`;
}

/** Releases in a line each, with what needs somebody first. */
function overview(releases: readonly ReleaseAudit[]): Markup {
  return table({
    caption: 'What is not tried is no pass.',
    columns: [
      { label: 'Release' },
      { label: 'Errors', numeric: true },
      { label: 'Warnings', numeric: true },
      { label: 'Passed', numeric: true },
      { label: 'Not tried', numeric: true },
    ],
    rows: releases.map(({ endpoint, version, isCurrent, checks }) => {
      const number = (severity: string) =>
        count(
          checks.flatMap((check) => check.findings).filter((finding) => finding.severity === severity).length,
        );
      const inState = (...states: string[]) =>
        count(checks.filter(({ state }) => states.includes(state)).length);
      return [
        html`${outside(endpoint, 60)} ${outside(version, 20)}${isCurrent ? NOTHING : html` <small>replaced</small>`}`,
        number('error'),
        number('warning'),
        inState('passed'),
        inState('not-tried', 'partly'),
      ];
    }),
  });
}

function releaseSection(release: ReleaseAudit): Markup {
  const { endpoint, version, record, artifact, team, approver, time, isCurrent, checks } = release;
  return html`<section>
<h2>${outside(endpoint, 60)} ${outside(version, 20)}</h2>
${facts([
  ['Stands', isCurrent ? 'the endpoint answers with it' : 'another release took its place'],
  ['Approved by', outside(approver, 80)],
  ['Team', team === null ? 'shared' : outside(team, 60)],
  ['Released', outside(time)],
  ['Record', hashOf(record)],
  ['Artifact', artifact === null ? 'none' : hashOf(artifact)],
])}${findings(checks)}${checkTable('Every question that was asked of this release.', checks)}</section>`;
}

function findings(checks: readonly AuditCheck[]): Markup {
  if (checks.every((check) => check.findings.length === 0)) return NOTHING;
  return html`<h3>Findings</h3>
${findingCards(checks)}`;
}
