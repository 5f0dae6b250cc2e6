import type { Verdict } from '../../core/drift.ts';
import { twoSampleEquivalence } from '../../statistics/equivalence-test.ts';
import { permutationTest } from '../../statistics/permutation-test.ts';
import { type ProxyVerdict, proxyVerdict, type ShiftAndEquivalence } from '../../statistics/proxies.ts';
import { NONE_HELD_OUT } from './distance-stream.ts';
import type { DriftCheck, PooledRows } from './drift-check.ts';
import { meanShift } from './mean-shift.ts';
import type { ModelAnswers } from './model-answers.ts';
import { joined } from './tested-columns.ts';
import type { TrainingDistances } from './training-distances.ts';
import { countsOf, figure, notJudged, poolJudgeable } from './verdict.ts';

const TEST =
  'two one-sided tests for equivalence beside a permutation test for a shift, of distance and of confidence';
/** A mean distance to training that differs by less makes no difference. */
const DISTANCE_MARGIN = 0.05;
/** A mean confidence that differs by less than this part of its spread on the reference makes no difference. */
const CONFIDENCE_PART = 0.25;

/** Whether it has moved, or is shown to be the same; and its mean in the batch less that in the reference. */
type Compared = ShiftAndEquivalence & { readonly shift: number };

/** Whether chemistry and confidence have moved together: a proxy for performance that needs no labels. */
export function proxiesStream(
  check: DriftCheck,
  distances: TrainingDistances | null,
  kind: 'regression' | 'classification',
  reference: ModelAnswers,
  batch: ModelAnswers,
): Verdict {
  if (distances === null) return notJudged(check, 'proxies', TEST, 'too-few-compounds', NONE_HELD_OUT);
  if (kind === 'regression' && !(reference.halfWidths && batch.halfWidths)) {
    const problem = 'the model has no intervals, or those of the reference were not kept';
    return notJudged(check, 'proxies', TEST, 'not-measured', problem);
  }
  // Sure is a probability far from 1/2, or a narrow interval.
  const confidence = ({ values, halfWidths }: ModelAnswers, row: number) =>
    halfWidths ? -halfWidths[row] : Math.abs(values[row] - 0.5);
  const held = Float64Array.from(distances.heldOut, (row) => confidence(reference, row));
  const margin = CONFIDENCE_PART * deviation(held);
  if (margin === 0) {
    const problem = 'the model is as sure of every compound of the reference';
    return notJudged(check, 'proxies', TEST, 'not-measured', problem);
  }
  // Either shift alone can raise the alarm: each has half of the stream's alpha.
  const level = check.streamAlpha / 2;
  const asked = poolJudgeable(check, 'proxies', TEST, { reference: distances.heldOut, level });
  if ('refused' in asked) return asked.refused;
  const { pooled } = asked;
  const confidences = joined(
    held,
    batch.values.map((_, row) => confidence(batch, row)),
  );
  const chemistry = compare(pooled, joined(distances.calibration, distances.batch), DISTANCE_MARGIN, level);
  const confident = compare(pooled, confidences, margin, level);
  const verdict = proxyVerdict(confident, chemistry);
  if (verdict === 'not-evaluable') {
    const told = (what: string, { shiftP, equivalenceP }: Compared) =>
      `${what}: p ${figure(shiftP)} for a shift, ${figure(equivalenceP)} for being the same`;
    const problem = `it is shown neither that they have moved nor that they are the same (${told('distance', chemistry)}; ${told('confidence', confident)})`;
    return notJudged(check, 'proxies', TEST, 'too-few-compounds', problem);
  }
  const { state, inWords } = told(verdict, chemistry.shift > 0, confident.shift > 0);
  const { settings } = check;
  return {
    stream: 'proxies',
    state,
    inWords,
    test: TEST,
    effect: { name: 'shift of the mean confidence', value: confident.shift, unit: '' },
    p: Math.min(1, 2 * Math.min(chemistry.shiftP, confident.shiftP)),
    alpha: check.streamAlpha,
    counts: countsOf(pooled),
    minimumDetectable: null,
    nullHypothesis: pooled.nullHypothesis,
    permutations: settings.permutations,
    seed: settings.seed,
    moved: [],
  };
}

/** A model should be less sure of compounds that lie farther from its training set, and surer of nearer ones. */
function told(
  verdict: Exclude<ProxyVerdict, 'not-evaluable'>,
  isFarther: boolean,
  isSurer: boolean,
): { readonly state: 'drift' | 'steady'; readonly inWords: string } {
  const place = `lie ${isFarther ? 'farther from' : 'nearer to'} the training set than held-out compounds`;
  const sureness = `${isSurer ? 'surer' : 'less sure'} of them`;
  switch (verdict) {
    case 'both-steady':
      return {
        state: 'steady',
        inWords: 'Distance and confidence are both shown to be as before, within the margins.',
      };
    case 'confidence-moved-alone':
      return {
        state: 'drift',
        inWords: `The model is ${sureness} though they lie as near to its training set as before: look at the model, its inputs and its pipeline.`,
      };
    case 'oddly-steady':
      return isFarther
        ? {
            state: 'drift',
            inWords: `The compounds ${place}, and the model is as sure of them as before: it does not notice what it does not know.`,
          }
        : { state: 'steady', inWords: `The compounds ${place}, and the model is as sure of them as before.` };
    case 'both-moved':
      return isFarther === isSurer
        ? {
            state: 'drift',
            inWords: `The compounds ${place}, and the model is ${sureness}: its confidence goes the wrong way.`,
          }
        : {
            state: 'steady',
            inWords: `The compounds ${place}, and the model is ${sureness}, as it should be.`,
          };
  }
}

/** Whether values have shifted, and whether they are the same within a margin; for the second, one mean for each cluster. */
function compare(pooled: PooledRows, values: Float64Array, margin: number, alpha: number): Compared {
  const shift = permutationTest(pooled.labels, (sides) => Math.abs(meanShift(values, sides)));
  const [reference, batch] = [0, 1].map((side) => clusterMeans(pooled, values, side));
  const same = twoSampleEquivalence(reference, batch, { margin, alpha });
  return {
    shifted: shift.p <= alpha,
    shiftP: shift.p,
    equivalent: same.equivalent,
    equivalenceP: same.p,
    shift: meanShift(values, pooled.observed),
  };
}

/** Compounds of a cluster are not independent: it enters with its mean. */
function clusterMeans({ observed, clusters }: PooledRows, values: Float64Array, side: number): number[] {
  const own = [...values.keys()].filter((row) => observed[row] === side);
  return Array.from(
    Map.groupBy(own, (row) => clusters[row]).values(),
    (rows) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length,
  );
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
