import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import { labelsStream } from '../../src/flows/drift/labels-stream.ts';
import { type LossKind, performanceStream } from '../../src/flows/drift/performance-stream.ts';
import type { BatchLabels } from '../../src/flows/drift/read-labels.ts';
import { arrivedShare, kaplanMeier } from '../../src/statistics/kaplan-meier.ts';
import { studentQuantile } from '../../src/statistics/student-t.ts';
import { madeSample } from './drift-flow-fixtures.ts';

const MAE: LossKind = { kind: 'regression', name: 'mean absolute error', unit: 'log units' };
const NOBODY = Number.NaN;
const [REFERENCE, BATCH] = [240, 120];
const check: DriftCheck = {
  reference: madeSample(REFERENCE, { seed: 1, prefix: 'r' }),
  // Three rows to a cluster.
  batch: madeSample(BATCH, { seed: 2, prefix: 'b' }),
  ofModel: true,
  settings: { alpha: 0.05, permutations: 399, seed: 1 },
  streamAlpha: 0.05 / 8,
  backends: [],
};

function normals(rows: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Float64Array.from({ length: rows }, normal);
}

const perRow = (of: (row: number) => number) => Float64Array.from({ length: BATCH }, (_, row) => of(row));

function labelsOf(values: Float64Array, change: Partial<BatchLabels> = {}): BatchLabels {
  const unknown = perRow(() => NOBODY);
  const none = { submitted: unknown, measured: unknown, latest: NOBODY, unmatched: 0, revised: 0 };
  return { values, relations: new Int8Array(BATCH), ...none, ...change };
}

describe('the error of performance', () => {
  const referenceLosses = normals(REFERENCE, 3).map(Math.abs);
  /** Predictions are 0, so a label is its own error. */
  const judge = (labels: BatchLabels) =>
    performanceStream(check, MAE, referenceLosses, new Float64Array(BATCH), labels).figures.performance;

  test('weights each label by the chance that it had to have arrived', () => {
    const latest = 1000;
    // Half were submitted long ago; half 15 days ago, of which only the quicker ones are there.
    const submitted = perRow((row) => (row % 2 ? latest - 15 : latest - 500));
    const delay = (row: number) => 1 + (row % 30);
    const isIn = (row: number) => submitted[row] + delay(row) <= latest;
    const values = perRow((row) => (isIn(row) ? (row % 2 ? 2 : 0.5) : NOBODY));
    const measured = perRow((row) => (isIn(row) ? submitted[row] + delay(row) : NOBODY));
    const curve = kaplanMeier(
      perRow((row) => (isIn(row) ? delay(row) : latest - submitted[row])),
      Uint8Array.from({ length: BATCH }, (_, row) => (isIn(row) ? 1 : 0)),
    );
    const arrived = [...values.keys()].filter(isIn);
    const weights = arrived.map((row) => 1 / arrivedShare(curve, latest - submitted[row]));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const expected = arrived.reduce((sum, row, at) => sum + weights[at] * values[row], 0) / total;
    const plain = arrived.reduce((sum, row) => sum + values[row], 0) / arrived.length;
    // As many were submitted of either error.
    expect(expected).toBeCloseTo(1.25, 1);
    expect(plain).toBeLessThan(1.05);
    expect(judge(labelsOf(values, { submitted, measured, latest }))?.error).toBeCloseTo(expected, 12);
  });

  test('has an interval of independent clusters, not of compounds', () => {
    const centers = normals(BATCH / 3, 5).map((value) => 3 + value);
    const performance = judge(labelsOf(perRow((row) => centers[Math.floor(row / 3)])));
    const mean = centers.reduce((sum, value) => sum + value, 0) / centers.length;
    const squares = centers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const reach =
      studentQuantile(0.975, centers.length - 1) * Math.sqrt(squares / (centers.length - 1) / centers.length);
    expect(performance?.error).toBeCloseTo(mean, 12);
    expect(performance?.low).toBeCloseTo(mean - reach, 10);
    expect(performance?.high).toBeCloseTo(mean + reach, 10);
  });
});

describe('labels of which one part is too few', () => {
  const named = { name: 'logd', unit: 'log units' };
  const reference = normals(REFERENCE, 5).map((value, row) => (row % 4 === 0 ? NOBODY : value));

  test('exact values are left out where nearly all are bounds, and the shares of bounds are judged all the same', () => {
    const relations = Int8Array.from({ length: BATCH }, (_, row) => (row % 12 === 0 ? 0 : 1));
    const { state, p, inWords, counts } = labelsStream(
      check,
      named,
      reference,
      labelsOf(normals(BATCH, 6), { relations }),
    );
    // Two parts were asked for: each keeps its half of alpha.
    expect([state, p, counts.batch]).toEqual(['drift', 2 / 400, BATCH]);
    expect(inWords).toMatch(
      / Measured values: Not judged, because there are too few compounds: the batch has 10 that can be compared, and 20 are needed\.$/,
    );
  });

  test('what is steady is said of the part that was judged', () => {
    const few = reference.map((value, row) => (row < 25 && row % 4 ? value : NOBODY));
    const bounds = Int8Array.from({ length: BATCH }, (_, row) => (row % 12 === 0 ? 0 : 1));
    const found = labelsStream(check, named, few, labelsOf(normals(BATCH, 6), { relations: bounds }));
    expect(found.inWords).toMatch(/^Shares of bounds were not seen to move/);
    expect(found.inWords).toContain('Measured values: Not judged');
  });

  test('with too few for both, nothing is judged', () => {
    const values = perRow((row) => (row < 9 ? row : NOBODY));
    expect(labelsStream(check, named, reference, labelsOf(values))).toMatchObject({
      state: 'not-evaluable',
      reason: 'too-few-compounds',
      p: null,
    });
  });
});
