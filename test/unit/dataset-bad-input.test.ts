import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { curateDataset } from '../../src/flows/curate-dataset.ts';
import type { DatasetRecipe } from '../../src/flows/recipes.ts';
import { createEngine } from '../../src/main.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';
import { exampleRows, type Row, trainIn, writeData } from './dataset-fixtures.ts';

/** The code and message of a refused training; nothing may be left under a model's name. */
async function refusal(
  endpoint: 'solubility' | 'ames',
  rows: readonly Row[],
  change: Partial<DatasetRecipe> = {},
): Promise<{ code: string; message: string }> {
  const folder = temporaryFolder();
  const error = await trainIn(folder, writeData(folder, endpoint, rows, change)).catch(
    (cause: Error) => cause,
  );
  expect(existsSync(join(folder, 'models'))).toBe(false);
  return error as unknown as { code: string; message: string };
}

const rows = exampleRows(false);

test('a source file of another hash is refused with both hashes', async () => {
  const expected = '0'.repeat(64);
  for (const name of ['rawSha256', 'splitSha256']) {
    const { code, message } = await refusal('solubility', rows, { [name]: expected });
    expect(code).toBe('ERR_DATA_SOURCE');
    expect(message).toMatch(new RegExp(`has SHA-256 [0-9a-f]{64}, the recipe names ${expected}`));
  }
});

test.each([0, 40])(
  'a split file cut to %i bytes is another file than the recipe names',
  async (sizeBytes) => {
    const folder = temporaryFolder();
    const recipe = writeData(folder, 'solubility', rows);
    truncateSync(join(folder, 'split.csv.gz'), sizeBytes);
    await expect(trainIn(folder, recipe)).rejects.toMatchObject({
      code: 'ERR_DATA_SOURCE',
      message: expect.stringMatching(
        /split\.csv\.gz has SHA-256 [0-9a-f]{64} as it lies and is no whole gzip stream/,
      ),
    });
  },
);

test.each(['smilesColumn', 'valueColumn', 'relationColumn'])(
  'a missing %s is refused, with those there are',
  async (name) => {
    const { code, message } = await refusal('solubility', rows, { [name]: 'pH' });
    expect(code).toBe('ERR_DATA_COLUMN');
    expect(message).toMatch(/no column pH .* has id, smi, value, relation, unit/);
  },
);

test('mixed units and labels that are no numbers are refused', async () => {
  const units = { column: 'unit', factors: { M: 1 } };
  const mixed = rows.slice(0, 10).map((row, i) => (i === 7 ? { ...row, unit: 'mM' } : row));
  expect((await refusal('solubility', mixed, { units })).code).toBe('ERR_DATA_UNITS');
  const words = rows.slice(0, 10).map((row) => ({ ...row, y: 'soluble' }));
  expect((await refusal('solubility', words)).code).toBe('ERR_DATA_MISMATCH'); // the split cannot hold them either
  const unnamed = words.map((row) => ({ ...row, part: null }));
  expect((await refusal('solubility', unnamed)).code).toBe('ERR_DATA_LABELS');
});

test('ten rows, one scaffold group, no test rows or one class are refused, each by its code', async () => {
  expect(await refusal('solubility', rows.slice(0, 10))).toMatchObject({
    code: 'ERR_DATA_TOO_FEW',
    message: expect.stringMatching(/ [78] usable training rows/),
  });
  const some = rows.slice(0, 80);
  const oneGroup = some.map((row) => ({ ...row, group: 1 }));
  expect((await refusal('solubility', oneGroup)).message).toMatch(/in 1 scaffold groups, at least 50 in 20/);
  const untested = some.map((row): Row => ({ ...row, part: 'train' }));
  expect((await refusal('solubility', untested)).message).toMatch(/0 usable test rows/);
  const oneClass = await refusal(
    'ames',
    some.map((row) => ({ ...row, y: 1 })),
  );
  expect(oneClass).toMatchObject({
    code: 'ERR_DATA_ONE_CLASS',
    message: expect.stringContaining('training rows'),
  });
});

test('rows that are all one compound are refused as duplicates', async () => {
  const copies = rows.slice(0, 60).map((row) => ({ ...row, smiles: 'c1ccccc1O', y: -1 }));
  expect(await refusal('solubility', copies)).toMatchObject({
    code: 'ERR_DATA_DUPLICATES',
    message: expect.stringContaining('1 compounds in 60 rows'),
  });
});

test('salts and charges have keys of their own, and the report adds up to the raw rows', async () => {
  const folder = temporaryFolder();
  const extra = (smiles: string, y: number, part: Row['part'] = null): Row => {
    return { smiles, y, part, relation: '=', group: 900 + Math.round(-10 * y) };
  };
  // The oleate and the acid share their parent and not their key; the acid is given twice, once as another SMILES.
  const acid = 'CCCCCCCC/C=C/CCCCCCCC(=O)O';
  const more = [
    extra(`${acid.slice(0, -1)}[O-].[Na+]`, -2, 'train'),
    extra(acid, -6.1),
    extra('OC(=O)CCCCCCC/C=C/CCCCCCCC', -7),
  ];
  const recipe = writeData(folder, 'solubility', [
    ...rows,
    ...more,
    { ...extra('C', 0), y: '' },
    extra('CC(', -1),
  ]);
  const curationReport = join(folder, 'report.csv');
  const request = { recipe, dataFolder: folder, workspace: join(folder, 'ws'), curationReport };
  const dataset = await curateDataset(createEngine({ threads: 2 }), request);
  const report = readCsv(curationReport);
  const at = (i: number) => report.find(({ row }) => Number(row) === rows.length + i);
  expect(at(0)).toBeUndefined();
  expect(at(1)).toMatchObject({ reason: 'conflict', detail: expect.stringContaining('-6.1; -7') });
  expect(at(2)).toMatchObject({ reason: 'conflict', inchikey: at(1)?.inchikey });
  expect(at(3)).toMatchObject({ reason: 'no-value', input: 'C' });
  expect(at(4)).toMatchObject({ reason: 'unparsable', detail: expect.stringMatching(/^SYNTAX/) });
  const { train, trainBounds, test: tested, testBounds, rawRows } = dataset;
  const used = [train, trainBounds, tested, testBounds].reduce((sum, { y }) => sum + y.length, 0);
  expect(used + report.length).toBe(rawRows);
  expect(rawRows).toBe(rows.length + 5);
});

test('a report that would overwrite its data is refused', async () => {
  const folder = temporaryFolder();
  const recipe = writeData(folder, 'solubility', rows);
  const before = readFileSync(join(folder, 'raw.csv.gz'));
  const curationReport = join(folder, 'raw.csv.gz');
  const request = { recipe, dataFolder: folder, workspace: join(folder, 'ws'), curationReport };
  await expect(curateDataset(createEngine(), request)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  expect(readFileSync(curationReport)).toEqual(before);
});
