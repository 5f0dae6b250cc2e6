import type { CompoundTrace, TracedPrediction, TracedRejection } from '../core/trace.ts';
import type { LineageTrace } from '../flows/trace-lineage.ts';
import type { TraceNode } from '../flows/trace-node.ts';
import { textTable } from './text-table.ts';

/** Of many alike below one thing so many are shown. */
const MOST_SHOWN = 20;
/** What stands first below a run; the rest in the order of the registry. */
const FIRST = ['input', 'output', 'rejects', 'feature-set', 'contract'];
const HASH = /^[0-9a-f]{64}$/;

/** What something follows from and what follows from it, as two trees. */
export function lineageText({ name, nodes, origins, results, told }: LineageTrace): string {
  const node = nodes.get(name);
  const parents = Map.groupBy(origins, ({ from }) => from);
  const children = Map.groupBy(results, ({ to }) => to);
  const up = tree(nodes, name, (at) => (parents.get(at) ?? []).map(({ to }) => to));
  const down = tree(nodes, name, (at) => (children.get(at) ?? []).map(({ from }) => from));
  return [
    node ? nodeText(node) : name,
    ...(HASH.test(name) ? [`  ${name}`] : []),
    ...(node?.record ? [`  record ${node.record.sequence} of the chain, ${node.recordedAt}`] : []),
    ...(node?.run ? [`  with ${environmentText(node.run.environment)}`] : []),
    ...told.map((line) => `  ${line}`),
    '',
    up.length > 0 ? 'It follows from' : 'It follows from nothing that is recorded.',
    ...up,
    down.length > 0 ? 'What follows from it' : 'Nothing that is recorded follows from it.',
    ...down,
  ].join('\n');
}

function tree(
  nodes: ReadonlyMap<string, TraceNode>,
  root: string,
  next: (name: string) => readonly string[],
): string[] {
  const lines: string[] = [];
  const told = new Set<string>([root]);
  const walk = (name: string, indent: string) => {
    const reached = [...new Set(next(name))].sort((a, b) => place(nodes.get(a)) - place(nodes.get(b)));
    const shown = reached.slice(0, MOST_SHOWN);
    const left = reached.length - shown.length;
    for (const [i, one] of shown.entries()) {
      const isLast = i === shown.length - 1 && left === 0;
      const node = nodes.get(one);
      const isToldAbove = told.has(one) && next(one).length > 0;
      told.add(one);
      const text = node ? nodeText(node) : one;
      lines.push(`${indent}${isLast ? '└─' : '├─'} ${text}${isToldAbove ? ' (see above)' : ''}`);
      if (!isToldAbove) walk(one, `${indent}${isLast ? '   ' : '│  '}`);
    }
    if (left > 0) lines.push(`${indent}└─ and ${left.toLocaleString('en')} more (--json has all)`);
  };
  walk(root, '');
  return lines;
}

function place(node: TraceNode | undefined): number {
  const at = FIRST.indexOf(node?.kind ?? '');
  return at < 0 ? FIRST.length : at;
}

function nodeText({ name, kind, title }: TraceNode): string {
  return `${kind} ${HASH.test(name) ? name.slice(0, 12) : name}  ${title}`;
}

function environmentText(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([what, version]) => `${what} ${version}`)
    .join(', ');
}

/** Every prediction for a compound, by run. */
export function compoundText({ compound, results }: { compound: CompoundTrace; results: number }): string {
  const { query, readings, predictions, rejections, unread, keysMade } = compound;
  const found = [...predictions, ...rejections];
  const runs = Map.groupBy(found, (row) => `${row.run} ${row.input.row}`);
  const lines = [
    `${query.text}  looked for ${readings.map(({ how }) => how).join(', ')}`,
    `${predictions.length} prediction${predictions.length === 1 ? '' : 's'} in ${new Set(found.map(({ run }) => run)).size} of ${results} recorded results`,
    ...(keysMade.length > 0 ? [`${keysMade.length} results were made searchable first`] : []),
  ];
  for (const rows of runs.values()) lines.push('', ...rowLines(rows));
  if (unread.length > 0) lines.push('', 'Results that may hold the compound and cannot be read:');
  for (const { run, finishedAt, reason } of unread.slice(0, MOST_SHOWN)) {
    lines.push(`  run ${run} of ${finishedAt}: ${reason}`);
  }
  const left = unread.length - MOST_SHOWN;
  if (left > 0) lines.push(`  and ${left.toLocaleString('en')} more (--json has all)`);
  return lines.join('\n');
}

function rowLines(rows: readonly (TracedPrediction | TracedRejection)[]): string[] {
  const [{ run, finishedAt, input, inchikey, output, engine, contract }] = rows;
  const lines = [
    `${finishedAt}  run ${run}`,
    `  input    ${input.path} (${input.sha256.slice(0, 12)}), row ${input.row}, id ${input.id}: ${input.text}`,
    `  result   ${output.path} (${output.sha256.slice(0, 12)})${inchikey === null ? '' : `, ${inchikey}`}`,
    `  made by  engine ${engine}, contract ${contract.slice(0, 12)}`,
  ];
  const predictions: TracedPrediction[] = [];
  for (const row of rows) {
    if ('reason' in row) lines.push(`  rejected: ${row.reason}`);
    else predictions.push(row);
  }
  if (predictions.length === 0) return lines;
  const header = [
    'model',
    'value',
    'interval',
    'percentile',
    'domain',
    'nearest',
    'measured',
    'device',
    'notes',
  ];
  const table = textTable(header, predictions.map(predictionCells));
  return [...lines, ...table.split('\n').map((line) => `  ${line}`)];
}

function predictionCells(prediction: TracedPrediction): string[] {
  const { model, unit, value, low, high, percentile, inDomain, nearest, device } = prediction;
  const notes = [
    ...(prediction.state === null ? [] : [prediction.state]),
    ...(model.released === false ? ['not the released one'] : []),
    ...(model.lowEvidence ? ['low evidence'] : []),
    ...(model.calibrated ? [] : ['uncalibrated']),
  ];
  return [
    `${model.endpoint}@${model.version} (${model.artifact.slice(0, 8)})`,
    value === null ? 'none' : `${figure(value)} ${unit}`,
    low === null || high === null ? '' : `${figure(low)} to ${figure(high)}`,
    percentile === null ? '' : figure(percentile),
    inDomain ? 'inside' : 'outside',
    `${figure(nearest.similarity)} ${nearest.inchikey ?? 'no key'}`,
    nearest.value === null ? '' : `${figure(nearest.value)} ${unit}`,
    device,
    notes.join(', '),
  ];
}

function figure(value: number): string {
  return Number(value.toPrecision(4)).toString();
}
