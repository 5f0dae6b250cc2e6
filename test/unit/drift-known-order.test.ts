import { expect, test } from 'vitest';
import type { DriftSample } from '../../src/flows/drift/drift-sample.ts';
import { inKnownOrder, takeRows } from '../../src/flows/drift/take-rows.ts';
import { madeSample } from './drift-flow-fixtures.ts';

/** What is known of each row, but for what a row that is a cluster by itself is called. */
const seen = ({ inchikeys, covariates, series, ids, descriptors }: DriftSample) => ({
  inchikeys,
  covariates,
  series,
  ids,
  descriptors,
});

test('equal compounds without a ring come in the same order wherever their rows are', () => {
  const made = madeSample(12, { seed: 1 });
  const site = made.ids.map((_, row) => (row % 3 === 0 ? 'north' : `south ${row % 2}`));
  // Four compounds, three rows each; the name of a row that is a cluster by itself holds its place in the file.
  const file: DriftSample = {
    ...made,
    inchikeys: made.ids.map((_, row) => `KEY-${row % 4}`),
    smiles: made.ids.map((_, row) => 'C'.repeat(1 + (row % 4))),
    covariates: new Map([['site', site]]),
    series: made.ids.map((_, row) => (row % 4 === 3 ? 'c1ccccc1' : '')),
    clusters: made.ids.map((_, row) => (row % 4 === 3 ? 'c1ccccc1' : `row ${row} of file`)),
  };
  const shuffled = takeRows(file, [7, 2, 10, 5, 0, 11, 3, 8, 1, 6, 9, 4], 'shuffled');
  const moved: DriftSample = {
    ...shuffled,
    clusters: shuffled.series.map((label, row) => (label === '' ? `row ${row} of other` : label)),
  };
  expect(seen(inKnownOrder(moved))).toEqual(seen(inKnownOrder(file)));
});

test('rows of one compound come in the order of their covariates, then of their series, then of their ids', () => {
  const made = madeSample(5, { seed: 1 });
  const same: DriftSample = {
    ...made,
    inchikeys: made.ids.map(() => 'KEY'),
    covariates: new Map([['site', ['b', 'a', 'a', 'a', 'b']]]),
    series: ['p1', 'p2', 'p2', 'p1', 'p0'],
    ids: ['x', 'z', 'y', 'x', 'x'],
  };
  const { covariates, series, ids } = inKnownOrder(same);
  expect([covariates.get('site'), series, ids]).toEqual([
    ['a', 'a', 'a', 'b', 'b'],
    ['p1', 'p2', 'p2', 'p0', 'p1'],
    ['x', 'y', 'z', 'x', 'x'],
  ]);
});
