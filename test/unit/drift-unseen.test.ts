import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DriftReport, DriftStream } from '../../src/core/drift.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import { labelsOfUnseen, sayLeftOut, unseenCompounds } from '../../src/flows/drift/unseen-compounds.ts';
import { noShared, readShared } from '../shared.ts';
import { COMPOUNDS, DriftBench, madeSample, verdictOf } from './drift-flow-fixtures.ts';

const OF_ANSWERS = ['outputs', 'proxies', 'estimate', 'performance'] as const;

describe('which compounds a model has not seen', () => {
  const reference = madeSample(40, { seed: 1, prefix: 'r' });
  const fresh = madeSample(30, { seed: 2, prefix: 'b' });
  const checkOf = (inchikeys: readonly string[], ofModel = true): DriftCheck => ({
    reference,
    batch: { ...fresh, inchikeys },
    ofModel,
    settings: { alpha: 0.05, permutations: 99, seed: 1 },
    streamAlpha: 0.01,
    backends: [],
  });
  const known = fresh.inchikeys.map((key, row) => (row % 3 === 0 ? reference.inchikeys[row] : key));
  const answers = {
    values: Float64Array.from({ length: 30 }, (_, row) => row),
    halfWidths: null,
    similarities: new Float64Array(30),
  };
  const models = [{ manifest: {} as never, reference: answers, batch: answers }];
  const distances = {
    heldOut: new Uint32Array(0),
    calibration: new Float64Array(0),
    batch: Float64Array.from({ length: 30 }, (_, row) => row / 30),
    others: [],
  };

  test('those with the InChIKey of a training compound are left out, of samples, answers, distances and labels alike', () => {
    const unseen = unseenCompounds(checkOf(known), distances, models);
    const left = [...known.keys()].filter((row) => row % 3 !== 0);
    expect(unseen.rows).toEqual(left);
    expect(unseen.check.batch.ids).toEqual(left.map((row) => fresh.ids[row]));
    expect([...unseen.models[0].batch.values]).toEqual(left);
    expect(unseen.models[0].reference).toBe(answers);
    expect([...(unseen.distances?.batch ?? [])]).toEqual(left.map((row) => row / 30));
    const numbers = Float64Array.from({ length: 30 }, (_, row) => row);
    const relations = Int8Array.from({ length: 30 }, (_, row) => (row % 2 ? 1 : -1));
    const all = {
      values: numbers,
      submitted: numbers,
      measured: numbers,
      relations,
      latest: 9,
      unmatched: 2,
      revised: 1,
    };
    const labels = labelsOfUnseen(all, unseen.rows);
    expect([labels.values, labels.submitted, labels.measured].map((own) => [...own])).toEqual([
      left,
      left,
      left,
    ]);
    expect([...labels.relations]).toEqual(left.map((row) => relations[row]));
    expect(labels).toMatchObject({ latest: 9, unmatched: 2, revised: 1 });
  });

  test('a batch without such compounds is the very one, and so is what is said of it', () => {
    const check = checkOf(fresh.inchikeys);
    const unseen = unseenCompounds(check, distances, models);
    expect(unseen).toEqual({ check, distances, models, rows: null });
    expect(unseen.check).toBe(check);
    const verdict = { inWords: 'Nothing moved.' } as never;
    expect(sayLeftOut(verdict, check, unseen)).toBe(verdict);
  });

  test('with a file as the reference, or without InChIKeys, nothing is left out', () => {
    expect(unseenCompounds(checkOf(known, false), distances, models).rows).toBeNull();
    const nameless = {
      ...checkOf(fresh.inchikeys.map(() => '')),
      reference: { ...reference, inchikeys: reference.ids.map(() => '') },
    };
    expect(unseenCompounds(nameless, distances, models).rows).toBeNull();
  });

  test('one compound left out is told in the singular', () => {
    const check = checkOf(fresh.inchikeys.with(4, reference.inchikeys[0]));
    const said = sayLeftOut({ inWords: 'Steady.' } as never, check, unseenCompounds(check, null, models));
    expect(said.inWords).toBe(
      'Steady. 1 compound that the model was trained on was left out: it knows their values.',
    );
  });
});

describe.skipIf(noShared)('a batch of what the model of ppb was trained on', () => {
  const bench = new DriftBench();
  afterAll(() => bench.close());
  const TRAINED = 60;
  const judged = new Map<string, DriftReport>();

  beforeAll(async () => {
    const raw = readShared('data/raw/pharmabench/ppb_reg_final_data.csv.gz').trimEnd().split('\n').slice(1);
    const rows = readShared('data/splits/ppb.csv.gz').trimEnd().split('\n').slice(1);
    const train = rows.map((line) => line.split(',')).filter(([, split]) => split === 'train');
    const own = Array.from({ length: TRAINED }, (_, i) => {
      const row = Number(train[Math.floor((i * train.length) / TRAINED)][0]);
      const [smiles, value] = raw[row].split(',');
      return { compound: `p${row},${smiles}`, label: `p${row},${value}` };
    });
    const others = COMPOUNDS.slice(0, 60).map((line, i) => ({
      compound: line,
      label: `${line.split(',')[0]},${(1 + (i % 9)) / 100}`,
    }));
    for (const [name, batch] of [
      ['own', own],
      ['mixed', [...own, ...others]],
    ] as const) {
      const path = bench.write(
        `${name}.csv`,
        batch.map(({ compound }) => compound),
        'id,smiles',
      );
      const labels = bench.write(
        `${name}-labels.csv`,
        batch.map(({ label }) => label),
        'id,value',
      );
      judged.set(name, await bench.check('ppb', path, { labels, permutations: 399 }));
    }
  });
  const of = (name: string, stream: DriftStream) => verdictOf(judged.get(name) as DriftReport, stream);

  test('is not judged by answers and errors that are memory, and the labels are compared all the same', () => {
    for (const stream of OF_ANSWERS) {
      expect(of('own', stream)).toMatchObject({
        state: 'not-evaluable',
        reason: 'too-few-compounds',
        effect: null,
      });
      expect(of('own', stream).inWords).toContain(
        `${TRAINED} compounds that the model was trained on were left out`,
      );
    }
    const { reference } = judged.get('own') as DriftReport;
    // Each of its series is one of the model's.
    expect(of('own', 'labels')).toMatchObject({
      state: 'steady',
      counts: { batch: TRAINED, units: reference.clusters },
    });
    expect(judged.get('own')?.figures).toMatchObject({
      domain: { share: 1 },
      labels: null,
      performance: null,
    });
  });

  test('beside others hides no error of theirs', () => {
    const { length } = judged.get('mixed')?.figures.performance?.risk?.arrived ?? [];
    expect(length).toBeGreaterThan(40);
    expect(length).toBeLessThan(61);
    for (const stream of ['outputs', 'performance'] as const) {
      expect(of('mixed', stream).counts.batch).toBe(length);
    }
    expect(of('mixed', 'performance').state).toBe('drift');
    expect(of('mixed', 'labels').counts.batch).toBe(TRAINED + 60);
    // Those that it was trained on lie at no distance, and count there.
    expect(of('mixed', 'distance').counts.batch).toBe(TRAINED + 60);
  });
});
