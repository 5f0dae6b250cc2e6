import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { DriftSample } from '../../src/flows/drift/drift-sample.ts';
import { snapshotLabels } from '../../src/flows/monitor/label-snapshot.ts';
import { takeLabels } from '../../src/flows/monitor/labels-intake.ts';
import {
  newObservations,
  type Observed,
  riskAfter,
  sequentialAfter,
} from '../../src/flows/monitor/observations.ts';
import type { Registry } from '../../src/flows/registry/open-registry.ts';
import { labelsAsOf } from '../../src/registry/labels-as-of.ts';
import { recordsOf } from '../../src/registry/read-records.ts';
import { temporaryFolder } from '../assayer.ts';
import { onBothDatabases } from '../registry/databases.ts';
import { definition, TestClock } from '../registry/fixtures.ts';
import { registryOn } from './monitor-flow-fixtures.ts';

const KEYS = ['AAAAAAAAAAAAAA-UHFFFAOYSA-N', 'BBBBBBBBBBBBBB-UHFFFAOYSA-N'];
const batchOf = (ids: string[], inchikeys = KEYS) =>
  ({ ids, inchikeys, numbered: false }) as unknown as DriftSample;

onBothDatabases((given) => {
  let clock: TestClock;
  let registry: Registry;
  let file: string;

  beforeEach(async () => {
    const path = temporaryFolder();
    clock = new TestClock();
    registry = await registryOn(given.database, path, clock);
    await registry.append([definition()]);
    file = join(path, 'labels.csv');
  });

  const take = async (text: string, assay?: string) => {
    writeFileSync(file, text);
    clock.advance();
    return await takeLabels(registry, { endpoint: 'herg', path: file, ...(assay && { assay }) });
  };
  const HEAD = 'id,value,relation,submitted,measured';

  test('labels are recorded as they were measured; the same file adds nothing, another value is a revision', async () => {
    const text = `${HEAD}\nc1,120.3,=,2026-11-01,2026-11-05\nc2,30000,>,2026-11-01,2026-11-08\nc3,,,2026-11-02,\n`;
    expect(await take(text)).toEqual({
      assay: 'patch-clamp',
      rows: 3,
      labels: 2,
      revisions: 0,
      submissions: 3,
    });
    const earlier = new Date(clock.now()).toISOString();
    const { labels, upTo } = await labelsAsOf(registry.database, 'herg', earlier);
    expect(labels.map(({ compound, value, relation, unit }) => [compound, value, relation, unit])).toEqual([
      ['c1', 120.3, '=', 'nM'],
      ['c2', 30000, '>', 'nM'],
    ]);
    expect(await take(text)).toMatchObject({ labels: 0, submissions: 0 });
    const revised = await take(`${HEAD}\nc1,1203,=,2026-11-01,2026-11-05\n`);
    expect(revised).toMatchObject({ labels: 1, revisions: 1, submissions: 0 });
    expect((await labelsAsOf(registry.database, 'herg', earlier, upTo)).labels).toEqual(labels);
    expect((await recordsOf(registry.database, 'label')).map(({ body }) => body.value)).toEqual([
      120.3, 30000, 1203,
    ]);
  });

  test('a file without days says again what is known, or revises it', async () => {
    await take('id,value\nc1,5\n');
    expect(await take('id,value\nc1,5\n')).toMatchObject({ labels: 0 });
    expect(await take('id,value\nc1,6\n')).toMatchObject({ labels: 1, revisions: 1 });
  });

  test('labels that cannot be are refused as a whole, by row or by assay', async () => {
    await expect(take(`${HEAD}\nc1,5,=,,2026-11-05\nc2,-5,=,,2026-11-05\n`)).rejects.toMatchObject({
      code: 'ERR_LABELS',
      message: expect.stringContaining('row 2 (c2)'),
    });
    await expect(take('id,value\n,5\n')).rejects.toMatchObject({ code: 'ERR_LABELS' });
    await expect(take('id,value\nc1,5\n', 'binding')).rejects.toMatchObject({
      code: 'ERR_ASSAY_UNKNOWN',
      message: expect.stringContaining('patch-clamp'),
    });
    await expect(takeLabels(registry, { endpoint: 'ames', path: file })).rejects.toMatchObject({
      code: 'ERR_ENDPOINT_UNKNOWN',
    });
    expect(await recordsOf(registry.database, 'label')).toEqual([]);
  });

  test('a batch has the labels of its ids and InChIKeys, the last version with the days of the first', async () => {
    await take(`${HEAD}\nc1,120,=,2026-11-01,2026-11-05\nc9,7,=,2026-11-01,2026-11-05\n`);
    await take(`${HEAD}\nc1,130.5,=,2026-11-01,2026-11-09\n`);
    await take(`inchikey,value,submitted,measured\n${KEYS[1]},,2026-11-03,\n`);
    const { database } = registry;
    const snapshot = await snapshotLabels(database, 'herg', batchOf(['c1', 'c2']));
    expect(snapshot).toEqual({
      labelled: 1,
      waiting: 1,
      text: `inchikey,value,relation,submitted,measured\n${KEYS[0]},130.5,=,2026-11-01,2026-11-05\n${KEYS[1]},,,2026-11-03,\n`,
    });
    expect(await snapshotLabels(database, 'herg', batchOf(['c2'], ['']))).toBe(null);
    await expect(snapshotLabels(database, 'herg', batchOf(['c1', 'c1']))).rejects.toMatchObject({
      code: 'ERR_LABELS',
      message: expect.stringContaining('c1 names 2 different compounds'),
    });
  });
});

const observed = (values: readonly number[], from = 0): Observed[] =>
  values.map((value, i) => ({ compound: `c${from + i}`, cluster: `s${from + i}`, value }));
const reference = { clusters: null } as DriftSample;
const held = Float64Array.from({ length: 200 }, (_, i) => i / 200);
const training = {
  heldOut: Uint32Array.from(held.keys()),
  calibration: held,
  batch: new Float64Array(),
  others: [],
};

test('each compound enters a sequential test once, whatever order its rows are in', () => {
  const first = { distances: observed([0.1, 0.2]), losses: [] };
  const second = { distances: observed([0.9, 0.2, 0.3], 1), losses: observed([0.5]) };
  const earlier = { schema: 'assayer.observations/1', monitor: 'm', release: 'r', ...first } as const;
  const added = newObservations(second, [earlier]);
  expect(added.distances.map(({ compound }) => compound)).toEqual(['c2', 'c3']);
  const shuffled = { ...second, distances: second.distances.toReversed() };
  expect(newObservations(shuffled, [earlier])).toEqual(added);
});

test('the sequential test stands where all checks put it: far compounds win, near ones do not', () => {
  const far = [0, 1, 2].map((i) => ({ distances: observed(Array(20).fill(0.99), 100 * i), losses: [] }));
  const even = [0, 1, 2].map((i) => ({
    distances: observed(
      Array.from({ length: 20 }, (_, k) => (k + 0.5) / 20),
      100 * i,
    ),
    losses: [],
  }));
  const stands = (checks: typeof far) => sequentialAfter(checks, reference, training, 1).logWealth;
  expect(stands(far)).toBeGreaterThan(Math.log(20));
  expect(stands(even)).toBeLessThan(Math.log(20));
  expect(stands(far.slice(0, 2))).toBeLessThan(stands(far));
  expect(sequentialAfter([], reference, training, 1)).toEqual({ logWealth: 0 });
});

test('the risk process tells a mean loss beyond what is tolerated, and takes a series once a check', () => {
  const losses = (value: number) =>
    [0, 1, 2].map((i) => ({ distances: [], losses: observed(Array(40).fill(value), 100 * i) }));
  const stands = (value: number, tolerated = 0.05) =>
    riskAfter(losses(value), 0.2, tolerated)?.logWealth ?? Number.NaN;
  expect(stands(0.4)).toBeGreaterThan(Math.log(20));
  expect(stands(0.205)).toBeLessThan(Math.log(20));
  expect(stands(0.4, 1.5)).toBeLessThan(Math.log(20));
  const oneSeries = losses(0.4).map(({ losses: rows }) => ({
    distances: [],
    losses: rows.map((row) => ({ ...row, cluster: 'same' })),
  }));
  expect(riskAfter(oneSeries, 0.2, 0.05)?.logWealth).toBeLessThan(Math.log(20));
  expect(riskAfter(losses(0.4), 0.97, 0.05)).toBe(null);
});
