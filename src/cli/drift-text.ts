import {
  type DriftFigure,
  type DriftReport,
  type DriftSide,
  type Moved,
  STREAM_NAMES,
  type Verdict,
} from '../core/drift.ts';
import { unitAlone } from '../core/endpoint.ts';
import { textTable } from './text-table.ts';

const SHOWN_MOVED = 5;

/** A drift report as a person reads it in a terminal: the verdict first. */
export function driftText(report: DriftReport): string {
  const { settings, verdicts } = report;
  const header = ['stream', 'state', 'p', 'effect', 'would be found', 'reference', 'batch'];
  const rows = verdicts.map((verdict) => [
    STREAM_NAMES[verdict.stream],
    stateText(verdict),
    pText(verdict),
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

/** p beside what it was compared with. */
function pText({ p, alpha }: Verdict): string {
  return p === null ? '' : `${short(p)} (of ${short(alpha)})`;
}

function stateText({ state, reason }: Verdict): string {
  return state === 'not-evaluable' ? `not evaluable (${reason})` : state;
}

function verdictText({ stream, inWords, state, moved, figures = [] }: Verdict): string[] {
  const lines = moved.slice(0, SHOWN_MOVED).map((one) => {
    const [example] = one.examples;
    return `    ${one.name || 'without rings'}: ${one.effect.name} ${short(one.effect.value)}, ${sidesText(one)}${example ? `, like ${example}` : ''}`;
  });
  return [
    `${STREAM_NAMES[stream]}: ${inWords}`,
    ...(state === 'drift' ? lines : []),
    ...figures.map((one) => `    ${figureText(one)}`),
  ];
}

/** A figure with its interval, where it has one, and what it is from. */
function figureText({ name, value, unit, low, high, n }: DriftFigure): string {
  const interval = low === undefined || high === undefined ? '' : ` (${short(low)} to ${short(high)})`;
  const brief = unitAlone(unit);
  return `${name} ${short(value)}${interval}${brief && ` ${brief}`}, n = ${n}`;
}

/** Both sides of what moved, by its measure. */
function sidesText({ measure, reference, batch, unit }: Moved): string {
  const [before, scale] = [
    reference === null ? 'not known' : short(reference),
    unit ? ` ${unitAlone(unit)}` : '',
  ];
  if (measure === 'compounds') {
    return `${batch} ${batch === 1 ? 'compound' : 'compounds'} in the batch, ${before} in the reference`;
  }
  return `${measure} ${short(batch)} in the batch, ${before} in the reference${scale}`;
}

function modelText({ endpoint, version, hash, unit }: DriftReport['models'][number]): string {
  return `model      ${endpoint}@${version} (${hash.slice(0, 12)}), ${unit}`;
}

function sideText(side: string, { name, hash, how, rows, rejected, clusters }: DriftSide): string {
  const size = `${rows} ${rows === 1 ? 'compound' : 'compounds'} in ${clusters} ${clusters === 1 ? 'cluster' : 'clusters'}`;
  return `${side.padEnd(10)} ${name} (${hash.slice(0, 12)}): ${size}, ${rejected} rejected${how ? `; ${how}` : ''}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
