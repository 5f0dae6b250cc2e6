import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dayOf } from '../../src/flows/drift/calendar-day.ts';
import { cutPeriods } from '../../src/flows/drift/periods.ts';
import { type Replay, type ReplayRequest, replay } from '../../src/flows/drift/replay.ts';
import { COMPOUNDS, DriftBench, STRANGERS, verdictOf } from './drift-flow-fixtures.ts';

const bench = new DriftBench();
afterAll(() => bench.close());

/** Two months of compounds as before, then one of strangers. */
const DATED = [
  ...COMPOUNDS.slice(0, 120).map((line, row) => `${line},2026-01-${String(1 + (row % 28)).padStart(2, '0')}`),
  ...COMPOUNDS.slice(120, 180).map((line) => `${line},2026-02-11`),
  ...STRANGERS.map((line) => `${line},2026-03-31T17:05`),
];

function play(stream: string, change: Partial<ReplayRequest> = {}): Promise<Replay> {
  const settings = { alpha: 0.2, permutations: 99, seed: 1, cluster: 'scaffold', dateColumn: 'date' };
  const place = { modelsFolder: bench.engine.modelsFolder, workspace: `${bench.folder}/ws` };
  return replay(bench.engine, { stream, reference: null, by: 'month', ...settings, ...place, ...change });
}

describe('periods of a stream', () => {
  const ids = ['a', 'b', 'c', 'd'];

  test.each([
    [
      'day',
      ['2026-01-05', '2026-01-05', '2025-12-31', '2026-02-28'],
      ['2025-12-31', '2026-01-05', '2026-02-28'],
    ],
    ['week', ['2021-01-03', '2021-01-04', '2020-12-28', '2026-01-01'], ['2020-W53', '2021-W01', '2026-W01']],
    ['week', ['1969-12-28', '1969-12-29', '1970-01-04', '1970-01-05'], ['1969-W52', '1970-W01', '1970-W02']],
    ['month', ['2026-01-31', '2026-02-01', '2026-01-01', '2024'], ['2024-01', '2026-01', '2026-02']],
  ] as const)('by %s: %j', (length, dates, names) => {
    const periods = cutPeriods(ids, length, dates);
    expect(periods.map(({ name }) => name)).toEqual(names);
    expect(periods.flatMap(({ rows }) => rows).toSorted()).toEqual([0, 1, 2, 3]);
  });

  test('rows by number, the last ones fewer', () => {
    expect(cutPeriods(['a', 'b', 'c', 'd', 'e'], 2, [])).toEqual([
      { name: 'rows 0 to 1', rows: [0, 1], lastDay: null },
      { name: 'rows 2 to 3', rows: [2, 3], lastDay: null },
      { name: 'rows 4 to 4', rows: [4], lastDay: null },
    ]);
    expect(cutPeriods([], 2, [])).toEqual([]);
  });

  test.each([
    ['day', '2026-02-28', '2026-02-28'],
    ['week', '2021-01-03', '2021-01-03'],
    ['week', '2020-12-28', '2021-01-03'],
    ['month', '2024-02-01', '2024-02-29'],
    ['month', '2026-12-31', '2026-12-31'],
  ] as const)('by %s: that of %s ends on %s', (length, date, end) => {
    expect(cutPeriods(['a'], length, [date])[0].lastDay).toBe(dayOf(end));
  });

  test.each(['', 'March', '2026-13-01', '2026-02-30', '31.3.2026', '20260331'])(
    'a date that cannot be read, %j, is refused with its compound',
    (text) => {
      const dates = ['2026-01-01', text, '2026-01-01', '2026-01-01'];
      expect(() => cutPeriods(ids, 'month', dates)).toThrow(/The date of b is/);
    },
  );
});

describe('replay', () => {
  let played: Replay;
  beforeAll(async () => {
    played = await play(bench.write('stream.csv', DATED, 'name,smiles,date'));
  });

  test('the looks share alpha, and get the permutations that their level needs', () => {
    expect(played.looks.map(({ period, rows }) => [period, rows])).toEqual([
      ['2026-02', 60],
      ['2026-03', 36],
    ]);
    expect(played.level).toBeCloseTo(0.2 / (2 * 4), 12);
    // Five times as many as one test at that level needs.
    expect(played.settings.permutations).toBe(200);
    expect(played.looks[0].verdicts[0].alpha).toBe(played.level);
  });

  test('what is as before fires nowhere, and the strangers fire in their month', () => {
    expect(played.looks[0].verdicts.map(({ state }) => state)).toEqual([
      'steady',
      'steady',
      'steady',
      'steady',
    ]);
    expect(played.firstAlarm).toMatchObject({
      chemistry: '2026-03',
      descriptors: '2026-03',
      classifier: '2026-03',
    });
    expect(verdictOf(played.looks[1], 'chemistry').p).toBe(1 / 201);
    expect(played.looks[0].sequential?.alarm).toBe(false);
  });

  test('more looks than the permutations asked for can serve get more', async () => {
    const many = await play(bench.write('many.csv', COMPOUNDS.slice(0, 90)), { by: 30, alpha: 0.05 });
    expect(many.looks.map(({ period }) => period)).toEqual(['rows 30 to 59', 'rows 60 to 89']);
    expect(many.settings.permutations).toBe(800);
    const reasons = many.looks.flatMap(({ verdicts }) => verdicts.map(({ reason }) => reason));
    expect(reasons).not.toContain('cannot-fire-at-this-alpha');
  });

  test('a series that the training set holds is no news to the sequential test', async () => {
    // The same compounds month after month: nothing is exchangeable with what was held out, and nothing enters.
    const same = ['2026-01-01', '2026-02-01', '2026-03-01'].flatMap((day) =>
      COMPOUNDS.slice(0, 60).map((line) => `${line},${day}`),
    );
    const looks = (await play(bench.write('same.csv', same, 'name,smiles,date'), { cluster: 'scaffold' }))
      .looks;
    expect(looks.map(({ sequential }) => sequential?.alarm)).toEqual([false, false]);
    expect(looks.map(({ verdicts }) => verdicts.every(({ state }) => state === 'steady'))).toEqual([
      true,
      true,
    ]);
  });

  test('a stream of one period needs a reference', async () => {
    const one = bench.write('one.csv', DATED.slice(0, 60), 'name,smiles,date');
    await expect(play(one)).rejects.toMatchObject({ code: 'ERR_USAGE' });
    const reference = bench.write('before.csv', COMPOUNDS.slice(60, 180));
    const { looks } = await play(one, { reference });
    expect(looks.map(({ period }) => period)).toEqual(['2026-01']);
  });

  test('a stream without its column of dates is refused by name', async () => {
    const undated = bench.write('undated.csv', COMPOUNDS.slice(0, 60));
    await expect(play(undated)).rejects.toMatchObject({ code: 'ERR_INPUT_COLUMN_NOT_FOUND' });
  });

  test('a period of a few compounds is not judged, and stops nothing', async () => {
    const few = bench.write('few.csv', COMPOUNDS.slice(0, 63));
    const { looks } = await play(few, { by: 30 });
    expect(looks[1].verdicts.map(({ reason }) => reason)).toEqual(Array(4).fill('too-few-compounds'));
  });

  test('the answers of a model, and labels as they were known, have their part of alpha at each look', async () => {
    const stream = bench.write('labelled.csv', DATED, 'name,smiles,date');
    const labels = bench.write(
      'labels.csv',
      DATED.slice(120).map((line, row) => {
        const [name, , date] = line.split(',');
        // Of February all come within the month; of March all come in May.
        return row < 60
          ? `${name},0.5,2026-02-11,2026-02-${12 + (row % 16)}`
          : `${name},0.5,${date.slice(0, 10)},2026-05-02`;
      }),
      'id,value,submitted,measured',
    );
    const { looks, streams, level, firstAlarm } = await play(stream, { reference: 'ppb', labels });
    expect(streams.slice(4)).toEqual(['outputs', 'proxies', 'labels', 'performance']);
    expect(level).toBeCloseTo(0.2 / (3 * 8), 12);
    const counts = looks.map((look) => verdictOf(look, 'labels').counts.batch);
    expect([looks.map(({ period }) => period), counts[1]]).toEqual([['2026-01', '2026-02', '2026-03'], 60]);
    // Every label of February is 50 %: that is another distribution than the training compounds'.
    expect(firstAlarm).toMatchObject({ labels: '2026-02' });
    expect(verdictOf(looks[1], 'performance').p).not.toBeNull();
    expect(verdictOf(looks[2], 'performance')).toMatchObject({ reason: 'labels-immature' });
    expect(verdictOf(looks[2], 'labels')).toMatchObject({ reason: 'too-few-compounds' });
  });

  test('labels need periods of days, and a model as the reference', async () => {
    const stream = bench.write('days.csv', DATED, 'name,smiles,date');
    for (const change of [{ reference: 'ppb', by: 60 }, { reference: null }]) {
      await expect(play(stream, { labels: 'labels.csv', ...change })).rejects.toMatchObject({
        code: 'ERR_USAGE',
      });
    }
  });
});
