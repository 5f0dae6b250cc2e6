import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labelsHash, readLabelledTable } from '../../src/flows/labelled-table.ts';
import { recipeOf } from '../../src/flows/train.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { temporaryFolder } from '../assayer.ts';
import { engine, exampleTables, goodModel, importIn, type TableRow, writeTable } from './import-fixtures.ts';

/** Reads a table of rows for an endpoint. */
async function readRows(
  rows: readonly TableRow[],
  endpoint = 'solubility',
  header = 'smiles,value',
  valueColumn?: string,
) {
  const folder = temporaryFolder();
  const { endpoint: definition, plausible } = recipeOf(endpoint);
  const request = {
    path: writeTable(folder, 'table.csv', rows, header),
    endpoint: definition,
    ...(plausible && { plausible }),
    ...(valueColumn !== undefined && { valueColumn }),
  };
  return readLabelledTable(engine, request, await openWorkspace(join(folder, 'ws')));
}

test('rows have labels on the modelled scale; rejected ones keep theirs, and those without a value are counted', async () => {
  const table = await readRows([['CCO', 100], ['CC(', 1000], ['CCN', ''], ['c1ccccc1O', 'NaN'], ['c1ccccc1C', '1e1']], 'herg');
  expect([...table.rows.y]).toEqual([7, 8]);
  expect(table.at).toEqual([0, 4]);
  expect([...table.rejectedY]).toEqual([6]);
  expect(table.rejectedAt).toEqual([1]);
  expect(table).toMatchObject({ fileRows: 5, withoutValue: 2, smilesColumn: 'smiles', valueColumn: 'value' });
  expect(table.rows.inchikeys[0]).toBe('LFQSCWFLJHTTHZ-UHFFFAOYSA-N');
  expect(table.rows.fingerprints).toHaveLength(2 * 384);
  expect(table.rows.descriptors[43 + 7]).toBe(7);
}); // biome-ignore format: rows

test('compounds of one scaffold, and those with equal fingerprints, are one group', async () => {
  const table = await readRows([['c1ccccc1O', 1], ['CCO', 2], ['c1ccccc1CC', 3], ['OCC', 4], ['C1CCNCC1', 5]]);
  const [phenol, ethanol, ethylbenzene, again, piperidine] = table.rows.groups;
  expect(phenol).toBe(ethylbenzene);
  expect(ethanol).toBe(again);
  expect(new Set([phenol, ethanol, piperidine]).size).toBe(3);
}); // biome-ignore format: rows

test('the hash of labels is that of the rows: another label, another hash', async () => {
  const hash = async (rows: TableRow[]) => labelsHash(await readRows(rows));
  const one = await hash([['CCO', 1], ['CCN', 2]]);
  expect(await hash([['CCO', 1], ['CCN', 2]])).toBe(one);
  expect(await hash([['CCO', 1], ['CCN', 2.5]])).not.toBe(one);
}); // biome-ignore format: rows

test.each<[what: string, row: TableRow, endpoint: string, says: RegExp]>([
  ['a word', ['CCN', 'low'], 'solubility', /line 3, column value, reads "low", no number\. Leave the cell empty/],
  ['a bound', ['CCN', '>50'], 'herg', /reads ">50", a bound/],
  ['a number with its unit', ['CCN', '5.1 uM'], 'herg', /reads "5\.1 uM", a number with a unit\. Give plain numbers in nM/],
  ['a number with a percent sign', ['CCN', '97%'], 'ppb', /reads "97%", a number with a unit/],
  ['a decimal comma', ['CCN', '"5,1"'], 'solubility', /reads "5,1", no number/],
  ['a third class', ['CCN', 2], 'ames', /reads "2", which is neither 0 nor 1/],
  ['per cent for a fraction', ['CCN', 97], 'ppb', /reads "97", outside 0 to 1 fraction bound\. Check the unit/],
  ['a value without a logarithm', ['CCN', 0], 'herg', /reads "0", which has no /],
])('%s is refused with its row', async (_, row, endpoint, says) => {
  await expect(readRows([['CCO', 1], row], endpoint)).rejects.toMatchObject({
    code: 'ERR_DATA_LABELS',
    message: expect.stringMatching(says),
  });
}); // biome-ignore format: one row for each case

test('a table all in another concentration than the endpoint is refused', async () => {
  const rows: TableRow[] = [
    ['CCO', '1,uM'],
    ['CCN', '2,uM'],
  ];
  await expect(readRows(rows, 'herg', 'smiles,value,units')).rejects.toMatchObject({
    code: 'ERR_DATA_LABELS',
    message: expect.stringMatching(/line 2 is in uM, the endpoint in nM\. Convert all to nM/),
  });
});

test('the same labels of another column of compounds are other labelled rows', async () => {
  const table = await readRows([
    ['CCO', 1],
    ['CCN', 2],
  ]);
  expect(labelsHash({ ...table, smilesColumn: 'salt' })).not.toBe(labelsHash(table));
});

test('a column of units that are not all the same is refused', async () => {
  const rows: TableRow[] = [['CCO', '1,nM'], ['CCN', ',uM'], ['CCC', '2,nM'], ['CCCl', '3,uM']];
  await expect(readRows(rows, 'herg', 'smiles,value,standard_units')).rejects.toMatchObject({
    code: 'ERR_DATA_LABELS',
    message: expect.stringMatching(/line 5 is in uM, line 2 in nM \(column standard_units\)\. Convert all to nM/),
  });
  const same = await readRows(rows.slice(0, 3), 'herg', 'smiles,value,standard_units');
  expect(same.at).toEqual([0, 2]);
}); // biome-ignore format: rows

test('a row is named as an editor shows it: a line of a CSV, with a header or without, a number elsewhere', async () => {
  const { endpoint } = recipeOf('solubility');
  const folder = temporaryFolder();
  const refusedAs = async (name: string, text: string, place: RegExp, valueColumn = 'value') => {
    const path = join(folder, name);
    writeFileSync(path, text);
    const reading = readLabelledTable(
      engine,
      { path, endpoint, valueColumn },
      await openWorkspace(join(folder, 'ws')),
    );
    await expect(reading).rejects.toMatchObject({
      code: 'ERR_DATA_LABELS',
      message: expect.stringMatching(place),
    });
  };
  await refusedAs('a.csv', 'smiles,value\nCCO,1\nCCN,2\nCCC,3\nCCCC,x\n', /: line 5, column value/);
  await refusedAs('b.csv', 'CCO,1\nCCN,x\nc1ccccc1,2\n', /: line 2, column column_2/, 'column_2');
  const rows = ['1', '"x"'].map((cell) => `{"smiles": "CCO", "value": ${cell}}\n`).join('');
  await refusedAs('c.jsonl', rows, /: row 2 \(counted from 1\), column value/);
});

test('one table in two roles is refused with both, also behind a link', async () => {
  const folder = temporaryFolder();
  const training = writeTable(folder, 'one.csv', exampleTables(false).training);
  const link = join(folder, 'link.csv');
  symlinkSync(training, link);
  const refuses = (change: object, says: RegExp) =>
    expect(importIn(folder, goodModel, { training, ...change })).rejects.toMatchObject({
      code: 'ERR_USAGE',
      message: expect.stringMatching(says),
    });
  await refuses(
    { evaluation: training },
    /--training and --evaluation are the same file.*different compounds/,
  );
  await refuses({ calibration: link }, /--training and --calibration are the same file/);
});

test('a missing column is refused with those that are there; another can be named', async () => {
  const rows: TableRow[] = [
    ['CCO', 1],
    ['CCN', 2],
  ];
  await expect(readRows(rows, 'solubility', 'smiles,logS')).rejects.toMatchObject({
    code: 'ERR_INPUT_COLUMN_NOT_FOUND',
    message: expect.stringMatching(/no column value \(columns: smiles, logS\)/),
  });
  expect((await readRows(rows, 'solubility', 'smiles,logS', 'logs')).valueColumn).toBe('logS');
});

test.each<[what: string, part: string, rows: (all: TableRow[]) => TableRow[], endpoint: string, code: string, says: RegExp]>([
  ['ten training rows', 'training', (all) => all.slice(0, 10), 'solubility', 'ERR_DATA_TOO_FEW', /10 usable training rows/],
  ['ten evaluation rows', 'evaluation', (all) => all.slice(0, 10), 'solubility', 'ERR_DATA_TOO_FEW', /10 usable evaluation rows/],
  ['one class', 'evaluation', (all) => all.map(([smiles]) => [smiles, 1]), 'ames', 'ERR_DATA_ONE_CLASS', /the evaluation rows are all of one class/],
  ['one compound again and again', 'training', (all) => all.map(() => ['CCO', 1]), 'solubility', 'ERR_DATA_DUPLICATES', /hold 1 compounds in \d+ rows/],
  ['one series', 'training', (all) => all.map((_, i) => [`${'C'.repeat(i + 1)}c1ccccc1`, i]), 'solubility', 'ERR_DATA_TOO_FEW', /in \d+ scaffold groups/],
  ['the training rows again', 'evaluation', () => exampleTables(false).training, 'solubility', 'ERR_DATA_TOO_FEW', /0 usable evaluation rows/],
])('%s are refused', async (_, part, rows, endpoint, code, says) => {
  const folder = temporaryFolder();
  const all = exampleTables(endpoint === 'ames')[part as 'training'];
  const change = { endpoint, ...(endpoint === 'ames' && { outputKind: 'logit' as const }) };
  await expect(importIn(folder, goodModel, change, { [part]: rows(all) })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(says),
  });
}); // biome-ignore format: one row for each case
