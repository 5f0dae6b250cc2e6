/** Sections of docs/drift-proof.md on looking every day. */
import { table } from '../report-table.ts';
import { rate } from './document-figures.ts';
import type { MonitorProof } from './monitor.ts';
import type { AlarmCount, SequentialProof } from './sequential.ts';

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

Planned looks are proven here as arithmetic: their p-values are drawn uniform, as those of a right test are, and not made by a test.

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
  const { alpha, redraws, reference, stream, pool } = settings;
  const rows = looksOf.map(({ compounds, looks, still, firstAlarm }) => [
    String(compounds),
    String(looks),
    rate(still.rows),
    rate(still.scaffolds),
    Object.entries(firstAlarm)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name.replace(/^\d:/, '').replace('%', ' %')}: ${count}`)
      .join(', '),
  ]);
  return `The sequential test of distances as \`assayer monitor replay\` runs it, alpha ${alpha} for the whole stream. Of ${redraws} still streams each,
the reference (${reference} rows), its held-out half and the stream (${stream} rows) are drawn anew from ${pool} library compounds, by row and
by whole scaffold: an interval is of draws from this pool. Then library-slow-mix (seven batches of 1,000, shuffled within each)
against 5,000 library compounds, whose held-out half is drawn anew: by the share of natural-product-like compounds in the batch
of the first alarm.

${table(['compounds a look', 'looks', 'still streams with any alarm, rows drawn', 'scaffolds drawn', 'slow mix, batch of the first alarm'], rows)}`;
}
