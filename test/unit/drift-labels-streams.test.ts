import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { dayOf } from '../../src/flows/drift/calendar-day.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import { labelsStream } from '../../src/flows/drift/labels-stream.ts';
import { type LossKind, performanceStream } from '../../src/flows/drift/performance-stream.ts';
import type { BatchLabels } from '../../src/flows/drift/read-labels.ts';
import { madeSample } from './drift-flow-fixtures.ts';

const MAE: LossKind = { kind: 'regression', name: 'mean absolute error', unit: 'log units' };
const BRIER: LossKind = { kind: 'classification', name: 'Brier score', unit: '' };
const NOBODY = Number.NaN;

function makeCheck(reference: number, batch: number): DriftCheck {
  return {
    reference: madeSample(reference, { seed: 1, prefix: 'r' }),
    batch: madeSample(batch, { seed: 2, prefix: 'b' }),
    ofModel: true,
    settings: { alpha: 0.05, permutations: 399, seed: 1 },
    streamAlpha: 0.05 / 8,
    backends: [],
  };
}

/** Errors that are normal, of this deviation. */
function errors(rows: number, seed: number, deviation = 1): Float64Array {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Float64Array.from({ length: rows }, () => deviation * normal());
}

function labelsOf(values: Float64Array, change: Partial<BatchLabels> = {}): BatchLabels {
  const unknown = values.map(() => NOBODY);
  const none = { submitted: unknown, measured: unknown, latest: NOBODY, unmatched: 0, revised: 0 };
  return { values, relations: new Int8Array(values.length), ...none, ...change };
}

describe('performance', () => {
  const check = makeCheck(240, 120);
  const referenceLosses = errors(240, 3).map(Math.abs);
  const judge = (labels: BatchLabels, loss = MAE) =>
    performanceStream(check, loss, referenceLosses, new Float64Array(120), labels);

  test('errors as before are steady, and errors twice as large are drift', () => {
    const same = judge(labelsOf(errors(120, 4))).verdict;
    expect(same).toMatchObject({ state: 'steady', counts: { reference: 240, batch: 120, units: 120 } });
    expect(same.minimumDetectable).toBeGreaterThan(0.1);
    const worse = judge(labelsOf(errors(120, 4, 2))).verdict;
    expect(worse).toMatchObject({ state: 'drift', p: 1 / 400, alpha: 0.05 / 8 });
    expect(worse.effect?.value).toBeGreaterThan(0.5);
  });

  test('a model that errs less is no alarm', () => {
    expect(judge(labelsOf(errors(120, 4, 0.2))).verdict).toMatchObject({ state: 'steady', p: 1 });
  });

  test('a bound counts only as far as the prediction lies on its wrong side', () => {
    // Predictions are 0: a value known to be at least -3 contradicts none of them, one at least 3 all.
    const low = labelsOf(new Float64Array(120).fill(-3), { relations: new Int8Array(120).fill(1) });
    expect(judge(low).verdict.state).toBe('steady');
    const high = judge(
      labelsOf(new Float64Array(120).fill(3), { relations: new Int8Array(120).fill(1) }),
    ).verdict;
    expect(high.state).toBe('drift');
    expect(high.inWords).toContain('120 of the labels are bounds');
    const below = labelsOf(new Float64Array(120).fill(3), { relations: new Int8Array(120).fill(-1) });
    expect(judge(below).verdict.state).toBe('steady');
  });

  test('labels of which most are still out are not judged, and it is said when they will be', () => {
    const values = errors(120, 4, 2).map((value, row) => (row < 30 ? value : NOBODY));
    const submitted = values.map((_, row) => dayOf(row < 60 ? '2026-01-01' : '2026-02-01'));
    const measured = values.map((value) => (Number.isNaN(value) ? NOBODY : dayOf('2026-02-10')));
    const early = judge(labelsOf(values, { submitted, measured, latest: dayOf('2026-02-10'), unmatched: 3 }));
    expect(early.verdict).toMatchObject({
      state: 'not-evaluable',
      reason: 'labels-immature',
      p: null,
      effect: null,
    });
    expect(early.verdict.inWords).toContain('no more than 50 % will come');
    expect(early.verdict.inWords).toContain('3 rows of the labels are of no compound of the batch');
    expect(early.plots.maturity.at(-1)).toEqual({ days: 40, arrived: 0.5, atRisk: 60 });
  });

  test('labels that have all come are judged by their dates, too', () => {
    const values = errors(120, 4, 2);
    const submitted = values.map((_, row) => dayOf('2026-01-01') + (row % 50));
    const measured = submitted.map((day, row) => day + 5 + (row % 20));
    const latest = dayOf('2026-05-01');
    const { verdict } = judge(labelsOf(values, { submitted, measured, latest, revised: 2 }));
    expect(verdict.state).toBe('drift');
    expect(verdict.inWords).toContain('2 were revised');
  });

  test.each([0, 1, 5, 19])('%i labels are too few', (size) => {
    const values = errors(120, 4).map((value, row) => (row < size ? value : NOBODY));
    expect(judge(labelsOf(values)).verdict).toMatchObject({
      state: 'not-evaluable',
      reason: 'too-few-compounds',
      p: null,
    });
  });

  test('classes have a reliability of each bin, and none where no label has come', () => {
    const values = Float64Array.from({ length: 120 }, (_, row) => row % 2);
    const { plots } = judge(labelsOf(values), BRIER);
    expect(plots.reliability.reduce((sum, { rows }) => sum + rows, 0)).toBe(120);
    expect(judge(labelsOf(values.map(() => NOBODY)), BRIER).plots.reliability).toEqual([]);
  });
});

describe('labels', () => {
  const check = makeCheck(240, 120);
  const named = { name: 'logd', unit: 'log units' };
  const exact = errors(240, 5);

  test('values as before are steady, values one deviation higher are drift with both medians', () => {
    expect(labelsStream(check, named, exact, labelsOf(errors(120, 6))).state).toBe('steady');
    const higher = labelsStream(check, named, exact, labelsOf(errors(120, 6).map((value) => value + 1)));
    expect(higher.state).toBe('drift');
    const [values] = higher.moved;
    expect(values.name).toBe('measured logd');
    expect(values.batch - values.reference).toBeGreaterThan(0.6);
  });

  test('the share of bounds is compared where the reference holds some, at half of alpha each', () => {
    const bounded = exact.map((value, row) => (row % 4 === 0 ? NOBODY : value));
    const values = errors(120, 6);
    const relations = Int8Array.from(values, (_, row) => (row % 4 === 0 ? 0 : 1));
    const found = labelsStream(check, named, bounded, labelsOf(values, { relations }));
    expect(found.state).toBe('drift');
    expect(found.moved.map(({ name, reference, batch }) => [name, reference, batch])).toEqual([
      ['labels', 0.75, 0.25],
    ]);
    expect(found.p).toBe(2 / 400);
  });

  test('a reference without bounds says nothing of their share, and bounds are no values', () => {
    const values = errors(120, 6).map((value, row) => (row % 2 ? 9 : value));
    const relations = Int8Array.from(values, (_, row) => row % 2);
    const found = labelsStream(check, named, exact, labelsOf(values, { relations }));
    expect(found).toMatchObject({ state: 'steady', counts: { reference: 240, batch: 60 } });
  });

  test('labels that are all the same have nothing to compare', () => {
    const same = labelsStream(
      check,
      named,
      new Float64Array(240).fill(1),
      labelsOf(new Float64Array(120).fill(1)),
    );
    expect(same).toMatchObject({ state: 'not-evaluable', reason: 'not-measured' });
  });
});
