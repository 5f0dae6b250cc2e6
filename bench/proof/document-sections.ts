/** Sections of docs/drift-proof.md on checks: a table from a proof's counts, and only words that hold whatever the counts are. */
import { table } from '../report-table.ts';
import { number, rate } from './document-figures.ts';
import type { ModelNullsProof } from './model-nulls.ts';
import type { NullRates, NullRedrawsProof } from './null-redraws.ts';
import type { PeersProof } from './peers.ts';
import type { PowerProof } from './power.ts';
import type { RealBatch, RealCasesProof } from './real-cases.ts';
import type { UniformityProof } from './uniformity.ts';

const STREAMS = ['chemistry', 'distance', 'descriptors', 'classifier', 'labels'] as const;

export function nullsSection({ settings, designs }: NullRedrawsProof): string {
  const { redraws, alpha, permutations } = settings;
  const row = (title: string, { permuted, streams, check }: NullRates) => [
    title,
    permuted === 'rows' ? 'rows' : `whole ${permuted}s`,
    ...STREAMS.map((stream) => rate(streams[stream])),
    rate(check),
  ];
  const rows = designs.flatMap(({ title, fitting, naive }) => [row(title, fitting), row('', naive)]);
  const most = designs[0]?.rowsOfAHalf;
  return `Real rows are divided again and again (${redraws} times, by tag), and each division is checked with B = ${permutations}: at most ${most} rows a
side, and more in a reference where one part of several goes to the batch. Streams: p <= ${alpha}; a check is an alarm where any
stream's p is at most its part of ${alpha}. Where whole documents or scaffolds go to one side, those are what is exchangeable, and
permuting rows is wrong; where rows are drawn one by one, both are right.

${table(['sides', 'permuted', ...STREAMS, 'whole check'], rows)}`;
}

export function modelNullsSection({ settings, models }: ModelNullsProof): string {
  const { alpha, redraws, batch, permutations } = settings;
  const streams = models[0]?.streams.map(({ stream }) => stream) ?? [];
  const rows = models.flatMap(({ model, trainingRows, testRows, testScaffolds, streams: found, check }) => [
    [
      `${model}: ${trainingRows} training rows, ${testRows} test rows in ${testScaffolds} clusters`,
      'at its part',
      ...found.map(({ atItsPart }) => rate(atItsPart)),
      rate(check),
    ],
    ['', `p <= ${alpha}`, ...found.map(({ atAlpha }) => rate(atAlpha)), ''],
    ['', 'judged', ...found.map(({ judged }) => `${judged} of ${redraws}`), ''],
  ]);
  return `The reference is a shipped model: its training rows, and what models that had not seen them said of each. Batches are ${batch} rows
drawn ${redraws} times from the test rows of its split, with their labels, B = ${permutations}; whole scaffolds are permuted. The test rows are other
scaffolds of the same source, and no nearer null exists for a model; but the split put them there, and one model has one split.
So an interval is of draws from these test rows, not of models or sources. A redraw that is not judged is no alarm (proxies say
so where neither a shift nor sameness is shown).

${table(['model', '', ...streams, 'whole check'], rows)}`;
}

/** Cases whose labels are expected to move, and batches of them whose labels are not. */
const LABELS_MOVE = [
  'cyp3a4-by-year',
  'cyp2d6-by-year',
  'aqsoldb-by-source',
  'microsomal-human-lab',
  'microsomal-rat-lab',
];
const LABELS_STAY = ['cyp3a4-by-year 2010-2011'];

const fires = ({ findings }: RealBatch, streams: readonly string[]): boolean =>
  streams.some((stream) => findings[stream]?.state === 'drift');

function firedOf(batches: readonly RealBatch[], streams: readonly string[]): string {
  return `${batches.filter((batch) => fires(batch, streams)).length} of ${batches.length}`;
}

/** Batches in which none of the streams fires, with their least p; and how many would, were one of them the only test. */
function exceptions(batches: readonly RealBatch[], streams: readonly string[], alpha: number): string {
  const silent = batches.filter((batch) => !fires(batch, streams));
  if (silent.length === 0) return '';
  const least = ({ findings }: RealBatch) => Math.min(...streams.map((stream) => findings[stream]?.p ?? 1));
  const told = silent.map((batch) => `${batch.case} ${batch.part} (least p ${number(least(batch))})`);
  const alone = silent.filter((batch) => least(batch) <= alpha).length;
  return ` Silent: ${told.join(', ')}; ${alone} of these ${silent.length} have a p of at most ${alpha} that is not at most the stream's part of it.`;
}

export function realCasesSection({ settings, batches }: RealCasesProof): string {
  const cell = ({ findings }: RealBatch, stream: string) => {
    const found = findings[stream];
    if (!found) return '';
    if (found.p === null) return found.reason ?? '';
    return found.state === 'drift' ? `**${number(found.p)}**` : number(found.p);
  };
  const rows = batches.map((batch) => [
    `${batch.case}${batch.isNull ? ' (nothing has moved)' : ''}`,
    batch.part,
    `${batch.referenceRows} / ${batch.batchRows}`,
    batch.clusterBy,
    ...STREAMS.map((stream) => cell(batch, stream)),
    batch.bridge ? `${batch.bridge.verdict}, mean ${number(batch.bridge.mean)}` : '',
  ]);
  const isStill = ({ isNull, part }: RealBatch) => isNull || part.endsWith(':0%');
  const moved = batches.filter((batch) => !isStill(batch));
  const still = batches.filter(isStill);
  const ofLabels = moved.filter(
    ({ case: id, part }) => LABELS_MOVE.includes(id) && !LABELS_STAY.includes(`${id} ${part}`),
  );
  const all = [...STREAMS];
  return `p of each stream, B = ${settings.permutations}; bold where it is at most the stream's part of ${settings.alpha}, and a check is an alarm where
any is. What is expected is told in drift-cases.json; \`0:0%\` and \`1:0%\` of library-slow-mix hold no other chemistry.

- Alarms where nothing has moved: ${firedOf(still, all)}.
- Alarms where something has: ${firedOf(moved, all)}.${exceptions(moved, all, settings.alpha)}
- Of those, chemistry or the classifier fires in ${firedOf(moved, ['chemistry', 'classifier'])}.${exceptions(moved, ['chemistry', 'classifier'], settings.alpha)}
- Where labels are expected to move, their stream fires in ${firedOf(ofLabels, ['labels'])}.${exceptions(ofLabels, ['labels'], settings.alpha)}

${table(['case', 'batch', 'rows', 'cluster', ...STREAMS, 'same compounds'], rows)}`;
}

export function powerSection({ settings, curves, bridge }: PowerProof): string {
  const parts = curves.map(({ shift, points }) => {
    const streams = Object.keys(points[0]?.atItsPart ?? {});
    const rows = points.map(({ rows, atItsPart }) => [
      String(rows),
      ...streams.map((stream) => rate(atItsPart[stream])),
    ]);
    return `Shift: ${shift}.\n\n${table(['rows a side', ...streams], rows)}`;
  });
  const verdicts = ['changed', 'equivalent', 'undecided', 'no-spread'];
  const bridges = (bridge ?? []).map(({ pairs, offset, redraws, verdicts: found }) => [
    String(pairs),
    String(offset),
    ...verdicts.map((verdict) => `${found[verdict] ?? 0} of ${redraws}`),
  ]);
  const bridgePart =
    bridges.length === 0
      ? ''
      : `Bridge compounds: pairs of AqSolDB source files A and D with an offset put in, margin 0.3 log units.\n\n${table(['pairs', 'offset', ...verdicts], bridges)}`;
  return `Share of ${settings.redraws} redraws in which a stream fires at its part of ${settings.alpha}, B = ${settings.permutations}; real
compounds, whole scaffolds permuted. A stream is not meant to see every shift.

${[...parts, bridgePart].filter(Boolean).join('\n')}`;
}

export function peersSection({ settings, batches, nulls, results }: PeersProof): string {
  const firstTrue = 2;
  const rows = results.map(({ detector, stream, falseAlarms, problem }) => {
    const early = stream.slice(0, firstTrue).filter((fired) => fired === true).length;
    const at = stream.findIndex((fired, i) => i >= firstTrue && fired === true);
    const delay =
      at < 0 ? 'never' : `${batches[at].split(':')[1].replace('%', ' %')}, batch ${at + 1 - firstTrue}`;
    const unknown = stream.every((fired) => fired === null);
    return [
      detector,
      unknown ? '' : String(early),
      unknown ? '' : delay,
      ...nulls.map(({ id }) => rate(falseAlarms[id])),
      problem ?? '',
    ];
  });
  const whats = results.map(({ detector, package: name, what }) => `- ${detector} (${name}): ${what}`);
  return `The same rows for all. The stream is library-slow-mix: 5,000 library compounds as the reference, seven batches of 1,000 with
${batches.map((name) => name.split(':')[1].replace('%', ' %')).join(', ')} of natural-product-like compounds; a batch of 0 % that fires is a false alarm, and the delay counts batches from the first
that holds some. Then ${settings.redraws} redraws each of halves in which nothing has moved.

${table(['detector', 'false alarms in 2 batches of 0 %', 'first fires at', ...nulls.map(({ title }) => title), ''], rows)}
${whats.join('\n')}
`;
}

export function uniformitySection({ settings, ...runs }: UniformityProof): string {
  const named = [
    ['rows independent, rows permuted', runs.independent],
    ['rows in series, series permuted', runs.clustered],
    ['rows in series, rows permuted (wrong)', runs.naive],
  ] as const;
  const levels = Object.keys(runs.independent.atMost);
  const rows = named.map(([title, { runs: count, atMost, uniform }]) => [
    title,
    String(count),
    ...levels.map((level) => rate(atMost[level])),
    number(uniform),
  ]);
  return `Difference of means of ${settings.rows} normal rows in ${settings.series} series, half of the variance between series, B = ${settings.permutations}.
The last column is the p-value of the hypothesis that p is uniform, by chi-square over 20 bins.

${table(['', 'runs', ...levels.map((level) => `p <= ${level}`), 'uniform'], rows)}`;
}
