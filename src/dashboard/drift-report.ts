import type { DriftReport } from '../core/drift.ts';
import { driftDetails } from './drift-details.ts';
import { driftMethod } from './drift-method.ts';
import { driftMoved } from './drift-moved.ts';
import { driftPlots } from './drift-plots.ts';
import { driftSummary, streamQuestions } from './drift-summary.ts';
import { outside } from './drift-words.ts';
import { html } from './escape.ts';
import { DRIFT_GLOSSARY } from './glossary.ts';
import { page } from './page.ts';
import { shorten } from './shorten.ts';
import { facts } from './table.ts';

/**
 * A drift check as one page that needs nothing but itself: verdict, what moved, distributions, how it was done.
 * @param report    as checked; whatever text it holds is escaped, figures that are none are put in words
 * @param drawings  SVG by SMILES, as `drawCompounds` makes it; SMILES without one are written out
 * @returns HTML; equal arguments give equal bytes
 * @throws ERR_INTERNAL where a drawing holds anything but paths
 */
export function driftReportHtml(report: DriftReport, drawings: ReadonlyMap<string, string>): string {
  const title = `Drift report: ${shorten(report.batch.name, 60)} against ${shorten(report.reference.name, 60)}`;
  return page(
    title,
    html`${driftSummary(report)}
${driftMoved(report, drawings)}
${driftPlots(report)}
${driftDetails(report)}${driftMethod(report)}
<section class="glossary">
<h2>Words used here</h2>
${facts([...streamQuestions(report.verdicts), ...DRIFT_GLOSSARY])}</section>
<footer>Made by Assayer ${outside(report.engine)}, format ${outside(report.schema)}.</footer>`,
  );
}

/** SMILES that a report shows as structures, each once: what to draw. */
export function shownStructures({ verdicts }: DriftReport): string[] {
  const series = verdicts.flatMap(({ moved }) => moved.filter(({ kind }) => kind === 'series'));
  return [...new Set(series.flatMap(({ name, examples }) => [name, ...examples]))].filter(
    (smiles) => smiles !== '',
  );
}
