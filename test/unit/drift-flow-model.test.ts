import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DriftReport } from '../../src/core/drift.ts';
import { readModel, selectModels } from '../../src/flows/models.ts';
import { COMPOUNDS, DriftBench, STRANGERS, verdictOf } from './drift-flow-fixtures.ts';

const bench = new DriftBench();
afterAll(() => bench.close());
const MODEL = 'tox21-sr-mmp';
const batch = bench.write('batch.csv', COMPOUNDS.slice(0, 100));

describe('a model as the reference', () => {
  let report: DriftReport;
  beforeAll(async () => {
    // Every compound active: the model has said otherwise of most of them.
    const lines = [
      ...COMPOUNDS.slice(0, 100).map((line) => `${line.split(',')[0]},1`),
      'nobody,1',
      'nothing,0',
    ];
    report = await bench.check(MODEL, batch, { labels: bench.write('labels.csv', lines, 'id,value') });
  });

  test('its training compounds are compared, and its answers and errors are looked at', async () => {
    const [entry] = await selectModels(bench.engine.modelsFolder, [MODEL]);
    const { manifest, reference } = await readModel(entry);
    expect(report.reference).toMatchObject({ hash: manifest.hash, rows: reference.inchikeys.length });
    expect(report.models).toMatchObject([{ endpoint: MODEL, hash: manifest.hash }]);
    expect(report.verdicts.map(({ stream }) => stream)).toEqual([
      'chemistry',
      'distance',
      'descriptors',
      'classifier',
      'outputs',
      'proxies',
      'estimate',
      'labels',
      'performance',
    ]);
    // Eight streams test; the estimate is a forecast.
    for (const { alpha } of report.verdicts) expect(alpha).toBeCloseTo(0.05 / 8, 12);
    expect(JSON.stringify(report)).not.toMatch(/training group|\brow \d|Infinity|NaN|undefined/);
  });

  test('labels that say the opposite of the model are an error of it, and unknown ones are told', () => {
    expect(verdictOf(report, 'labels')).toMatchObject({ state: 'drift', counts: { batch: 100 } });
    expect(verdictOf(report, 'labels').inWords).toContain(
      '2 rows of the labels are of no compound of the batch',
    );
    const performance = verdictOf(report, 'performance');
    // The model was trained on 41 of them, and knows what they are.
    expect(performance).toMatchObject({ state: 'drift', counts: { batch: 59 } });
    expect(performance.inWords).toContain('2 rows of the labels are of no compound of the batch');
    expect(report.plots.reliability.reduce((sum, { rows }) => sum + rows, 0)).toBe(59);
  });

  test('the forecast of its error is no test, and never a drift', () => {
    const estimate = verdictOf(report, 'estimate');
    expect(['forecast', 'not-evaluable']).toContain(estimate.state);
    expect(estimate.p).toBeNull();
  });

  test('a batch outside its domain lies farther, and gets no forecast', async () => {
    const far = Array.from({ length: 30 }, (_, i) => `f${i},${'[Si](C)(C)O'.repeat(i + 2)}[Se]C`);
    const { verdicts } = await bench.check(MODEL, bench.write('far.csv', far), { permutations: 599 });
    const distance = verdictOf({ verdicts }, 'distance');
    expect(distance.state).toBe('drift');
    expect(distance.moved[0]).toMatchObject({ measure: 'compounds', reference: null, batch: 1 });
    // No series of the batch is one of the training compounds by what the model keeps of them.
    const { moved } = verdictOf({ verdicts }, 'chemistry');
    expect(moved.length).toBeGreaterThan(0);
    for (const one of moved) expect(one).toMatchObject({ kind: 'series', reference: null });
    expect(verdictOf({ verdicts }, 'estimate')).toMatchObject({ reason: 'outside-domain', effect: null });
  });
});

test('a model beside two files: its answers of both are compared, and nothing is said of its errors', async () => {
  const other = bench.write('other.csv', COMPOUNDS.slice(100, 220));
  const strange = bench.write('strange.csv', STRANGERS);
  const [same, moved] = [
    await bench.check(other, batch, { endpoints: [MODEL] }),
    await bench.check(other, strange, { endpoints: [MODEL] }),
  ];
  expect(verdictOf(same, 'outputs').state).toBe('steady');
  expect(verdictOf(moved, 'outputs').state).toBe('drift');
  expect(same.verdicts.map(({ stream }) => stream)).not.toContain('estimate');
});
