import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { currentHead, registryStatus } from '../../src/flows/registry-status.ts';
import { verifyRegistry } from '../../src/flows/verify-registry.ts';
import { append } from '../../src/registry/append.ts';
import { anchorHead, readAnchors } from '../../src/registry/heads.ts';
import { tamper } from '../registry/databases.ts';
import { label, TestClock, wholeStory } from '../registry/fixtures.ts';
import { open, workspaceWithRegistry } from './registry-workspace.ts';
import { engine, freshPath } from './trace-compound-fixtures.ts';

async function told() {
  const registry = await open(await workspaceWithRegistry());
  const clock = new TestClock();
  await append(registry.database, wholeStory(clock.advance(0)), clock);
  return registry;
}

test('a registry is whole as it was recorded, and checking it changes nothing', async () => {
  await using registry = await told();
  const before = await registryStatus(registry);
  expect(await verifyRegistry(registry)).toMatchObject({ isWhole: true, tables: [], headsCompared: 0 });
  expect(await registryStatus(registry)).toEqual(before);
  expect(before.counts).toMatchObject({ label: 2, release: 1 });
  const rows = await registry.database.query('select * from assayer.labels');
  expect(rows).toHaveLength(2);
});

test('a table that was edited by hand is named, and the chain still verifies', async () => {
  await using registry = await told();
  await registry.database.query('update assayer.labels set value = 1 where value = 120');
  await registry.database.query("delete from assayer.edges where role = 'artifact'");
  const report = await verifyRegistry(registry);
  expect(report.isWhole).toBe(false);
  expect(report.chain.problems).toEqual([]);
  expect(report.tables).toEqual([
    { table: 'edges', extra: 0, missing: 1 },
    { table: 'labels', extra: 1, missing: 1 },
  ]);
});

test('a record that was altered is named, even where no table can be made of it', async () => {
  await using registry = await told();
  await tamper(registry.database, "update assayer.records set body = '{}' where kind = 'dataset'");
  const report = await verifyRegistry(registry);
  expect(report.chain.problems.map(({ kind }) => kind)).toEqual(['altered']);
  expect(report.tablesProblem).not.toBe(null);
  expect(report.isWhole).toBe(false);
});

test('anchored heads show a chain that was cut short or written anew, which verifies by itself', async () => {
  await using registry = await told();
  const file = freshPath('heads.jsonl');
  const place = { ...registry, engine: { ...engine, clock: new TestClock() } };
  const head = await currentHead(place);
  await anchorHead(file, head);
  expect(await currentHead(place)).toEqual(head); // nothing was recorded since
  const anchors = await readAnchors(file);
  expect(await verifyRegistry(registry, anchors)).toMatchObject({ isWhole: true, headsCompared: 2 });
  await append(registry.database, [label('compound-2', 7)], new TestClock());
  expect(await verifyRegistry(registry, anchors)).toMatchObject({ isWhole: true });
  const [{ hash, time }] = await registry.database.query<{ hash: string; time: string }>(
    'select hash, time from assayer.records where sequence = 14',
  );
  await registry.database.query('delete from assayer.heads');
  await registry.database.query('delete from assayer.labels where record > 14');
  await registry.database.query('delete from assayer.monitors');
  await tamper(
    registry.database,
    'delete from assayer.records where sequence > 14',
    `update assayer.chain_head set sequence = 14, hash = '${hash}', time = '${time}'`,
  );
  expect(await verifyRegistry(registry)).toMatchObject({ isWhole: true });
  const report = await verifyRegistry(registry, anchors);
  expect(report).toMatchObject({ isWhole: false, heads: [{ kind: 'truncated' }] });
  await append(registry.database, [label('compound-2', 8)], new TestClock());
  expect((await verifyRegistry(registry, anchors)).heads).toMatchObject([{ kind: 'rewritten' }]);
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"sequence":${head.sequence}`, '"sequence":1'));
  await expect(verifyRegistry(registry, await readAnchors(file))).rejects.toMatchObject({
    code: 'ERR_SIGNATURE',
  });
});
