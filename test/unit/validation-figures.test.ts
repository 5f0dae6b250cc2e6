import { expect, test } from 'vitest';
import { pairedDifference } from '../../src/flows/validation/paired-difference.ts';
import { type ScoredModel, shareOf, sliceOf } from '../../src/flows/validation/slices.ts';

/** Ten scaffolds of four rows; predictions are off by 0.5, those of the last scaffold by 3. */
const n = 40;
const groups = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 4));
const actual = Float64Array.from({ length: n }, (_, i) => i / 10);
const predicted = actual.map((y, i) => y + (groups[i] === 9 ? 3 : 0.5));
const similarities = Float64Array.from({ length: n }, (_, i) => (i < 20 ? 0.2 : 0.8));
const spreads = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : 0.1));
const rows = { actual, predicted, similarities, spreads, groups };
const calibration = {
  kind: 'conformal',
  coverage: 0.9,
  spread: 'constant',
  edges: [0, 0.5],
  halfWidths: [0.4, 0.6],
  counts: [1, 1],
} as const;
const all = [...actual.keys()];

test('figures of a slice are of its rows alone, with intervals over whole clusters', () => {
  const model: ScoredModel = { kind: 'regression', rows, calibration };
  const far = sliceOf('far', model, all.slice(0, 20), groups);
  expect(far).toMatchObject({ name: 'far', rows: 20, promised: 0.9, observed: { count: 0, rows: 20 } });
  expect(far.figures.MAE).toMatchObject({ value: expect.closeTo(0.5, 12), low: expect.closeTo(0.5, 12) });
  const near = sliceOf('near', model, all.slice(20), groups);
  expect(near.figures.MAE.value).toBeCloseTo((16 * 0.5 + 4 * 3) / 20, 12);
  expect(near.figures.bias.value).toBeCloseTo((16 * 0.5 + 4 * 3) / 20, 12);
  // With one scaffold of five off, a draw of all five without it gives 0.5, draws with several of it far more.
  expect(near.figures.MAE.low).toBeCloseTo(0.5, 12);
  expect(near.figures.MAE.high).toBeGreaterThan(1.5);
  expect(near.observed?.count).toBe(16);
});

test('intervals that are multiples of a predicted spread are held to that spread', () => {
  const scaled: ScoredModel = {
    kind: 'regression',
    rows,
    calibration: { ...calibration, spread: 'predicted', halfWidths: [0.6, 0.6] },
  };
  // An error of 0.5 is inside 0.6 times 1, not inside 0.6 times 0.1.
  expect(sliceOf('far', scaled, all.slice(0, 20), groups).observed?.count).toBe(10);
});

test('too few clusters give a figure without an interval, one class gives none', () => {
  const model: ScoredModel = { kind: 'regression', rows, calibration };
  const { figures } = sliceOf('four scaffolds', model, all.slice(0, 16), groups);
  expect(figures.MAE).toEqual({ value: expect.closeTo(0.5, 12), low: null, high: null });
  const classes: ScoredModel = {
    kind: 'classification',
    rows: { ...rows, actual: actual.map(() => 1), predicted: actual.map(() => 0.25) },
    calibration: { kind: 'none' },
  };
  const slice = sliceOf('positives', classes, all, groups);
  expect(slice.figures.AUROC).toEqual({ value: null, low: null, high: null });
  expect(slice.figures.bias.value).toBeCloseTo(-0.75, 12);
  expect(slice).toMatchObject({ promised: 0.25, observed: { count: 40, rows: 40, high: 1 } });
});

test('a share has exact binomial bounds', () => {
  expect(shareOf(9, 10)).toMatchObject({
    value: 0.9,
    low: expect.closeTo(0.554984, 5),
    high: expect.closeTo(0.997471, 5),
  });
  expect(shareOf(0, 1)).toMatchObject({ value: 0, low: 0, high: expect.closeTo(0.975, 9) });
});

test('a paired difference is narrower than its parts where rows have their errors in common', () => {
  const mean = (values: Float64Array) => (at: Uint32Array) =>
    at.reduce((sum, i) => sum + values[i], 0) / at.length;
  const first = actual.map((_, i) => 10 * groups[i]);
  const second = first.map((error, i) => error + 1 + (groups[i] % 2) / 10);
  const difference = pairedDifference(groups, mean(first), mean(second));
  expect(difference.value).toBeCloseTo(1.05, 12);
  // Ten scaffolds, half of them 0.1 apart: a standard error of 0.05 / sqrt(10).
  expect(difference.standardError).toBeCloseTo(0.05 / Math.sqrt(10), 2);
  expect(difference.low).toBeGreaterThanOrEqual(1);
  expect(difference.high).toBeLessThanOrEqual(1.1);
});
