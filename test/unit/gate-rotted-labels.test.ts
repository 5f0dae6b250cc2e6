import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../src/core/random.ts';
import { DEFAULT_RELEASE_POLICY } from '../../src/core/release-policy.ts';
import type { Row } from './dataset-fixtures.ts';
import { failedChecks, ReleaseBench, wordsOf } from './release-fixtures.ts';

/** An honest model, and two whose training labels went wrong; each is really trained. */
let bench: ReleaseBench;
beforeAll(async () => {
  bench = new ReleaseBench();
  await bench.train('1');
  await bench.train('2', shuffled(bench.rows, 0.2));
  // Natural logarithms read as decimal ones: a factor of 2.303 on every training label.
  const naturalLog = (row: Row): Row =>
    row.part === 'train' ? { ...row, y: Number(row.y) * Math.LN10 } : row;
  await bench.train('3', bench.rows.map(naturalLog));
});
afterAll(() => bench[Symbol.dispose]());

/** Moves a share of the training labels to other training compounds. */
function shuffled(rows: readonly Row[], share: number): Row[] {
  const random = seededRandom(5);
  const moved = rows.flatMap((row, i) => (row.part === 'train' && random() < share ? [i] : []));
  const out = [...rows];
  // Each gets the label of one half the way on: none stays where it was, or within its series.
  moved.forEach((at, k) => {
    out[at] = { ...rows[at], y: rows[moved[(k + (moved.length >> 1)) % moved.length]].y };
  });
  return out;
}

test('an honest model passes every check', async () => {
  const summary = await bench.release('1');
  expect(summary.decision.checks.map(({ check, outcome }) => [check, outcome])).toEqual(
    summary.decision.checks.map(({ check }) => [check, 'passed']),
  );
  expect(summary.decision.outcome).toBe('released');
});

test('a model of which 20 % of the labels were shuffled is caught by its labels', async () => {
  const summary = await bench.release('2');
  expect(failedChecks(summary)).toContain('labels');
  expect(wordsOf(summary, 'labels')).toMatch(/^\d+ of 107 training compounds .* carry another label/);
  // Nothing else would have told: it still beats constants and neighbours by far.
  expect(failedChecks(summary)).not.toContain('baseline');
});

test('shuffled labels are also caught where nobody has the true ones, by slopes; honest ones pass so', async () => {
  const labels = { ...DEFAULT_RELEASE_POLICY.labels, minRows: 100, maxRandom: 0.06 };
  const policy = { ...DEFAULT_RELEASE_POLICY, labels };
  const alone = (version: string) =>
    bench.release(version, { policy }, (evaluation) => ({
      ...evaluation,
      training: null,
      trainingValues: 0,
    }));
  const [honest, rotted] = [await alone('1'), await alone('2')];
  expect(failedChecks(honest)).not.toContain('labels');
  expect(failedChecks(rotted)).toContain('labels');
  expect(wordsOf(rotted, 'labels')).toMatch(/seem to have nothing to do with their compounds/);
});

test('where neither true labels nor enough rows are there, labels do not pass', async () => {
  const summary = await bench.release('1', {}, (evaluation) => ({
    ...evaluation,
    training: null,
    trainingValues: 0,
  }));
  expect(failedChecks(summary)).toEqual(['labels']);
  expect(wordsOf(summary, 'labels')).toMatch(/^Nothing tells whether/);
});

test('a model trained in another unit is caught by calibration: it is biased and its intervals miss', async () => {
  const summary = await bench.release('3');
  expect(failedChecks(summary)).toEqual(expect.arrayContaining(['labels', 'baseline', 'calibration']));
  expect(wordsOf(summary, 'calibration')).toMatch(
    /coverage of 90.0 % intervals is 0\.[0-6].*mean of prediction minus/,
  );
});
