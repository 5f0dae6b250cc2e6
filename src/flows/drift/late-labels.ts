import type { DriftFigures, DriftPlots } from '../../core/drift.ts';
import { delayDependence } from '../../statistics/delay-dependence.ts';
import { arrivedShare, type DelayCurve, kaplanMeier } from '../../statistics/kaplan-meier.ts';
import { forecastMaturity, labelMaturity } from '../../statistics/label-maturity.ts';
import { type WeightedError, weightedError } from '../../statistics/weighted-error.ts';
import { dayText } from './calendar-day.ts';
import type { DriftCheck } from './drift-check.ts';
import { numberNames } from './number-names.ts';
import type { BatchLabels } from './read-labels.ts';
import { figure } from './verdict.ts';

/** A batch is judged once so many of its labels are expected to have arrived. */
export const LEAST_MATURITY = 0.8;
/** Submissions are compared within so many days: only short delays of late submissions have arrived. */
const STRATUM_DAYS = 30;
/** With fewer arrived delays it is not tested whether the loss depends on them. */
const LEAST_DELAYS = 20;

/** How labels arrive, by the dates that are told. */
export interface Delays {
  readonly curve: DelayCurve;
  /** Days from submission to the label, or to the day the file was written. */
  readonly times: Float64Array;
  /** Share of the submitted compounds' labels that is expected to be there. */
  readonly maturity: number;
  /** Day since 1970 on which LEAST_MATURITY is reached; null where the delays seen so far do not tell. */
  readonly matureOn: number | null;
  /** The same in words. */
  readonly forecast: string;
}

/** The delay of labels by the dates that are told; null where no submission is. */
export function delaysOf({ values, submitted, measured, latest }: BatchLabels): Delays | null {
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
    matureOn: forecast.at,
    forecast:
      forecast.at === null
        ? `by the delays seen so far no more than ${figure(100 * forecast.reaches)} % will come`
        : `expected on ${dayText(forecast.at)}`,
  };
}

/** @returns at 0 and at each delay after which a label came */
export function maturityCurve({ curve, times: waited }: Delays): DriftPlots['maturity'] {
  const steps = Array.from(curve.times, (days, i) => ({ days, arrived: curve.shares[i] }));
  return [{ days: 0, arrived: 0 }, ...steps].map(({ days, arrived }) => {
    return { days, arrived, atRisk: waited.filter((time) => time >= days).length };
  });
}

/**
 * The error of the whole batch, labels weighted by the chance that they had to have arrived by now.
 * @param selectionWeights  of each row, inverse probability of having been chosen for the assay; 1 when not said
 */
export function weigh(
  { batch }: DriftCheck,
  losses: Float64Array,
  { submitted, latest }: BatchLabels,
  delays: Delays | null,
  selectionWeights?: Float64Array,
): WeightedError {
  const arrived = Uint8Array.from(losses, (value) => (Number.isNaN(value) ? 0 : 1));
  const shares = Float64Array.from(submitted, (day) =>
    delays && !Number.isNaN(day) ? arrivedShare(delays.curve, latest - day) : 1,
  );
  const groups = numberNames(batch.clusters ?? batch.ids.map((_, row) => String(row))).numbers;
  return weightedError(losses, arrived, shares, { groups, ...(selectionWeights && { selectionWeights }) });
}

/** Whether labels that came late err otherwise than those that came early. */
export interface LateLoss {
  /** 1 where all delays are equal, null where it was not tested. */
  readonly p: number | null;
  /** Above 0 where late labels err more; NaN without a test. */
  readonly correlation: number;
}

/** Tests whether the loss depends on the delay, where enough labels have both of their days. */
export function lateLoss({ settings }: DriftCheck, losses: Float64Array, labels: BatchLabels): LateLoss {
  const rows = Uint32Array.from(losses.keys()).filter(
    (row) => !Number.isNaN(losses[row] + labels.submitted[row] + labels.measured[row]),
  );
  if (rows.length < LEAST_DELAYS) return { p: null, correlation: Number.NaN };
  const of = (values: (row: number) => number) => Float64Array.from(rows, values);
  const delays = of((row) => labels.measured[row] - labels.submitted[row]);
  const { p, correlation } = delayDependence(
    delays,
    of((row) => losses[row]),
    {
      seed: settings.seed,
      permutations: settings.permutations,
      strata: of((row) => Math.floor(labels.submitted[row] / STRATUM_DAYS)),
    },
  );
  if (!Number.isNaN(p)) return { p, correlation };
  return { p: delays.every((delay) => delay === delays[0]) ? 1 : null, correlation: Number.NaN };
}

/** What a policy reads of the labels; null where none has arrived and none was submitted. */
export function labelFigures(
  delays: Delays | null,
  { labels, effectiveSampleSize }: WeightedError,
  late: LateLoss,
): DriftFigures['labels'] {
  if (delays === null && labels === 0) return null;
  const matureOn = delays?.matureOn ?? null;
  return {
    maturity: delays?.maturity ?? 1,
    effectiveLabels: effectiveSampleSize,
    delayP: late.p,
    matureOn: matureOn === null ? null : `${dayText(matureOn)}T00:00:00.000Z`,
  };
}
