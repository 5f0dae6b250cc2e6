import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dayOf, dayText } from '../../src/flows/drift/calendar-day.ts';
import { type LabelScale, readLabelFile } from '../../src/flows/drift/label-file.ts';
import { type BatchLabels, labelsOf, readLabels } from '../../src/flows/drift/read-labels.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { madeSample } from './drift-flow-fixtures.ts';

const LOGD: LabelScale = { kind: 'regression', transform: 'identity', unit: 'log10(octanol/buffer)' };
const TODAY = dayOf('2026-11-21');
const batch = madeSample(4, { seed: 1, prefix: 'c' });
const folder = mkdtempSync(join(tmpdir(), 'assayer-labels-'));
let counter = 0;

beforeAll(() => openWorkspace(join(folder, 'ws')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(lines: string, scale = LOGD, sample = batch): Promise<BatchLabels> {
  const path = join(folder, `labels-${counter++}.csv`);
  writeFileSync(path, `${lines.trim().replaceAll(/\n\s*/g, '\n')}\n`);
  return readLabels(path, sample, scale, await openWorkspace(join(folder, 'ws')), { today: TODAY });
}

describe('what labels say', () => {
  test('values stand at their compounds, by id or by InChIKey; a compound without one is still out', async () => {
    const expected = Float64Array.of(Number.NaN, 1.5, Number.NaN, -2);
    expect((await read('id,value\nc3,-2\nc1,1.5')).values).toEqual(expected);
    expect((await read('inchikey,value\nKEY-c3,-2\nKEY-c1,1.5')).values).toEqual(expected);
  });

  test('an IC50 below a bound is a modelled value above it', async () => {
    const labels = await read('id,value,relation\nc0,1000,<\nc1,1000,>=\nc2,1000,=', {
      kind: 'regression',
      transform: '9-log10',
      unit: 'nM',
    });
    expect([...labels.values.subarray(0, 3)]).toEqual([6, 6, 6]);
    expect([...labels.relations]).toEqual([1, -1, 0, 0]);
    expect([...(await read('id,value,relation\nc0,3,<')).relations]).toEqual([-1, 0, 0, 0]);
  });

  test('labels of unknown compounds are counted and give nothing but the latest date', async () => {
    const labels = await read('id,value,submitted,measured\nx1,1,2026-05-01,2026-06-30\nx2,2,,\nc0,3,,');
    expect(labels).toMatchObject({ unmatched: 2, latest: dayOf('2026-06-30') });
    expect([...labels.values].filter((value) => !Number.isNaN(value))).toEqual([3]);
  });

  test('the value measured last counts, in either order of rows, and the first date makes the delay', async () => {
    const early = 'c0,1,2026-01-01,2026-02-01';
    const late = 'c0,2,2026-01-01,2026-03-01';
    for (const rows of [`${early}\n${late}`, `${late}\n${early}`]) {
      const labels = await read(`id,value,submitted,measured\n${rows}`);
      expect(labels.values[0]).toBe(2);
      expect(dayText(labels.measured[0])).toBe('2026-02-01');
      expect(labels.revised).toBe(1);
    }
  });

  test('a submission and its later label may stand in two rows', async () => {
    const labels = await read('id,value,submitted,measured\nc0,,2026-01-01,\nc0,2,,2026-03-01');
    expect([
      labels.values[0],
      dayText(labels.submitted[0]),
      dayText(labels.measured[0]),
      labels.revised,
    ]).toEqual([2, '2026-01-01', '2026-03-01', 0]);
  });

  test('a compound that is in the batch twice is labelled once', async () => {
    const twice = { ...batch, inchikeys: ['A', 'B', 'A', 'C'] };
    const { values } = await read('inchikey,value\nA,5', LOGD, twice);
    expect([...values].filter((value) => !Number.isNaN(value))).toEqual([5]);
  });

  test('the day of a time does not depend on the time zone', () => {
    const zone = process.env.TZ;
    try {
      for (const name of ['Pacific/Auckland', 'America/Los_Angeles', 'UTC']) {
        process.env.TZ = name;
        expect(dayText(dayOf('2026-03-31T23:30'))).toBe('2026-03-31');
        expect(dayText(dayOf('2026-03-31'))).toBe('2026-03-31');
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });
});

describe('labels that cannot be used are refused with their row', () => {
  test.each([
    ['id,value\nc0,1\nc1,NaN', 2, 'no number'],
    ['id,value\nc0,n.d.', 1, 'no number'],
    ['id,value\nc0,Infinity', 1, 'no number'],
    ['id,value,relation\nc0,1,~', 1, 'relation ~'],
    ['id,value,submitted,measured\nc0,1,2026-02-30,2026-03-01', 1, 'no date'],
    ['id,value,submitted,measured\nc0,1,03/04/2026,2026-03-05', 1, 'no date'],
    ['id,value,submitted,measured\nc0,1,2026-03-02,2026-03-01', 1, 'before it was submitted'],
    ['id,value,submitted,measured\nc0,1,2026-03-02,2026-11-23', 1, 'in the future'],
    ['id,value,submitted,measured\nc0,,2027-01-01,', 1, 'in the future'],
    ['id,value,submitted,measured\nc0,1,2026-03-02,', 1, 'no day of measurement'],
    ['id,value,submitted,measured\nc0,,2026-03-02,2026-03-05', 1, 'no value'],
    ['id,value\nc0,1\nc1,1\nc0,2', 3, 'another value in row 1'],
    ['id,value,measured\nc0,1,2026-03-01\nc0,2,2026-03-01', 2, 'another value in row 1'],
  ])('%j', async (lines, row, problem) => {
    await expect(read(lines)).rejects.toMatchObject({
      code: 'ERR_LABELS',
      details: { problem: expect.stringMatching(new RegExp(`^row ${row}\\b.*${problem}`)) },
    });
  });

  test('a class is 0 or 1, and has no bounds', async () => {
    const ames: LabelScale = { kind: 'classification', transform: 'identity', unit: 'probability' };
    expect([...(await read('id,value\nc0,1\nc1,0.0', ames)).values.subarray(0, 2)]).toEqual([1, 0]);
    await expect(read('id,value\nc0,0.5', ames)).rejects.toThrow('neither 0 nor 1');
    await expect(read('id,value,relation\nc0,1,>', ames)).rejects.toThrow('a class cannot be');
  });

  test('an IC50 of 0 has no modelled value', async () => {
    const ic50: LabelScale = { kind: 'regression', transform: '9-log10', unit: 'nM' };
    await expect(read('id,value\nc0,0', ic50)).rejects.toThrow('0 is no concentration in nM');
    await expect(read('id,value\nc0,2e9', ic50)).rejects.toThrow('more than 1 mol/L');
    expect((await read('id,value\nc0,1e9', ic50)).values[0]).toBe(0);
  });

  test('per cent are no fractions, and measured values no logarithms', async () => {
    const bound: LabelScale = { kind: 'regression', transform: 'log10-odds', unit: 'fraction bound' };
    await expect(read('id,value\nc0,0.4\nc1,97', bound)).rejects.toThrow(
      'row 2 (c1): 97 is no fraction bound, which lies from 0 to 1; percent? Then divide by 100',
    );
    await expect(read('id,value\nc0,-0.1', bound)).rejects.toThrow('which lies from 0 to 1 (rows');
    expect([...(await read('id,value\nc0,0\nc1,1', bound)).values.subarray(0, 2)].map(Math.round)).toEqual([
      -3, 3,
    ]);
    await expect(read('id,value\nc0,1e4')).rejects.toThrow('as measured? Then take its log10');
    expect((await read('id,value\nc0,-20')).values[0]).toBe(-20);
  });

  test('five bad rows are named and the others counted', async () => {
    const rows = Array.from({ length: 8 }, (_, i) => `x${i},bad`);
    const problem = await read(`id,value\nc0,1\n${rows.join('\n')}`).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(problem.match(/row \d \(x\d\)/g)).toEqual(
      [2, 3, 4, 5, 6].map((row) => `row ${row} (x${row - 2})`),
    );
    expect(problem).toContain('; and 3 more (rows counted from 1, below the header)');
  });

  test('a cell that cannot be read is not told to be missing, too', async () => {
    const row = read('id,value,submitted,measured\nc0,n.d.,2026-01-01,2026-02-01');
    await expect(row).rejects.toMatchObject({
      details: {
        problem:
          'row 1 (c0): value n.d. is no number; leave it empty where the label is still out (rows counted from 1, below the header)',
      },
    });
  });

  test('labels of which none is of the batch are refused with an id of either file', async () => {
    const told =
      'none of its 2 rows is of a compound of made c: the first names id x1, and made c holds id c0';
    await expect(read('id,value\nx1,1\nx2,2')).rejects.toMatchObject({
      code: 'ERR_LABELS',
      details: { problem: told },
    });
    await expect(read('inchikey,value\nc0,1')).rejects.toThrow(
      'its only row is of no compound of made c: the first names inchikey c0, and made c holds inchikey KEY-c0',
    );
    expect(await read('id,value')).toMatchObject({ unmatched: 0 });
  });

  test('row numbers are no ids, and an id of two compounds names neither', async () => {
    await expect(read('id,value\n0,1', LOGD, { ...batch, numbered: true })).rejects.toThrow(
      'no column of ids',
    );
    const twins = { ...batch, ids: ['a', 'a', 'b', 'c'] };
    await expect(read('id,value\na,1', LOGD, twins)).rejects.toThrow('several compounds');
    expect((await read('id,value\nb,1', LOGD, twins)).values[2]).toBe(1);
  });

  test('columns that are needed are named', async () => {
    await expect(read('name,value\nc0,1')).rejects.toMatchObject({
      code: 'ERR_LABELS',
      details: { problem: expect.stringContaining('neither a column id nor inchikey') },
    });
    await expect(read('id,result\nc0,1')).rejects.toMatchObject({ code: 'ERR_INPUT_COLUMN_NOT_FOUND' });
  });

  test('equal rows are one label', async () => {
    const labels = await read('id,value\nc0,1\nc0,1');
    expect([labels.values[0], labels.revised]).toEqual([1, 0]);
  });
});

describe('labels as they were known when a day ended', () => {
  const known = async (lines: string, day: string): Promise<BatchLabels> => {
    const path = join(folder, `labels-${counter++}.csv`);
    writeFileSync(path, `id,value,submitted,measured\n${lines}\n`);
    const workspace = await openWorkspace(join(folder, 'ws'));
    return labelsOf(path, await readLabelFile(path, LOGD, workspace, { today: TODAY }), batch, dayOf(day));
  };
  const LINES =
    'c0,1,2026-01-05,2026-01-31\nc1,2,2026-01-05,2026-02-01\nc2,3,2026-02-02,2026-02-20\nc3,4,,2026-02-03';

  test('what was measured later is still out, and what was submitted later is not known of', async () => {
    const labels = await known(LINES, '2026-01-31');
    expect([...labels.values]).toEqual([1, Number.NaN, Number.NaN, Number.NaN]);
    expect([...labels.submitted].map((day) => (Number.isNaN(day) ? '' : dayText(day)))).toEqual([
      '2026-01-05',
      '2026-01-05',
      '',
      '',
    ]);
    expect(Number.isNaN(labels.measured[1])).toBe(true);
    expect(dayText(labels.latest)).toBe('2026-01-31');
    expect([...(await known(LINES, '2026-02-20')).values]).toEqual([1, 2, 3, 4]);
  });

  test('a revision counts once it was made', async () => {
    const lines = 'c0,1,2026-01-05,2026-01-10\nc0,9,2026-01-05,2026-03-01';
    expect(await known(lines, '2026-02-28')).toMatchObject({ revised: 0 });
    expect((await known(lines, '2026-02-28')).values[0]).toBe(1);
    expect((await known(lines, '2026-03-01')).values[0]).toBe(9);
  });

  test('a value without a day of measurement is refused', async () => {
    await expect(known('c0,1,,', '2026-02-28')).rejects.toMatchObject({ code: 'ERR_LABELS' });
  });
});
