import type { DriftPlots, Verdict } from '../../core/drift.ts';
import { clopperPearson } from '../../statistics/clopper-pearson.ts';
import { delayDependence } from '../../statistics/delay-dependence.ts';
import { arrivedShare, type DelayCurve, kaplanMeier } from '../../statistics/kaplan-meier.ts';
import { forecastMaturity, labelMaturity } from '../../statistics/label-maturity.ts';
import { permutationTest } from '../../statistics/permutation-test.ts';
import { reliability } from '../../statistics/reliability-bins.ts';
import { weightedError } from '../../statistics/weighted-error.ts';
import { dayText } from './calendar-day.ts';
import type { DriftCheck } from './drift-check.ts';
import { meanShift } from './mean-shift.ts';
import { numberNames } from './number-names.ts';
import type { BatchLabels } from './read-labels.ts';
import { joined } from './tested-columns.ts';
import { detectableEffect, figure, judged, notJudged, poolJudgeable, wouldBeFound } from './verdict.ts';

const TEST =
  'mean loss of arrived labels against held-out losses of the reference, one-sided, by permutation';
/** A batch is judged once so many of its labels are expected to have arrived. */
const LEAST_MATURITY = 0.8;
/** Submissions are compared within so many days: only short delays of late submissions have arrived. */
const STRATUM_DAYS = 30;
const BINS = 10;

/** What the loss is called, and its unit. */
export interface LossKind {
  readonly kind: 'regression' | 'classification';
  readonly name: string;
  readonly unit: string;
}

/**
 * Whether the model errs more on the batch than on compounds that were held out when it was made.
 * @param referenceLosses  NaN where the reference has no value; float64 [reference rows]
 * @param predicted        of the batch; modelled scale, or probabilities
 */
export function performanceStream(
  check: DriftCheck,
  loss: LossKind,
  referenceLosses: Float64Array,
  predicted: Float64Array,
  labels: BatchLabels,
): { verdict: Verdict; plots: Pick<DriftPlots, 'maturity' | 'reliability'> } {
  const losses = predicted.map((value, row) =>
    lossOf(loss.kind, value, labels.values[row], labels.relations[row]),
  );
  const arrived = Uint32Array.from(losses.keys()).filter((row) => !Number.isNaN(losses[row]));
  const known = Uint32Array.from(referenceLosses.keys()).filter((row) => !Number.isNaN(referenceLosses[row]));
  const delays = delaysOf(labels);
  const plots = {
    maturity: delays ? maturityCurve(delays) : [],
    reliability: loss.kind === 'classification' ? reliabilityOf(predicted, labels.values, arrived) : [],
  };
  const refuse = (verdict: Verdict) => ({ verdict, plots });
  const notes = notesOn(labels, arrived);
  if (delays && !(delays.maturity >= LEAST_MATURITY)) {
    const problem = `${figure(100 * delays.maturity)} % of those submitted are expected to be there, and ${100 * LEAST_MATURITY} % are needed; ${delays.forecast}`;
    return refuse(withNotes(notJudged(check, 'performance', TEST, 'labels-immature', problem), notes));
  }
  const asked = poolJudgeable(check, 'performance', TEST, { reference: known, batch: arrived });
  if ('refused' in asked) return refuse(withNotes(asked.refused, notes));
  const { pooled } = asked;
  const values = joined(
    Float64Array.from(known, (row) => referenceLosses[row]),
    Float64Array.from(arrived, (row) => losses[row]),
  );
  const test = permutationTest(pooled.labels, (sides) => meanShift(values, sides));
  const detectable = detectableEffect(test.values, check.streamAlpha);
  const weighted = weigh(check, losses, labels, delays);
  const before = values.subarray(0, known.length).reduce((sum, value) => sum + value, 0) / known.length;
  const told = `${loss.name} ${figure(weighted.error)} (${figure(weighted.low)} to ${figure(weighted.high)}) from ${arrived.length} labels, effectively ${figure(weighted.effectiveSampleSize)}; on held-out compounds ${figure(before)}`;
  const caution = cautionOf(check, losses, labels);
  const verdict = judged(check, pooled, {
    stream: 'performance',
    test: TEST,
    effect: { name: `${loss.name} beyond held-out compounds`, value: test.observed, unit: loss.unit },
    p: test.p,
    detectable,
    moved: [],
    words: {
      drift: `The model errs more than it did: ${told}.${caution}`,
      steady: `The model was not seen to err more than it did (p ${figure(test.p)}): ${told}. ${wouldBeFound(detectable, (value) => `${value} more`)}${caution}`,
    },
  });
  return { verdict: withNotes(verdict, notes), plots };
}

/** What a reader of the verdict must know about the labels behind it; '' where nothing. */
function notesOn({ unmatched, revised, relations }: BatchLabels, arrived: Uint32Array): string {
  const bounds = arrived.filter((row) => relations[row] !== 0).length;
  return [
    bounds > 0 && ` ${bounds} of the labels are bounds, whose error is at least what is counted.`,
    revised > 0 && ` ${revised} were revised; the value measured last counts.`,
    unmatched > 0 && ` ${unmatched} rows of the labels are of no compound of the batch.`,
  ]
    .filter(Boolean)
    .join('');
}

function withNotes(verdict: Verdict, notes: string): Verdict {
  return { ...verdict, inWords: verdict.inWords + notes };
}

/** Loss of one answer; of a bound, how far the answer lies on its wrong side. */
function lossOf(kind: LossKind['kind'], predicted: number, label: number, relation: number): number {
  if (kind === 'classification') return (predicted - label) ** 2;
  if (relation === 0) return Math.abs(predicted - label);
  return Math.max(0, relation < 0 ? predicted - label : label - predicted);
}

interface Delays {
  readonly curve: DelayCurve;
  /** Days from submission to the label, or to the day the file was written. */
  readonly times: Float64Array;
  readonly maturity: number;
  /** When the batch will be mature, in words. */
  readonly forecast: string;
}

/** The delay of labels by the dates that are told; null where no submission is. */
function delaysOf({ values, submitted, measured, latest }: BatchLabels): Delays | null {
  const rows = Uint32Array.from(submitted.keys()).filter((row) => !Number.isNaN(submitted[row]));
  if (rows.length === 0) return null;
  const hasCome = (row: number) => !Number.isNaN(values[row]) && !Number.isNaN(measured[row]);
  const times = Float64Array.from(rows, (row) => (hasCome(row) ? measured[row] : latest) - submitted[row]);
  const curve = kaplanMeier(
    times,
    Uint8Array.from(rows, (row) => (hasCome(row) ? 1 : 0)),
  );
  const dates = Float64Array.from(rows, (row) => submitted[row]);
  const { maturity } = labelMaturity(curve, dates, latest);
  const forecast = forecastMaturity(curve, dates, LEAST_MATURITY);
  return {
    curve,
    times,
    maturity,
    forecast:
      forecast.at === null
        ? `by the delays seen so far no more than ${figure(100 * forecast.reaches)} % will come`
        : `expected on ${dayText(forecast.at)}`,
  };
}

/** @returns at 0 and at each delay after which a label came */
function maturityCurve({ curve, times: waited }: Delays): DriftPlots['maturity'] {
  const steps = Array.from(curve.times, (days, i) => ({ days, arrived: curve.shares[i] }));
  return [{ days: 0, arrived: 0 }, ...steps].map(({ days, arrived }) => {
    return { days, arrived, atRisk: waited.filter((time) => time >= days).length };
  });
}

/** The error of the whole batch, labels weighted by the chance that they had to have arrived by now. */
function weigh(
  { batch }: DriftCheck,
  losses: Float64Array,
  { submitted, latest }: BatchLabels,
  delays: Delays | null,
): ReturnType<typeof weightedError> {
  const arrived = Uint8Array.from(losses, (value) => (Number.isNaN(value) ? 0 : 1));
  const shares = Float64Array.from(submitted, (day) =>
    delays && !Number.isNaN(day) ? arrivedShare(delays.curve, latest - day) : 1,
  );
  const groups = numberNames(batch.clusters ?? batch.ids.map((_, row) => String(row))).numbers;
  return weightedError(losses, arrived, shares, { groups });
}

/** A caution where the labels that came late err otherwise than those that came early. */
function cautionOf({ settings, streamAlpha }: DriftCheck, losses: Float64Array, labels: BatchLabels): string {
  const rows = Uint32Array.from(losses.keys()).filter(
    (row) => !Number.isNaN(losses[row] + labels.submitted[row] + labels.measured[row]),
  );
  if (rows.length < 20) return '';
  const of = (values: (row: number) => number) => Float64Array.from(rows, values);
  const { p, correlation } = delayDependence(
    of((row) => labels.measured[row] - labels.submitted[row]),
    of((row) => losses[row]),
    {
      seed: settings.seed,
      permutations: settings.permutations,
      strata: of((row) => Math.floor(labels.submitted[row] / STRATUM_DAYS)),
    },
  );
  if (!(p <= streamAlpha)) return '';
  const direction = correlation > 0 ? 'more' : 'less';
  return ` Caution: labels that take longer err ${direction} (p ${figure(p)}), so the error of those still out may differ.`;
}

function reliabilityOf(
  predicted: Float64Array,
  values: Float64Array,
  arrived: Uint32Array,
): DriftPlots['reliability'] {
  if (arrived.length === 0) return [];
  const of = (from: Float64Array) => Float64Array.from(arrived, (row) => from[row]);
  const { bins } = reliability(of(values), of(predicted), { layout: 'equal-mass', bins: BINS });
  return bins.map(({ count, meanProbability, meanLabel }) => {
    const [low, high] = clopperPearson(Math.round(meanLabel * count), count);
    return { mean: meanProbability, observed: meanLabel, low, high, rows: count };
  });
}
