import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { dayOf } from '../../src/flows/drift/calendar-day.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import { labelsStream } from '../../src/flows/drift/labels-stream.ts';
import {
  type DetailSources,
  type LossKind,
  performanceStream,
} from '../../src/flows/drift/performance-stream.ts';
import type { BatchLabels } from '../../src/flows/drift/read-labels.ts';
import { areaUnderRoc } from '../../src/statistics/area-under-roc.ts';
import { observeLosses, startLossMonitor } from '../../src/statistics/betting-martingale.ts';
import { clopperPearson } from '../../src/statistics/clopper-pearson.ts';
import { quantile } from '../../src/statistics/quantile.ts';
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

function fail(): never {
  throw new Error('there are no figures');
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

  test('what a policy reads is told as numbers: the error with its interval, and how far labels can be trusted', () => {
    const { figures, verdict } = judge(labelsOf(errors(120, 4, 2)));
    const { error, low, high, reference, unit, risk } = figures.performance ?? fail();
    expect(error).toBeGreaterThan(1.2);
    expect(low).toBeLessThan(error);
    expect(high).toBeGreaterThan(error);
    expect(reference).toBeCloseTo(
      referenceLosses.reduce((sum, one) => sum + one / 240, 0),
      12,
    );
    expect(unit).toBe('log units');
    expect(verdict.inWords).toContain(`on held-out compounds ${Number(reference.toPrecision(3))}`);
    // No submission is told: all that will come is taken to be there, and nothing is known of delays.
    expect(figures.labels).toEqual({ maturity: 1, effectiveLabels: 120, delayP: null, matureOn: null });
    expect(risk?.arrived).toHaveLength(120);
    expect(JSON.parse(JSON.stringify(figures))).toEqual(figures);
  });

  test('losses for a risk process are in [0, 1] by a cap that the reference alone decides', () => {
    const values = errors(120, 4, 2);
    const risk = judge(labelsOf(values)).figures.performance?.risk ?? fail();
    const sorted = referenceLosses.toSorted();
    expect(risk.cap).toBeCloseTo(quantile(sorted, 0.99), 12);
    expect(judge(labelsOf(errors(120, 9, 30))).figures.performance?.risk?.cap).toBe(risk.cap);
    expect(risk.arrived.map(({ loss }) => loss)).toEqual(
      Array.from(values, (value) => Math.min(1, Math.abs(value) / risk.cap)),
    );
    expect(risk.arrived.some(({ loss }) => loss === 1)).toBe(true);
    // Three compounds to a series: the mean of the series' means is that of all.
    const bounded = referenceLosses.map((loss) => Math.min(1, loss / risk.cap));
    expect(risk.reference).toBeCloseTo(
      bounded.reduce((sum, one) => sum + one / 240, 0),
      12,
    );
    expect(risk.arrived.slice(0, 4).map(({ series }) => series)).toEqual([0, 0, 0, 1]);
    const looked = observeLosses(
      startLossMonitor(1.05 * risk.reference),
      risk.arrived.map(({ loss }) => loss),
    );
    expect(looked.look.anytimeP).toBeLessThan(0.01);
  });

  test('series of unlike size have each its mean in the reference, and one without losses has no process', () => {
    const clusters = check.reference.ids.map((_, row) => (row < 200 ? 'large' : `small ${row}`));
    const unlike: DriftCheck = { ...check, reference: { ...check.reference, clusters } };
    const losses = referenceLosses.map((_, row) => (row < 200 ? 0.2 : 1));
    const labels = labelsOf(errors(120, 4));
    const of = (known: Float64Array) =>
      performanceStream(unlike, MAE, known, new Float64Array(120), labels).figures.performance?.risk;
    expect(of(losses)?.reference).toBeCloseTo((0.2 + 40) / 41, 12);
    expect(of(losses.map(() => 0))).toBeNull();
  });

  test('losses are in order of arrival, those of no day last, and a Brier score is bounded as it is', () => {
    const values = Float64Array.from({ length: 120 }, () => 1);
    const measured = values.map((_, row) => (row % 4 === 0 ? NOBODY : dayOf('2026-03-31') - row));
    const { figures } = judge(labelsOf(values, { measured, latest: dayOf('2026-03-31') }), BRIER);
    const { cap, arrived } = figures.performance?.risk ?? fail();
    expect(cap).toBe(1);
    expect(arrived.map(({ loss }) => loss)).toEqual(Array.from(values));
    const days = arrived.map(({ measuredOn }) => measuredOn);
    expect(days.slice(0, 90)).toEqual(days.slice(0, 90).toSorted());
    expect(days[0]).toBe('2025-12-02');
    expect(days.slice(90)).toEqual(new Array(30).fill(null));
    expect(arrived[0].compound).toBe('KEY-b119');
  });

  test('labels that are dated have a maturity, the day it is reached, and a test of delay and loss', () => {
    const values = errors(120, 4, 2).map((value, row) => (row < 100 ? value : NOBODY));
    const submitted = values.map(() => dayOf('2026-01-01'));
    const measured = values.map((value, row) =>
      Number.isNaN(value) ? NOBODY : dayOf('2026-01-01') + 1 + (row % 30),
    );
    const latest = dayOf('2026-02-01');
    const { figures } = judge(labelsOf(values, { submitted, measured, latest }));
    expect(figures.labels?.maturity).toBeCloseTo(100 / 120, 12);
    expect(figures.labels?.effectiveLabels).toBeCloseTo(100, 9);
    expect(figures.labels?.delayP).toBeGreaterThan(0.01);
    expect(figures.labels?.matureOn).toMatch(/^2026-01-\d\dT00:00:00.000Z$/);
    const atOnce = measured.map((day) => (Number.isNaN(day) ? day : dayOf('2026-01-20')));
    expect(judge(labelsOf(values, { submitted, measured: atOnce, latest })).figures.labels?.delayP).toBe(1);
    // Late labels err more, and nothing else is different.
    const late = values.map((value, row) => Math.sign(value) * (1 + (row % 30)) * 0.1);
    expect(judge(labelsOf(late, { submitted, measured, latest })).figures.labels?.delayP).toBeLessThan(0.01);
    const few = values.map((value, row) => (row < 30 ? value : NOBODY));
    const early = judge(
      labelsOf(few, { submitted, measured: measured.map((day, row) => (row < 30 ? day : NOBODY)), latest }),
    );
    expect(early.verdict.reason).toBe('labels-immature');
    expect(early.figures.labels?.maturity).toBeCloseTo(0.25, 12);
    expect(early.figures.labels?.matureOn).toBeNull();
  });

  test('without labels there are no figures of them', () => {
    const none = labelsOf(errors(120, 4).map(() => NOBODY));
    expect(judge(none).figures).toEqual({ labels: null, performance: null });
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
    expect(values.batch - (values.reference ?? Number.NaN)).toBeGreaterThan(0.6);
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

describe('further figures of performance', () => {
  const referenceLosses = errors(240, 3).map(Math.abs);
  const nothing = { halfWidths: null, coverage: null, distances: new Float64Array(120) };
  /** Six series of 20. */
  const base = makeCheck(240, 120);
  const clusters = base.batch.ids.map((_, row) => `series ${row % 6}`);
  const check: DriftCheck = { ...base, batch: { ...base.batch, clusters } };
  const figuresOf = (
    predicted: Float64Array,
    labels: BatchLabels,
    { loss = MAE, ...sources }: Partial<DetailSources> & { loss?: LossKind } = {},
  ) => {
    const told = performanceStream(check, loss, referenceLosses, predicted, labels, {
      ...nothing,
      ...sources,
    });
    return new Map((told.verdict.figures ?? []).map((one) => [one.name, one]));
  };

  test('a verdict has them where their sources are given, and is the same beside them', () => {
    const labels = labelsOf(errors(120, 4));
    const ask = (sources: DetailSources | null) =>
      performanceStream(check, MAE, referenceLosses, new Float64Array(120), labels, sources).verdict;
    const { figures, ...rest } = ask(nothing);
    expect(figures?.length).toBeGreaterThan(0);
    expect(rest).toEqual(ask(null));
  });

  test('errors of values: size, direction, what intervals cover by exact bounds, ranks within series', () => {
    const actual = errors(120, 4);
    const noise = errors(120, 5, 0.1);
    const predicted = actual.map((value, row) => value + 0.5 + noise[row]);
    const covered = predicted.map((value, row) => Math.abs(value - actual[row]) + (row < 30 ? -0.01 : 0.01));
    const found = figuresOf(predicted, labelsOf(actual), { halfWidths: covered, coverage: 0.9 });
    expect(found.get('root mean square error')?.value).toBeCloseTo(0.51, 1);
    const bias = found.get('mean of predicted less measured');
    expect(bias?.value).toBeCloseTo(0.5, 1);
    expect(bias).toMatchObject({ unit: 'log units', n: 120 });
    expect(bias?.low).toBeLessThan(bias?.value ?? 0);
    const [low, high] = clopperPearson(90, 120);
    expect(found.get('share within the 90 % intervals')).toMatchObject({ value: 0.75, low, high, n: 120 });
    expect(found.get('Spearman correlation within 6 series of at least 8')?.value).toBeGreaterThan(0.95);
    expect(found.get('Kendall tau-b within 6 series of at least 8')?.value).toBeGreaterThan(0.85);
    const few = actual.map((value, row) => (row < 42 ? value : NOBODY));
    expect([...figuresOf(predicted, labelsOf(few)).keys()].filter((name) => name.includes('within'))).toEqual(
      [],
    );
  });

  test('bounds are no values: they are left out of these figures', () => {
    const relations = Int8Array.from({ length: 120 }, (_, row) => (row < 60 ? 1 : 0));
    const found = figuresOf(new Float64Array(120), labelsOf(errors(120, 4), { relations }));
    expect(found.get('root mean square error')?.n).toBe(60);
    const most = Int8Array.from({ length: 120 }, (_, row) => (row < 101 ? 1 : 0));
    expect(figuresOf(new Float64Array(120), labelsOf(errors(120, 4), { relations: most })).size).toBe(0);
  });

  test('classes: how well they are told apart, and the Brier score in parts that make it up', () => {
    const predicted = Float64Array.from({ length: 120 }, (_, row) => ((row * 37) % 120) / 120);
    const values = predicted.map((p, row) => (p + ((row * 7) % 10) / 20 > 0.7 ? 1 : 0));
    const found = figuresOf(predicted, labelsOf(values), { loss: BRIER });
    expect(found.get('AUROC')?.value).toBe(areaUnderRoc(values, predicted));
    expect(found.get('average precision (AUPRC)')?.value).toBeGreaterThan(0.8);
    const part = (name: string) => found.get(`Brier score, part of ${name}`)?.value ?? Number.NaN;
    const share = values.reduce((sum, one) => sum + one / 120, 0);
    expect(part('uncertainty')).toBeCloseTo(share * (1 - share), 12);
    const brier = values.reduce((sum, y, row) => sum + (predicted[row] - y) ** 2 / 120, 0);
    expect(part('reliability') - part('resolution') + part('uncertainty')).toBeCloseTo(brier, 1);
    expect(found.get('expected calibration error')?.n).toBe(120);
    const rare = values.map((_, row) => (row < 4 ? 1 : 0));
    expect(figuresOf(predicted, labelsOf(rare), { loss: BRIER }).has('AUROC')).toBe(false);
    const some = values.map((value, row) => (row < 90 ? value : NOBODY));
    expect([...figuresOf(predicted, labelsOf(some), { loss: BRIER }).keys()]).toEqual([
      'AUROC',
      'average precision (AUPRC)',
    ]);
  });

  test('which compounds were chosen for the assay is told by distance, and the error weighted to the whole batch', () => {
    const distances = Float64Array.from({ length: 120 }, (_, row) => row / 120);
    // Half of the nearest, all of the middle, a quarter of the farthest; far ones err by 4, others by 1.
    const isChosen = (row: number) => (row < 40 ? row % 2 === 0 : row < 80 || row % 4 === 0);
    const values = distances.map((_, row) => (isChosen(row) ? (row < 80 ? 1 : 4) : NOBODY));
    const found = figuresOf(new Float64Array(120), labelsOf(values), { distances });
    const shares = ['nearest', 'middle', 'farthest'].map((third) =>
      found.get(`chosen for the assay, of the ${third} third`),
    );
    expect(shares.map((one) => [one?.value, one?.n])).toEqual([
      [0.5, 40],
      [1, 40],
      [0.25, 40],
    ]);
    const weighted = found.get('mean absolute error, weighted to the whole batch');
    expect(weighted?.value).toBeCloseTo(2, 12);
    expect(weighted?.n).toBe(70);
    // Nothing measured of the farthest third: no weighting speaks for it.
    const none = values.map((value, row) => (row < 80 ? value : NOBODY));
    const partly = figuresOf(new Float64Array(120), labelsOf(none), { distances });
    expect(partly.get('chosen for the assay, of the farthest third')?.value).toBe(0);
    expect(partly.has('mean absolute error, weighted to the whole batch')).toBe(false);
    // Equal distances are of one third, however many they are.
    const near = distances.map((distance) => (distance < 0.5 ? 0 : distance));
    const tied = figuresOf(new Float64Array(120), labelsOf(values), { distances: near });
    expect(tied.get('chosen for the assay, of the nearest third')?.n).toBe(60);
    const all = figuresOf(new Float64Array(120), labelsOf(errors(120, 4)), { distances });
    expect([...all.keys()].join()).not.toContain('chosen');
  });
});
