import type { Verdict } from '../../core/drift.ts';
import { permutationTest } from '../../statistics/permutation-test.ts';
import { proxyVerdict } from '../../statistics/proxies.ts';
import { westfallYoungMaxT } from '../../statistics/westfall-young.ts';
import { NONE_HELD_OUT } from './distance-stream.ts';
import type { DriftCheck, PooledRows } from './drift-check.ts';
import { deviation, isSame, type Shift } from './equivalence.ts';
import { meanShift } from './mean-shift.ts';
import type { AnsweredModel, ModelAnswers } from './model-answers.ts';
import { neitherWords, proxyWords } from './proxy-words.ts';
import { joined } from './tested-columns.ts';
import type { TrainingDistances } from './training-distances.ts';
import { countsOf, notJudged, poolJudgeable } from './verdict.ts';

const TEST =
  'two one-sided tests for equivalence beside permutation tests for a shift, of distance and of confidence (max-T over the models)';
/** A mean distance to training that differs by less makes no difference. */
const DISTANCE_MARGIN = 0.05;
/** A mean confidence that differs by less than this part of its spread on the reference makes no difference. */
const CONFIDENCE_PART = 0.25;

/** How sure a model is of the held-out compounds of the reference, and of the batch. */
interface Confidence {
  readonly endpoint: string;
  readonly unit: string;
  readonly values: Float64Array;
  /** Means that differ by less make no difference. */
  readonly margin: number;
}

/** A model's confidence, compared. */
export interface ConfidenceShift extends Shift {
  readonly endpoint: string;
  readonly unit: string;
}

/**
 * Whether chemistry and confidence have moved together: a proxy for performance that needs no labels. Confidence has moved
 * where that of any model has, corrected for looking at all; it is the same where that of every model is shown to be.
 */
export function proxiesStream(
  check: DriftCheck,
  distances: TrainingDistances | null,
  models: readonly AnsweredModel[],
): Verdict {
  if (distances === null) return notJudged(check, 'proxies', TEST, 'too-few-compounds', NONE_HELD_OUT);
  const confidences: Confidence[] = [];
  const silent: string[] = [];
  for (const model of models) {
    const found = confidenceOf(model, distances.heldOut);
    if (typeof found === 'string') silent.push(found);
    else confidences.push(found);
  }
  if (confidences.length === 0) {
    return notJudged(check, 'proxies', TEST, 'not-measured', silent.join('; '));
  }
  // Either shift alone can raise the alarm: each has half of the stream's alpha.
  const level = check.streamAlpha / 2;
  const asked = poolJudgeable(check, 'proxies', TEST, { reference: distances.heldOut, level });
  if ('refused' in asked) return asked.refused;
  const { pooled } = asked;
  const [chemistry] = compare(pooled, level, [
    { values: joined(distances.calibration, distances.batch), margin: DISTANCE_MARGIN },
  ]);
  const shifts = compare(pooled, level, confidences).map(
    (shift, c): ConfidenceShift => ({
      ...shift,
      endpoint: confidences[c].endpoint,
      unit: confidences[c].unit,
    }),
  );
  const most = shifts.toSorted((a, b) => a.shiftP - b.shiftP)[0];
  const verdict = proxyVerdict(
    {
      shifted: shifts.some(({ shifted, equivalent }) => shifted && !equivalent),
      shiftP: most.shiftP,
      equivalent: shifts.every(({ equivalent }) => equivalent),
      equivalenceP: Math.max(...shifts.map(({ equivalenceP }) => equivalenceP)),
    },
    chemistry,
  );
  if (verdict === 'not-evaluable') {
    return notJudged(check, 'proxies', TEST, 'inconclusive', neitherWords(chemistry, shifts));
  }
  const { state, inWords } = proxyWords(verdict, chemistry.shift > 0, shifts);
  const { settings } = check;
  return {
    stream: 'proxies',
    state,
    inWords: silent.length > 0 ? `${inWords} Not compared: ${silent.join('; ')}.` : inWords,
    test: TEST,
    effect: { name: `shift of the mean confidence in ${most.endpoint}`, value: most.shift, unit: most.unit },
    p: Math.min(1, 2 * Math.min(chemistry.shiftP, most.shiftP)),
    alpha: check.streamAlpha,
    counts: countsOf(pooled),
    minimumDetectable: null,
    nullHypothesis: pooled.nullHypothesis,
    permutations: settings.permutations,
    seed: settings.seed,
    moved: [],
  };
}

/** A model's confidence, or in words why there is none to compare. Sure is a probability far from 1/2, or a narrow interval. */
function confidenceOf(
  { manifest: { endpoint }, reference, batch }: AnsweredModel,
  heldOut: Uint32Array,
): Confidence | string {
  const isClass = endpoint.kind === 'classification';
  if (!isClass && !(reference.halfWidths && batch.halfWidths)) {
    return `${endpoint.id} has no intervals, or those of the reference were not kept`;
  }
  const sureness = ({ values, halfWidths }: ModelAnswers, row: number) =>
    halfWidths ? -halfWidths[row] : Math.abs(values[row] - 0.5);
  const held = Float64Array.from(heldOut, (row) => sureness(reference, row));
  const margin = CONFIDENCE_PART * deviation(held);
  // NaN with a single row, which is refused for its number later on.
  if (margin === 0) return `the model of ${endpoint.id} is as sure of every compound of the reference`;
  const own = batch.values.map((_, row) => sureness(batch, row));
  const unit = isClass ? '' : endpoint.modelledScale;
  return { endpoint: endpoint.id, unit, values: joined(held, own), margin };
}

/** Whether each has shifted, corrected for there being several (max-T), and whether it is the same within its margin. */
function compare(
  pooled: PooledRows,
  level: number,
  compared: readonly Pick<Confidence, 'values' | 'margin'>[],
): Shift[] {
  const names = compared.map((_, c) => String(c));
  const count = pooled.labels.labels.count;
  const permuted = new Float64Array(names.length * count);
  for (const [c, { values }] of compared.entries()) {
    // The spread of both sides together is the same under every labelling; without one nothing shifts.
    const spread = deviation(values) || 1;
    const { values: shifts } = permutationTest(pooled.labels, (sides) => Math.abs(meanShift(values, sides)));
    permuted.set(
      shifts.map((shift) => shift / spread),
      c * count,
    );
  }
  const { stepDown } = westfallYoungMaxT({ names, values: permuted });
  return compared.map(({ values, margin }, c) => ({
    ...isSame(pooled, values, { margin, alpha: level }),
    shifted: stepDown[c] <= level,
    shiftP: stepDown[c],
  }));
}
