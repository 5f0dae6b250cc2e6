import type { Verdict } from '../../core/drift.ts';
import { unitAlone } from '../../core/endpoint.ts';
import { confidenceBasedEstimate } from '../../statistics/confidence-based.ts';
import { directLossEstimate } from '../../statistics/direct-loss.ts';
import { nearestDistances } from '../../statistics/nearest-distance.ts';
import { LEAST_COVERAGE, type Suppression } from '../../statistics/suppression.ts';
import type { DriftCheck } from './drift-check.ts';
import type { ModelAnswers } from './model-answers.ts';
import { numberNames } from './number-names.ts';
import type { LossKind } from './performance-stream.ts';
import type { TrainingDistances } from './training-distances.ts';
import { figure, notJudged } from './verdict.ts';

const TESTS = {
  classification: 'confidence-based estimate of the Brier score from calibrated probabilities',
  regression: 'direct loss estimate from distance and prediction, cross-fitted by cluster',
} as const;

/**
 * What to expect of the model on this batch before labels arrive; withheld where too much of it lies outside the domain.
 * It takes the model at its word, so it is a forecast and no test: it never says that something has drifted.
 */
export function estimateStream(
  check: DriftCheck,
  loss: LossKind,
  referenceLosses: Float64Array,
  reference: ModelAnswers,
  batch: ModelAnswers,
  distances: Pick<TrainingDistances, 'calibration' | 'batch'>,
): Verdict {
  const test = TESTS[loss.kind];
  if (distances.batch.length === 0) {
    return notJudged(check, 'estimate', test, 'too-few-compounds', 'none is left to expect an error of');
  }
  const domainCoverage = nearestDistances(distances.calibration, distances.batch).coverage.share;
  const known = [...referenceLosses.keys()].filter((row) => !Number.isNaN(referenceLosses[row]));
  const before = known.reduce((sum, row) => sum + referenceLosses[row], 0) / known.length;
  const found =
    loss.kind === 'classification'
      ? brierOf(check, batch, domainCoverage)
      : lossOf(check, known, referenceLosses, reference, batch, domainCoverage);
  if (found.suppressed !== null) return withheld(check, test, found);
  const { expected, low, high } = found;
  const { settings, streamAlpha } = check;
  const scale = loss.unit ? ` ${unitAlone(loss.unit)}` : '';
  return {
    stream: 'estimate',
    state: 'forecast',
    inWords: `A ${loss.name} of ${figure(expected)} (${figure(low)} to ${figure(high)})${scale} is expected of this batch; on held-out compounds it was ${figure(before)}. This forecast takes what the model says of itself for true, and compounds for independent; it tests nothing, and labels must confirm it.`,
    test,
    effect: { name: `expected ${loss.name}`, value: expected, unit: loss.unit, low, high },
    p: null,
    alpha: streamAlpha,
    counts: { reference: known.length, batch: batch.values.length, units: batch.values.length },
    minimumDetectable: null,
    nullHypothesis: 'none',
    permutations: 0,
    seed: settings.seed,
    moved: [],
  };
}

type Expected =
  | { readonly suppressed: null; readonly expected: number; readonly low: number; readonly high: number }
  | Suppression;

function brierOf({ settings }: DriftCheck, { values }: ModelAnswers, domainCoverage: number): Expected {
  const estimate = confidenceBasedEstimate(values, { domainCoverage, seed: settings.seed });
  return estimate.suppressed === null ? { suppressed: null, ...estimate.brier } : estimate;
}

function lossOf(
  { reference: sample }: DriftCheck,
  known: readonly number[],
  losses: Float64Array,
  reference: ModelAnswers,
  batch: ModelAnswers,
  domainCoverage: number,
): Expected {
  const features = ({ similarities, values }: ModelAnswers, rows: Iterable<number>) =>
    Float64Array.from([...rows].flatMap((row) => [1 - similarities[row], values[row]]));
  const groups = numberNames(known.map((row) => sample.clusters?.[row] ?? String(row))).numbers;
  const labelled = {
    features: features(reference, known),
    width: 2,
    losses: Float64Array.from(known, (row) => losses[row]),
    groups,
  };
  const estimate = directLossEstimate(labelled, features(batch, batch.values.keys()), { domainCoverage });
  return estimate.suppressed === null
    ? { suppressed: null, expected: estimate.loss, low: estimate.low, high: estimate.high }
    : estimate;
}

function withheld(check: DriftCheck, test: string, found: Suppression): Verdict {
  if (found.suppressed === 'outside-domain') {
    const problem = `${figure(100 * found.domainCoverage)} % lie within it, and ${100 * LEAST_COVERAGE} % are needed, since an estimate from the model's own confidence is wrong beyond`;
    return notJudged(check, 'estimate', test, 'outside-domain', problem);
  }
  const problem = `${found.found} groups are there, and ${found.needed} are needed`;
  return notJudged(check, 'estimate', test, 'too-few-compounds', problem);
}
