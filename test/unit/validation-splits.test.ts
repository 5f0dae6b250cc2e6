import { expect, test } from 'vitest';
import { FINGERPRINT_BYTES } from '../../src/core/fingerprint.ts';
import { seededRandom } from '../../src/core/random.ts';
import { partPool } from '../../src/flows/validation/refit.ts';
import {
  nextWeekSplit,
  type Parting,
  randomSplit,
  scaffoldSplit,
  sourceSplit,
  timeSplit,
} from '../../src/flows/validation/split-rules.ts';
import { takeUpTo } from '../../src/flows/validation/take-groups.ts';
import { makePool, NOTHING_KNOWN } from './validation-fixtures.ts';

const N = 300;
const pool = makePool(N, (i) => i % 2);
const testAt = ({ sides }: Parting) => [...sides.keys()].filter((i) => sides[i] === 'test');
const only = (partings: readonly Parting[] | string): Parting => {
  if (typeof partings === 'string') throw new Error(partings);
  expect(partings).toHaveLength(1);
  return partings[0];
};

test('a random split holds out a fifth of the compounds, whatever their scaffold, and all rows of each', () => {
  const twin = makePool(N, (i) => i % 2);
  for (let i = 1; i < N; i += 6) twin.rows.inchikeys[i] = twin.rows.inchikeys[i - 1];
  const at = testAt(only(randomSplit(twin, NOTHING_KNOWN, 'regression')));
  expect(at.length).toBeGreaterThan(0.19 * N);
  expect(at.length).toBeLessThanOrEqual(0.2 * N);
  const held = new Set(at);
  for (let i = 1; i < N; i += 6) expect(held.has(i)).toBe(held.has(i - 1));
  expect(at.some((i) => !held.has(i - (i % 3)) || !held.has(i - (i % 3) + 2))).toBe(true);
});

test('a scaffold split holds out whole groups, and the same ones in whatever order the rows come', () => {
  const at = testAt(only(scaffoldSplit(pool, NOTHING_KNOWN, 'classification')));
  expect(at.length).toBeGreaterThan(0.15 * N);
  expect(at.length).toBeLessThanOrEqual(0.2 * N);
  const groups = new Set(at.map((i) => pool.rows.groups[i]));
  expect(at).toHaveLength(pool.rows.groups.filter((group) => groups.has(group)).length);

  const reversed = makePool(N, () => 0);
  for (const column of ['inchikeys', 'scaffolds'] as const) reversed.rows[column].reverse();
  reversed.rows.groups.reverse();
  const keys = (of: typeof pool, rows: readonly number[]) => rows.map((i) => of.rows.inchikeys[i]).sort();
  const other = testAt(only(scaffoldSplit(reversed, NOTHING_KNOWN, 'regression')));
  expect(keys(reversed, other)).toEqual(keys(pool, at));
});

test('a scaffold split keeps the positive rate, and says so where none does', () => {
  // Positive are whole scaffolds, so that an order by hash alone can hold out too many of one class.
  const skewed = makePool(60, (i) => Number(Math.floor(i / 3) % 4 === 0));
  const parting = only(scaffoldSplit(skewed, NOTHING_KNOWN, 'classification'));
  const values = testAt(parting).filter((i) => i < skewed.values);
  const rate = values.reduce((sum, i) => sum + skewed.rows.y[i], 0) / values.length;
  const all = skewed.rows.y.subarray(0, skewed.values);
  expect(Math.abs(rate - all.reduce((sum, y) => sum + y, 0) / all.length)).toBeLessThanOrEqual(0.05);

  const oneScaffold = makePool(30, (i) => Number(i < 15));
  oneScaffold.rows.groups.fill(1);
  oneScaffold.rows.groups.fill(2, 0, 3); // a group of positives alone fits into a fifth
  expect(scaffoldSplit(oneScaffold, NOTHING_KNOWN, 'classification')).toContain('positive rate');
});

test('a time split cuts between whole years and leaves out rows without a year', () => {
  // By raw row: 2000 to 2009, thirty rows each; every tenth row has none.
  const years = Array.from({ length: N }, (_, row) => (row % 10 === 0 ? null : 2000 + Math.floor(row / 30)));
  const provenance = { ...NOTHING_KNOWN, years };
  const parting = only(timeSplit(pool, provenance, 'regression'));
  expect(parting.how).toContain('2005 and later');
  for (let i = 0; i < N; i++) {
    const year = years[pool.rawRows[i]];
    expect(parting.sides[i]).toBe(year === null ? 'out' : year >= 2005 ? 'test' : 'train');
  }
  const parts = partPool(pool, parting, 'regression');
  expect(parts).toMatchObject({ leftOut: { 'no year is known': 30 } });
  // The newest fifth of the same rows.
  expect(only(nextWeekSplit(pool, provenance, 'regression')).how).toContain('2008 and later');
});

test('too few years, or one, are no time split', () => {
  const few = Array.from({ length: N }, (_, row) => (row < 149 ? 2000 + (row % 9) : null));
  expect(timeSplit(pool, { ...NOTHING_KNOWN, years: few }, 'regression')).toBe(
    'a year is known for 149 of 300 rows, and half of them would be needed',
  );
  const one = Array.from({ length: N }, () => 2001);
  expect(timeSplit(pool, { ...NOTHING_KNOWN, years: one }, 'regression')).toContain('one year (2001)');
  expect(timeSplit(pool, NOTHING_KNOWN, 'regression')).toBe('no dates here');
});

test('without dates next week is the chemistry that lies furthest from the rest', () => {
  // Half of the scaffolds are near copies of one compound, half are random: the copies are never held out.
  const near = makePool(N, () => 0);
  const random = seededRandom(3);
  for (let i = 0; i < N; i += 1) {
    if (Math.floor(i / 3) % 2 === 0) continue;
    near.rows.fingerprints.copyWithin(i * FINGERPRINT_BYTES, 0, FINGERPRINT_BYTES);
    near.rows.fingerprints[i * FINGERPRINT_BYTES + Math.floor(random() * 256)] ^= 1;
  }
  const parting = only(nextWeekSplit(near, NOTHING_KNOWN, 'regression'));
  const at = testAt(parting);
  expect(at.length).toBeGreaterThan(0.15 * N);
  expect(at.filter((i) => Math.floor(i / 3) % 2 === 1)).toEqual([]);
  expect(parting.how).toContain('no dates here');
});

test('each large source is held out once, the largest first, at most four, small ones never', () => {
  const sizes = [40, 60, 50, 35, 45, 20];
  const names = sizes.flatMap((size, k) => Array.from({ length: size }, () => `source ${k}`));
  const labels = Array.from({ length: N }, (_, row) => names[row] ?? null);
  // Raw row r is pool row N - 1 - r; bounds are the first raw rows and do not count as rows of a source.
  const partings = sourceSplit(
    pool,
    { ...NOTHING_KNOWN, origin: [{ by: 'site', labels }], source: { by: 'site' } },
    'regression',
  ) as readonly Parting[];
  expect(partings.map(({ heldOut }) => heldOut)).toEqual(['source 1', 'source 2', 'source 4', 'source 3']);
  expect(testAt(partings[0]).map((i) => labels[pool.rawRows[i]])).toEqual(Array(60).fill('source 1'));
  // A row of no known source may be of the one held out: it is on neither side.
  const unknown = partings[0].sides.filter((_, i) => labels[pool.rawRows[i]] === null);
  expect(unknown.length).toBeGreaterThan(0);
  expect(new Set(unknown)).toEqual(new Set(['out']));
  expect(sourceSplit(pool, NOTHING_KNOWN, 'regression')).toBe('one laboratory');
});

test('a compound that is held out leaves no row of its own in training', () => {
  const twins = makePool(N, (i) => i % 2);
  twins.rows.inchikeys[0] = 'TWIN';
  twins.rows.inchikeys[200] = 'TWIN';
  twins.rows.inchikeys[1] = ''; // no InChIKey is no compound: these two have nothing in common
  twins.rows.inchikeys[201] = '';
  const sides = Array.from({ length: N }, (_, i) => (i < 60 ? ('test' as const) : ('train' as const)));
  const parts = partPool(twins, { heldOut: null, how: '', sides, outReason: '' }, 'classification');
  if (typeof parts === 'string') throw new Error(parts);
  expect(parts.leftOut).toEqual({ 'same compound is held out': 1 });
  expect(parts.training.inchikeys).not.toContain('TWIN');
  expect(parts.training.y.length + parts.trainingBounds.y.length).toBe(N - 60 - 1);
  expect(parts.testAt).toEqual(Array.from({ length: 60 }, (_, i) => i));
});

test('what is left must be enough to fit and to score', () => {
  const parting = (test: (i: number) => boolean): Parting => ({
    heldOut: null,
    how: '',
    sides: Array.from({ length: N }, (_, i) => (test(i) ? 'test' : 'train')),
    outReason: '',
  });
  expect(
    partPool(
      pool,
      parting((i) => i < 19),
      'regression',
    ),
  ).toContain('19 rows to score');
  expect(
    partPool(
      pool,
      parting((i) => i >= 49),
      'regression',
    ),
  ).toContain('49 training rows');
  expect(
    partPool(
      pool,
      parting((i) => i % 2 === 0 && i < 90),
      'classification',
    ),
  ).toContain('one class');
});

test('groups are taken in order while there is room, a large one is passed over', () => {
  const groups = ['a', 'b', 'b', 'b', 'c', 'd', 'e', 'e', 'f', 'f'];
  expect(takeUpTo(groups, ['a', 'b', 'c', 'd', 'e', 'f'], 0.2)).toEqual(
    groups.map((group) => 'ac'.includes(group)),
  );
  expect(takeUpTo([], [], 0.2)).toEqual([]);
  expect(takeUpTo(['a'], ['a'], 0.2)).toEqual([false]);
});
