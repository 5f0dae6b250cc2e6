import type { DriftReport, DriftSide, Moved, Verdict } from '../core/drift.ts';
import { textTable } from './text-table.ts';

const SHOWN_MOVED = 5;

/** A drift report as a person reads it in a terminal: the verdict first. */
export function driftText(report: DriftReport): string {
  const { settings, verdicts } = report;
  const header = ['stream', 'state', 'p', 'effect', 'would be found', 'reference', 'batch'];
  const rows = verdicts.map((verdict) => [
    verdict.stream,
    stateText(verdict),
    verdict.p === null ? '' : short(verdict.p),
    verdict.effect ? `${verdict.effect.name} ${short(verdict.effect.value)}` : '',
    verdict.minimumDetectable === null ? '' : short(verdict.minimumDetectable),
    String(verdict.counts.reference),
    String(verdict.counts.batch),
  ]);
  return [
    report.inWords,
    '',
    textTable(header, rows),
    '',
    ...verdicts.flatMap(verdictText),
    '',
    sideText('reference', report.reference),
    sideText('batch', report.batch),
    ...report.models.map(modelText),
    `settings   alpha ${settings.alpha}, permutations ${settings.permutations}, seed ${settings.seed}, clusters by ${settings.cluster}`,
    `again      ${report.command}`,
  ].join('\n');
}

function stateText({ state, reason }: Verdict): string {
  return state === 'not-evaluable' ? `not evaluable (${reason})` : state;
}

function verdictText({ stream, inWords, state, moved }: Verdict): string[] {
  const lines = moved.slice(0, SHOWN_MOVED).map((one) => {
    const [example] = one.examples;
    return `    ${one.name || 'without rings'}: ${one.effect.name} ${short(one.effect.value)}, ${sidesText(one)}${example ? `, like ${example}` : ''}`;
  });
  return [`${stream}: ${inWords}`, ...(state === 'drift' ? lines : [])];
}

/** Both sides of what moved, by its measure. */
function sidesText({ measure, reference, batch }: Moved): string {
  if (measure === 'compounds') {
    return `${batch} ${batch === 1 ? 'compound' : 'compounds'} in the batch, ${reference} in the reference`;
  }
  return `${measure} ${short(batch)} in the batch, ${short(reference)} in the reference`;
}

function modelText({ endpoint, version, hash, unit }: DriftReport['models'][number]): string {
  return `model      ${endpoint}@${version} (${hash.slice(0, 12)}), ${unit}`;
}

function sideText(side: string, { name, hash, rows, rejected, clusters }: DriftSide): string {
  return `${side.padEnd(10)} ${name} (${hash.slice(0, 12)}): ${rows} compounds in ${clusters} clusters, ${rejected} rejected`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
