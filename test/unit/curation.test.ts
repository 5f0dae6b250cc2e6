import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reversesOrder, type Transform, toModelled, toUnit } from '../../src/core/endpoint.ts';
import { applySplit } from '../../src/flows/apply-split.ts';
import { type Curation, curate, type RawRecord } from '../../src/flows/curation.ts';
import { countReasons, writeCurationReport } from '../../src/flows/curation-report.ts';
import { DATASET_RECIPES, type DatasetRecipe } from '../../src/flows/recipes.ts';
import type { SplitRow } from '../../src/flows/split.ts';
import { readCsv, temporaryFolder } from '../assayer.ts';

type Written = readonly [key: string | null, value: string, relation?: string, unit?: string];

/** Rows of a file: InChIKey of the record, value, relation, unit. */
function recordsOf(rows: readonly Written[], unit: string): RawRecord[] {
  return rows.map(([inchikey, value, relation = '=', ownUnit = unit], row) => {
    const refusal = inchikey === null ? 'SYNTAX: cannot be read' : null;
    return { row, input: `C${row}`, value, relation, unit: ownUnit, inchikey, refusal };
  });
}

const herg = (...rows: Written[]): Curation => curate(DATASET_RECIPES.herg, recordsOf(rows, 'nM'), 'raw.csv');
const ames = (...rows: Written[]): Curation => curate(DATASET_RECIPES.ames, recordsOf(rows, ''), 'raw.csv');
const of = (endpoint: string, ...rows: Written[]): Curation =>
  curate(DATASET_RECIPES[endpoint], recordsOf(rows, ''), 'raw.csv');

const keptOf = ({ kept }: Curation) => kept.map(({ record, y, relation, n }) => [record.row, y, relation, n]);
const droppedOf = ({ dropped }: Curation) =>
  dropped
    .map(({ record, reason, keptRow }) => [record.row, reason, keptRow])
    .sort(([a], [b]) => Number(a) - Number(b));

test.each<[Transform, number, number]>([
  ['identity', -3.5, -3.5],
  ['9-log10', 1000, 6],
  ['log10-odds', 0.5, 0],
  ['log10-odds', 10 / 11, 1],
])('%s takes %d to %d and back', (transform, value, modelled) => {
  expect(toModelled(transform, value)).toBeCloseTo(modelled, 12);
  expect(toUnit(transform, modelled)).toBeCloseTo(value, 12);
});

test('every transform comes back, and keeps or reverses order as it says', () => {
  const fraction = fc.double({ min: 0.001, max: 0.999, noNaN: true });
  for (const transform of ['identity', '9-log10', 'log10-odds'] as const) {
    fc.assert(
      fc.property(fraction, fraction, (a, b) => {
        expect(toUnit(transform, toModelled(transform, a))).toBeCloseTo(a, 9);
        const rises = toModelled(transform, a) - toModelled(transform, b);
        if (Math.abs(a - b) > 1e-6) expect(rises > 0).toBe(a > b !== reversesOrder(transform));
      }),
    );
  }
});

test('fractions are held within 0.001 and 0.999, and no prediction leaves 0 to 1', () => {
  for (const end of [1, 2]) expect(toModelled('log10-odds', end)).toBeCloseTo(Math.log10(999), 9);
  for (const end of [0, -1]) expect(toModelled('log10-odds', end)).toBeCloseTo(-Math.log10(999), 9);
  for (const far of [-400, 400]) expect([0, 1]).toContain(toUnit('log10-odds', far));
});

test('rows without a value, with a text for one, without a key or out of reason are dropped, each by its reason', () => {
  const curation = herg(
    ['A', ''],
    ['B', 'NaN'],
    ['C', 'inactive'],
    ['', '10'],
    ['D', '0'],
    ['E', '2600000'],
    ['F', '10', '<<'],
    ['G', '1000'],
    ['H', '0x10'],
  );
  expect(droppedOf(curation).map(([row, reason]) => [row, reason])).toEqual([
    [0, 'no-value'],
    [1, 'no-value'],
    [2, 'not-a-number'],
    [3, 'no-inchikey'],
    [4, 'implausible'],
    [5, 'implausible'],
    [6, 'unknown-relation'],
    [8, 'not-a-number'],
  ]);
  expect(keptOf(curation)).toEqual([[7, 6, 0, 1]]);
});

test('duplicates within 0.5 become their median in the first row with an exact value', () => {
  const curation = herg(['A', '900', '>'], ['B', '1'], ['A', '1000'], ['A', '2000'], ['A', '1500']);
  expect(keptOf(curation)).toEqual([
    [1, 9, 0, 1],
    [2, 9 - Math.log10(1500), 0, 4],
  ]);
  expect(droppedOf(curation)).toEqual([
    [0, 'merged', 2],
    [3, 'merged', 2],
    [4, 'merged', 2],
  ]);
});

test('a spread of 0.5 is no conflict, more is; all rows go, and the report shows every value', () => {
  const spread = (y: string) => of('solubility', ['A', '-3'], ['A', y]);
  expect(keptOf(spread('-3.5'))).toEqual([[0, -3.25, 0, 2]]);
  const { kept, dropped, conflictCompounds } = spread('-3.5001');
  expect([kept.length, conflictCompounds]).toEqual([0, 1]);
  expect(dropped.map(({ reason, detail }) => [reason, detail])).toEqual([
    ['conflict', 'rows 0, 1: -3; -3.5001'],
    ['conflict', 'rows 0, 1: -3; -3.5001'],
  ]);
});

test('a bound that the median breaks by more than 0.5 makes a conflict, on either side', () => {
  // IC50 > 10,000 nM is pIC50 < 5.
  expect(herg(['A', '1000'], ['A', '10000', '>']).conflictCompounds).toBe(1);
  expect(herg(['A', '4000'], ['A', '10000', '>']).conflictCompounds).toBe(0);
  expect(herg(['A', '100000'], ['A', '1000', '<']).conflictCompounds).toBe(1);
  expect(herg(['A', '1000'], ['A', '100', '>']).conflictCompounds).toBe(0);
});

test('of bounds alone the tightest is kept with its relation; bounds of both directions conflict', () => {
  const upper = herg(['A', '10000', '>'], ['A', '30000', '>='], ['B', '100', '<'], ['B', '1', '<=']);
  expect(keptOf(upper)).toEqual([
    [1, 9 - Math.log10(30000), -1, 2],
    [3, 9, 1, 2],
  ]);
  expect(upper.kept.every(({ isBound }) => isBound)).toBe(true);
  expect(herg(['A', '10000', '>'], ['A', '100', '<']).conflictCompounds).toBe(1);
});

test('a class needs two thirds of the rows; the kept row is the first that says so', () => {
  const rows = (text: string): Written[] => [...text].map((value) => ['A', value]);
  expect(keptOf(ames(...rows('011')))).toEqual([[1, 1, 0, 3]]);
  expect(keptOf(ames(...rows('000')))).toEqual([[0, 0, 0, 3]]);
  for (const text of ['01', '0011', '01011']) expect(ames(...rows(text)).conflictCompounds).toBe(1);
});

test('a value at an assay limit is a bound, though it was published as a value', () => {
  const relations = (curation: Curation) => curation.kept.map(({ relation, isBound }) => [relation, isBound]);
  expect(relations(of('hlm-clearance', ['A', '0.675686709'], ['B', '0.68']))).toEqual([
    [-1, false],
    [0, false],
  ]);
  // The same number is above the floor of one species and below that of the other: the species are never joined.
  expect(relations(of('rlm-clearance', ['A', '1.027920136'], ['B', '1.0280']))).toEqual([
    [-1, false],
    [0, false],
  ]);
  expect(relations(of('ppb', ['A', '1'], ['B', '0.999'], ['C', '0.99'], ['D', '0']))).toEqual([
    [1, false],
    [1, false],
    [0, false],
    [-1, false],
  ]);
});

test('mixed units are refused with row and unit, or converted where the recipe knows the factor', () => {
  const mixed: Written[] = [
    ['A', '1000'],
    ['B', '2', '=', 'uM'],
  ];
  expect(() => herg(...mixed)).toThrow(/row 1 is in uM, the recipe converts nM/);
  const recipe: DatasetRecipe = {
    ...DATASET_RECIPES.herg,
    units: { column: 'standard_units', factors: { nM: 1, uM: 1000 } },
  };
  expect(keptOf(curate(recipe, recordsOf(mixed, 'nM'), 'raw.csv'))[1][1]).toBeCloseTo(
    9 - Math.log10(2000),
    12,
  );
});

test('labels that are no numbers, or no classes, are refused with where', () => {
  expect(() => herg(['A', 'active'], ['B', ''])).toThrow(/holds no numbers \(row 0 reads active\)/);
  expect(() => ames(['A', '1'], ['B', '2'])).toThrow(/row 1 reads 2, which is neither 0 nor 1/);
});

test('every raw row is kept or told of, whatever the file holds', () => {
  const written = fc.tuple(
    fc.constantFrom('A', 'B', 'C', '', null),
    fc.constantFrom('', 'x', '0', '5', '50', '500', '9e9'),
    fc.constantFrom('=', '>', '<=', '~', '?'),
  );
  fc.assert(
    fc.property(fc.array(written, { minLength: 1, maxLength: 12 }), (rows) => {
      const { kept, dropped } = herg(['Z', '10'], ...rows);
      const told = [...kept.map(({ record }) => record.row), ...dropped.map(({ record }) => record.row)];
      expect(told.sort((a, b) => a - b)).toEqual([...Array(rows.length + 1).keys()]);
      expect(kept.reduce((sum, { n }) => sum + n - 1, 0)).toBe(countReasons(dropped).merged ?? 0);
    }),
  );
});

/** Curated rows 0 (A, merged with row 1), 2 and 3 (both refused), with the split that fits them. */
const curated = of('solubility', ['A', '-3'], ['A', '-3'], [null, '-1'], [null, '-1']);
const place = (row: number, change: Partial<SplitRow> = {}): SplitRow => ({
  row,
  part: 'train',
  y: -3,
  n: 1,
  relation: '=',
  group: 1,
  ...change,
});
const apply = (...split: SplitRow[]) => applySplit(DATASET_RECIPES.solubility, curated, split, 'split.csv');

test('a refused record counts where the split says so, with its label, and is unparsable where not', () => {
  const named = apply(place(0, { n: 2 }), place(2, { y: -1.25, part: 'test' }));
  expect(named.rows.map(({ record, part, y }) => [record.row, part, y])).toEqual([
    [0, 'train', -3],
    [2, 'test', -1.25],
  ]);
  expect(apply(place(0, { n: 2 })).dropped.map(({ record, reason }) => [record.row, reason])).toEqual([
    [2, 'unparsable'],
    [3, 'unparsable'],
  ]);
});

test.each([
  [[place(0)], /row 0 is curated to 2 merged rows/],
  [[place(0, { n: 2, y: -3.00001 })], /row 0 is curated to -3, in the split it is -3.00001/],
  [[place(0, { n: 2, relation: '<' as const })], /row 0 is curated to =/],
  [[place(0, { n: 2 }), place(1)], /the split names row 1/],
  [[place(2, { y: -1 })], /the split leaves out row 0/],
])('a split made of other compounds is refused (%#)', (split, message) => {
  expect(() => apply(...split)).toThrow(message);
});

test('a published split that leaves compounds out is told of, row by row', () => {
  const recipe = DATASET_RECIPES['hlm-clearance'];
  const curation = of('hlm-clearance', ['A', '1'], ['B', '2']);
  const { dropped } = applySplit(recipe, curation, [place(0, { y: 1 })], 'split.csv');
  expect(dropped.map(({ record, reason }) => [record.row, reason])).toEqual([[1, 'not-in-split']]);
});

test('the report has a line for each dropped row, with the text as written', async () => {
  const path = `${temporaryFolder()}/report.csv`;
  const { dropped } = herg(['A', '1000'], ['A', '1100', '~'], ['B', ''], ['C', '9e9']);
  await writeCurationReport(path, { dropped, hash: 'x' });
  expect(
    readCsv(path).map(({ row, reason, kept_row, value, detail }) => [row, reason, kept_row, value, detail]),
  ).toEqual([
    ['2', 'no-value', '', '', ''],
    ['3', 'implausible', '', '9e9', '9e9 nM'],
    ['1', 'merged', '0', '1100', 'values 6; 5.9586; kept 5.9793'],
  ]);
});

test('no two endpoints take their labels from one column, and all say whose they are', () => {
  const recipes = Object.values(DATASET_RECIPES);
  expect(recipes).toHaveLength(12);
  expect(new Set(recipes.map(({ rawFile, valueColumn }) => `${rawFile} ${valueColumn}`)).size).toBe(12);
  for (const { endpoint, cutoffs, weakSpots, notes } of recipes) {
    expect([endpoint.species, cutoffs, weakSpots, notes].every((text) => text.length > 2)).toBe(true);
  }
  expect(DATASET_RECIPES['hlm-clearance'].endpoint.species).not.toBe(
    DATASET_RECIPES['rlm-clearance'].endpoint.species,
  );
  const listed = readFileSync(new URL('../../docs/endpoints.md', import.meta.url), 'utf8');
  for (const { endpoint } of recipes) expect(listed).toContain(`\`${endpoint.id}\``);
});
