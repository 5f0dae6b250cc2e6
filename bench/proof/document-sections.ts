/** Each section of docs/drift-proof.md: a table from a proof's counts, and only words that hold whatever the counts are. */
import { table } from '../report-table.ts';
import type { LateLabelsProof } from './late-labels.ts';
import type { MonitorProof } from './monitor.ts';
import type { AlarmRate, NullRates, NullRedrawsProof } from './null-redraws.ts';
import type { PeersProof } from './peers.ts';
import type { PowerProof } from './power.ts';
import type { RealBatch, RealCasesProof } from './real-cases.ts';
import type { AlarmCount, SequentialProof } from './sequential.ts';
import type { SuppressionProof } from './suppression.ts';
import type { UniformityProof } from './uniformity.ts';

const STREAMS = ['chemistry', 'distance', 'descriptors', 'classifier', 'labels'] as const;

/** `3 of 40 (2 to 20 %)` */
function rate(counted: AlarmRate | null | undefined): string {
  if (!counted) return '';
  const { alarms, redraws, low, high } = counted;
  return `${alarms} of ${redraws} (${percent(low)} to ${percent(high)} %)`;
}

const percent = (share: number) => String(Number((100 * share).toPrecision(2)));
const number = (value: number) => String(Number(value.toPrecision(3)));

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
  return `Halves of real rows are drawn again and again (${redraws} times, by tag, at most ${most} rows each), and each is checked
with B = ${permutations}. Streams: p <= ${alpha}; a check is an alarm where any stream's p is at most its part of ${alpha}. Where
whole documents or scaffolds go to one half, those are what is exchangeable, and permuting rows is wrong; where rows
are drawn one by one, both are right.

${table(['halves', 'permuted', ...STREAMS, 'whole check'], rows)}`;
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

export function lateLabelsSection({ settings, cases }: LateLabelsProof): string {
  const rows = cases.map((one) => [
    String(one.rows),
    `${percent(one.arrived)} %`,
    rate(one.weighted),
    rate(one.withoutGroups),
    rate(one.unweighted),
    number(one.bias),
    number(one.unweightedBias),
  ]);
  return `Simulated batches submitted over ${settings.days} days, delays exponential with mean ${settings.meanDelayDays} days, errors that grow with the day of
submission, groups of ${settings.groupSize} that err alike. How many 95 % intervals hold the true mean error: weighted by the chance that a
label had to arrive, the same with groups taken for independent rows, and the plain mean of what has arrived.

${table(['rows', 'arrived', 'weighted', 'weighted, no groups', 'plain mean', 'bias', 'bias of the plain mean'], rows)}`;
}

export function suppressionSection({ settings, estimates }: SuppressionProof): string {
  const rows = estimates.flatMap(({ estimate, figure, points }) =>
    points.map((point) => [
      `${estimate}: ${figure}`,
      `${percent(point.shareAway)} %`,
      `${percent(point.coverage)} %`,
      rate(point.withheld),
      number(point.meanEstimate),
      number(point.meanTruth),
      rate(point.held),
      rate(point.heldWhereShown),
    ]),
  );
  return `Real compounds and a nearest-neighbour model of the lighter half of them (Ames; logD); batches of ${settings.batch}, a share of
them from the heaviest quarter. How often the engine withholds the estimate, and how often its 95 % interval holds what the labels
then say: were nothing withheld, and where it is shown.

${table(['estimate', 'from away', 'within domain', 'withheld', 'mean estimate', 'mean truth', 'interval holds', 'where shown'], rows)}`;
}

export function sequentialSection({ distances, losses, plannedLooks, settings }: SequentialProof): string {
  const nulls: [string, AlarmCount][] = [
    ['distances, independent compounds', distances.independent],
    ['distances, compounds in series, one of each enters', distances.clusteredRepresentatives],
    ['distances, compounds in series, every one enters (wrong)', distances.clusteredEveryCompound],
    ['losses at the bound', losses.atTheBound],
    ['planned looks, each at its level', plannedLooks.eachAtItsLevel],
    ['planned looks, each at 0.05 (wrong)', plannedLooks.eachAtAlpha],
  ];
  const rows = nulls.map(([title, { streams, looks, alarms }]) => [
    title,
    String(looks),
    `${alarms['0.05']} of ${streams}`,
    alarms['0.01'] === undefined ? '' : `${alarms['0.01']} of ${streams}`,
  ]);
  const found = [
    ...distances.detection.map((one) => ['distances', ...cells(one)]),
    ...losses.detection.map((one) => ['losses', ...cells(one)]),
  ];
  return `Streams without drift, and how many raise any alarm in their whole life; ${settings.compounds} compounds, or ${settings.labels} labels, a look.

${table(['', 'looks', 'alarms at 0.05', 'alarms at 0.01'], rows)}
Streams that drift: shift in standard deviations of the distance, or the mean loss after the change (the bound is ${settings.bound}).

${table(['', 'shift', 'from look', 'found by look 200', 'before the change', 'median delay, looks'], found)}`;
}

function cells(one: SequentialProof['distances']['detection'][number]): string[] {
  const { shift, changeAtLook, detectedByLook200, falseAlarms, streams, medianDelayLooks } = one;
  return [
    String(shift),
    String(changeAtLook),
    `${detectedByLook200} of ${streams}`,
    `${falseAlarms} of ${streams}`,
    medianDelayLooks === null ? 'more than 200' : String(medianDelayLooks),
  ];
}

export function monitorSection({ settings, looksOf }: MonitorProof): string {
  const rows = looksOf.map(({ compounds, still, firstAlarm }) => [
    String(compounds),
    `${still.looks}`,
    rate(still),
    Object.entries(firstAlarm)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name.replace(/^\d:/, '').replace('%', ' %')}: ${count}`)
      .join(', '),
  ]);
  return `The sequential test of distances as \`assayer monitor replay\` runs it, alpha ${settings.alpha} for the whole stream, against 5,000 library
compounds: ${settings.redraws} shuffled streams of other library compounds, and library-slow-mix (seven batches of 1,000, shuffled within
each), by the share of natural-product-like compounds in the batch of its first alarm.

${table(['compounds a look', 'looks', 'streams without drift with any alarm', 'slow mix, batch of the first alarm'], rows)}`;
}
