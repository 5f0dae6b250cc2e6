import type { CheckResult } from '../../core/release.ts';
import { figure, type GateInput, judged, measured, notMeasured, reported } from './gate-input.ts';
import { LOSSES } from './losses.ts';
import { pairedLoss } from './paired-loss.ts';

/**
 * The model beats what costs nothing: the best constant answer for the evaluation rows (their own median, or their share
 * of positives: no constant of the training set can be better), and the mean of the five nearest training compounds. The
 * upper end of the paired 95 % interval of the difference must lie below 0.
 * @param nearest  answers of the nearest training compounds; null where the artifact names none
 */
export function checkBaseline({ candidate }: GateInput, nearest: Float64Array | null): CheckResult {
  const { scored, unscored } = candidate;
  if (!scored) return notMeasured('baseline', unscored);
  const { kind } = scored.artifact.manifest.endpoint;
  const { actual, predicted, groups } = scored.rows;
  const constant = kind === 'classification' ? mean(actual) : median(actual);
  const baselines: [name: string, answers: Float64Array][] = [
    ['the best constant answer', actual.map(() => constant)],
    ...(nearest ? [['the five nearest training compounds', nearest] as [string, Float64Array]] : []),
  ];
  const measurements = baselines.flatMap(([name, answers]) =>
    LOSSES[kind].map((loss) => {
      const found = pairedLoss(loss, actual, predicted, answers, groups);
      const { value, low, high } = found.difference;
      const bound = `95 % interval (${figure(low)} to ${figure(high)}) below 0`;
      return {
        ...measured(`${loss.name}, difference to ${name}`, value, bound, high < 0),
        own: figure(found.own),
        other: figure(found.other),
      };
    }),
  );
  const beaten = measurements
    .filter(({ holds }) => !holds)
    .map(({ name, own, other }) => `${name} (${own} against ${other})`);
  const words =
    beaten.length > 0
      ? `The model is not surely better than what costs nothing: ${beaten.join('; ')}.`
      : `Better than the best constant answer${nearest ? ' and than the mean of the five nearest training compounds' : ''} on ${actual.length} rows.`;
  const none = nearest ? [] : [reported('training compounds to compare with', 'none')];
  return judged('baseline', [...measurements, ...none], words, { constant: figure(constant) });
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
