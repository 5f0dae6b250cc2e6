import type { ConformalCalibration } from '../../core/artifact.ts';
import { DISTANCE_EDGES } from '../../core/distance-edges.ts';
import type { CheckResult, Measurement } from '../../core/release.ts';
import type { ReleasePolicy } from '../../core/release-policy.ts';
import { calibrationError } from '../../statistics/calibration-error.ts';
import { clopperPearson } from '../../statistics/clopper-pearson.ts';
import type { ScoredRows } from '../evaluate.ts';
import { halfWidth } from '../predict.ts';
import { type CoverageBin, coverageBins } from './coverage-bins.ts';
import { figure, type GateInput, judged, measured, notMeasured, percent } from './gate-input.ts';

/** Intervals hold what they promise, overall and near and far from training; probabilities are frequencies; no bias. */
export function checkCalibration({ candidate, policy }: GateInput): CheckResult {
  const { scored, unscored } = candidate;
  if (!scored) return notMeasured('calibration', unscored);
  const { manifest } = scored.artifact;
  const { calibration, endpoint } = manifest;
  const bounds = policy.calibration;
  const bias = biasOf(scored.rows, endpoint.kind, bounds.maxBias);
  if (endpoint.kind === 'classification') {
    const measurements = [probabilities(scored.rows, bounds), bias];
    return judged(
      'calibration',
      measurements,
      wordsOf(measurements, 'Probabilities are frequencies within the policy.'),
    );
  }
  if (calibration.kind !== 'conformal') {
    return notMeasured(
      'calibration',
      'the model gives no intervals, so nobody can see how wrong a prediction may be',
    );
  }
  const measurements = [promise(calibration, bounds), ...coverage(scored.rows, calibration, bounds), bias];
  return judged(
    'calibration',
    measurements,
    wordsOf(measurements, 'Intervals hold what they promise within the policy.'),
    {
      promised: calibration.coverage,
      spread: calibration.spread,
    },
  );
}

function wordsOf(measurements: readonly Measurement[], fine: string): string {
  const failed = measurements.filter(({ holds }) => !holds);
  if (failed.length === 0) return fine;
  return `Out of the policy: ${failed.map(({ name, value, bound }) => `${name} is ${value}, it must be ${bound}`).join('; ')}.`;
}

/** Intervals that promise less hold more easily, and users read all as the same. */
function promise({ coverage }: ConformalCalibration, bounds: ReleasePolicy['calibration']): Measurement {
  const bound = `${bounds.coverage}, as the policy has it`;
  return measured('coverage that the intervals promise', coverage, bound, coverage === bounds.coverage);
}

/**
 * Overall, where chance is allowed for by the exact binomial interval, and far and near by coverageBins: in the bins that
 * the model is calibrated in, and in those that are the same for all, since whoever makes a model cuts its own.
 */
function coverage(
  rows: ScoredRows,
  calibration: ConformalCalibration,
  bounds: ReleasePolicy['calibration'],
): Measurement[] {
  const { actual, predicted, similarities, spreads } = rows;
  const isInside = Array.from(
    actual,
    (value, i) => Math.abs(value - predicted[i]) <= halfWidth(calibration, similarities[i], spreads[i]),
  );
  const share = (which: readonly number[]) => {
    const inside = which.filter((i) => isInside[i]).length;
    const [low, high] = clopperPearson(inside, which.length);
    return { value: inside / which.length, low, high };
  };
  const all = [...isInside.keys()];
  const overall = share(all);
  const { coverageFrom, coverageTo, binCoverage, binRows } = bounds;
  const promised = `${percent(calibration.coverage)} intervals`;
  const ofBin = (bin: CoverageBin, cut: string): Measurement => {
    const { value, low, high } = share(bin.rows);
    const range = Number.isFinite(bin.to)
      ? `${bin.from.toFixed(2)} to ${bin.to.toFixed(2)}`
      : `${bin.from.toFixed(2)} and above`;
    const bound = bin.judged ? `at least ${binCoverage}` : `reported (under ${binRows} rows)`;
    return measured(
      `coverage at similarity ${range}${cut}`,
      value,
      `${bound}; ${bin.rows.length} rows, binomial ${figure(low)} to ${figure(high)}`,
      !bin.judged || value >= binCoverage,
    );
  };
  const own = coverageBins(similarities, calibration.edges, binRows);
  const fixed = coverageBins(similarities, DISTANCE_EDGES, binRows);
  return [
    measured(
      `coverage of ${promised}`,
      overall.value,
      `${coverageFrom} to ${coverageTo} within its binomial interval (${figure(overall.low)} to ${figure(overall.high)})`,
      overall.high >= coverageFrom && overall.low <= coverageTo,
    ),
    ...own.map((bin) => ofBin(bin, '')),
    ...fixed.map((bin) => ofBin(bin, ' (fixed bins)')),
  ];
}

function probabilities({ actual, predicted }: ScoredRows, bounds: ReleasePolicy['calibration']): Measurement {
  const { maxError, errorRows, maxErrorOfFew } = bounds;
  const limit = actual.length >= errorRows ? maxError : maxErrorOfFew;
  const { debiased } = calibrationError(actual, predicted);
  return measured(
    'debiased calibration error',
    debiased,
    `at most ${limit} (${actual.length} rows)`,
    debiased <= limit,
  );
}

/** A wrong unit or a scale that was read wrongly moves all predictions to one side. */
function biasOf(
  { actual, predicted }: ScoredRows,
  kind: 'regression' | 'classification',
  maxBias: number,
): Measurement {
  const n = actual.length;
  const mean = actual.reduce((sum, value) => sum + value, 0) / n;
  const bias = predicted.reduce((sum, value, i) => sum + value - actual[i], 0) / n;
  const deviation = Math.sqrt(actual.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n);
  const what = kind === 'regression' ? 'measurement' : 'outcome';
  return measured(
    `mean of prediction minus ${what}, in standard deviations`,
    bias / deviation,
    `within ${maxBias} of 0 (${figure(bias)} on the modelled scale)`,
    Math.abs(bias / deviation) <= maxBias,
  );
}
