import { afterAll, expect, test } from 'vitest';
import { distanceStream } from '../../src/flows/drift/distance-stream.ts';
import type { DriftCheck } from '../../src/flows/drift/drift-check.ts';
import { SplitMonitors } from '../../src/flows/drift/sequential-distances.ts';
import { distancesOfRows, splitsOf, trainingDistances } from '../../src/flows/drift/training-distances.ts';
import { combineSplits } from '../../src/statistics/combine-p.ts';
import { openWorkspace } from '../../src/store/workspace.ts';
import { DriftBench, madeSample } from './drift-flow-fixtures.ts';

const bench = new DriftBench();
afterAll(() => bench.close());

async function open(rows: number, permutations = 399) {
  const check: DriftCheck = {
    reference: madeSample(rows, { seed: 1 }),
    batch: madeSample(90, { seed: 2, prefix: 'b' }),
    ofModel: false,
    settings: { alpha: 0.05, permutations, seed: 3 },
    streamAlpha: 0.05 / 4,
    backends: bench.engine.backends,
  };
  const distances = await trainingDistances(check, await openWorkspace(`${bench.folder}/ws`));
  if (!distances) throw new Error('nothing was held out');
  return { check, distances };
}

test('a small file is halved five ways, each with distances of its own; a large one once', async () => {
  const { distances } = await open(120);
  const splits = splitsOf(distances);
  expect(splits).toHaveLength(5);
  expect(new Set(splits.map(({ heldOut }) => heldOut.join())).size).toBe(5);
  // 3 rows to a cluster: 1,000 clusters are not few.
  expect(splitsOf((await open(3000)).distances)).toHaveLength(1);
});

test('the verdict is of all splits: twice the middle p, and the middle shift', async () => {
  const { check, distances } = await open(120);
  const single = splitsOf(distances).map((split) => distanceStream(check, { ...split, others: [] }).verdict);
  const { verdict } = distanceStream(check, distances);
  expect(verdict.p).toBe(combineSplits(single.map(({ p }) => p ?? 1)));
  const shifts = single.map(({ effect }) => effect?.value ?? 0).toSorted((a, b) => a - b);
  expect(verdict.effect?.value).toBe(shifts[2]);
  expect(verdict.inWords).toContain('5 ways to hold half of the reference out');
});

test('with permutations that one split could fire with, but not all of them together, it says so', async () => {
  const { check, distances } = await open(120, 99);
  expect(distanceStream(check, { ...distances, others: [] }).verdict.reason).toBeUndefined();
  expect(distanceStream(check, distances).verdict.reason).toBe('cannot-fire-at-this-alpha');
});

test('the sequential test fires on far compounds by most splits, and never falls back', async () => {
  const { check, distances } = await open(120);
  const monitors = new SplitMonitors(check, distances);
  const far = splitsOf(distances).map((split) => ({ ...split, batch: split.batch.map(() => 1) }));
  const [first, ...others] = far;
  const rows = Array.from({ length: 30 }, (_, row) => row);
  const before = monitors.observe(
    distancesOfRows(distances, rows),
    rows.map((row) => `early ${row}`),
  );
  expect(before.anytimeP).toBeGreaterThan(0.05);
  const after = monitors.observe(
    { ...first, others },
    check.batch.clusters?.map((name) => `late ${name}`),
  );
  expect(after).toMatchObject({ look: 2, used: 30 });
  expect(after.shift).toBeGreaterThan(0);
  expect(after.anytimeP).toBeLessThanOrEqual(before.anytimeP);
});
