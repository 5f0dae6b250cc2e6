import type { RiskLosses } from '../../core/drift.ts';
import { quantile } from '../../statistics/quantile.ts';
import { dayText } from './calendar-day.ts';
import type { DriftCheck } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { numberNames } from './number-names.ts';
import type { LossKind } from './performance-stream.ts';
import type { BatchLabels } from './read-labels.ts';

/** Held-out losses beyond this quantile count as it: a few of a regression are without bound. */
const CAP = 0.99;

/**
 * Losses that have arrived, in [0, 1], for a process that bets on their mean (statistics/betting-martingale.ts).
 * @param referenceLosses  NaN where the reference has no value; float64 [reference rows]
 * @param losses           NaN where no label has arrived; float64 [batch rows]
 * @returns null where no held-out compound has a loss above 0
 */
export function riskLosses(
  { reference, batch }: DriftCheck,
  kind: LossKind['kind'],
  referenceLosses: Float64Array,
  losses: Float64Array,
  { measured }: BatchLabels,
): RiskLosses | null {
  const known = [...referenceLosses.keys()].filter((row) => !Number.isNaN(referenceLosses[row]));
  const sorted = Float64Array.from(known, (row) => referenceLosses[row]).sort();
  const largest = sorted.at(-1) ?? 0;
  if (largest === 0) return null;
  const cap = kind === 'classification' ? 1 : quantile(sorted, CAP) || largest;
  const bounded = (loss: number) => Math.min(1, loss / cap);
  const groups = seriesIn(reference);
  const bySeries = Map.groupBy(known, (row) => groups[row]);
  const means = Array.from(bySeries.values(), (rows) =>
    rows.reduce((sum, row) => sum + bounded(referenceLosses[row]) / rows.length, 0),
  );
  const day = (row: number) => (Number.isNaN(measured[row]) ? Number.POSITIVE_INFINITY : measured[row]);
  const series = seriesIn(batch);
  const arrived = [...losses.keys()]
    .filter((row) => !Number.isNaN(losses[row]))
    // Rows of a batch are in the order of their compounds, which their losses do not decide.
    .sort((i, j) => (day(i) === day(j) ? i - j : day(i) - day(j)))
    .map((row) => ({
      compound: batch.inchikeys[row] || batch.ids[row],
      series: series[row],
      measuredOn: Number.isNaN(measured[row]) ? null : dayText(measured[row]),
      loss: bounded(losses[row]),
    }));
  return { cap, reference: means.reduce((sum, mean) => sum + mean / means.length, 0), arrived };
}

/** What each row belongs together with; itself where rows stand for themselves. */
const seriesIn = ({ clusters, ids }: DriftSample): Int32Array =>
  numberNames(clusters ?? ids.map((_, row) => String(row))).numbers;
