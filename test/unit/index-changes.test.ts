import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { appendToIndex, buildIndex } from '../../src/flows/index-build.ts';
import { compactIndex, deleteFromIndex } from '../../src/flows/index-edit.ts';
import { readIndexInfo } from '../../src/flows/index-info.ts';
import { openIndexFolder } from '../../src/store/index-folder.ts';
import { temporaryFolder } from '../assayer.ts';
import { appendFrom, buildFrom, engine, randomRows, selfTable, writeFpsFile } from './index-fixtures.ts';
import { failure } from './store-fixtures.ts';

const BITS = 512;
const rows = randomRows(700, BITS);

/** What the table of neighbours says by id, without the row numbers, which deletion moves. */
const byId = (table: string) =>
  table
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(line.indexOf(',') + 1))
    .sort();

test('rows lie sorted by set bits, equal ones in the order they were given', async () => {
  const { index } = await buildFrom(temporaryFolder(), 'a', rows, BITS);
  await using folder = await openIndexFolder(index);
  const found: { id: string; bits: number }[] = [];
  for await (const { ids, fingerprints } of folder.rows.live(100)) {
    ids.forEach((id, i) => {
      const bytes = fingerprints.subarray(i * 64, (i + 1) * 64);
      found.push({ id, bits: [...bytes].reduce((n, b) => n + ones(b), 0) });
      expect(Buffer.from(bytes).toString('hex')).toBe(rows.find((row) => row.id === id)?.hex);
    });
  }
  const order = (id: string) => Number(id.slice(1));
  const sorted = found.toSorted((a, b) => a.bits - b.bits || order(a.id) - order(b.id));
  expect(found).toEqual(sorted);
  expect(found).toHaveLength(rows.length);
});

const ones = (byte: number) => byte.toString(2).replaceAll('0', '').length;

test('built at once, appended in three parts, or compacted after, an index gives the same answers and bytes', async () => {
  const folder = temporaryFolder();
  const whole = await buildFrom(folder, 'whole', rows, BITS);
  const parts = await buildFrom(folder, 'parts', rows.slice(0, 300), BITS);
  await appendFrom(folder, parts.index, rows.slice(300, 301), BITS);
  await appendFrom(folder, parts.index, rows.slice(301), BITS);
  const expected = await selfTable(folder, whole.index);
  expect(expected.split('\n').length).toBe(rows.length * 5 + 2);
  expect(await selfTable(folder, parts.index)).toBe(expected);
  const compacted = await compactIndex(parts.index);
  expect(compacted.manifest.segments).toEqual(whole.change.manifest.segments);
  expect(await selfTable(folder, parts.index)).toBe(expected);
  expect(readdirSync(parts.index).sort()).toEqual(readdirSync(whole.index).sort());
});

test('deleted rows are not found; compacting drops them and changes no answer', async () => {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'a', rows.slice(0, 400), BITS);
  await appendFrom(folder, index, rows.slice(400), BITS);
  const gone = rows.filter((_, i) => i % 7 === 0).map(({ id }) => id);
  await deleteFromIndex(index, gone.slice(0, 50));
  expect((await deleteFromIndex(index, gone.slice(50))).deleted).toBe(gone.length - 50);
  const info = await readIndexInfo(index);
  expect([info.rows, info.deleted]).toEqual([rows.length - gone.length, gone.length]);
  const kept = rows.filter((_, i) => i % 7 !== 0);
  const fresh = await buildFrom(folder, 'fresh', kept, BITS);
  const before = await selfTable(folder, index);
  expect(byId(before)).toEqual(byId(await selfTable(folder, fresh.index)));
  await compactIndex(index);
  expect(byId(await selfTable(folder, index))).toEqual(byId(before));
  expect((await readIndexInfo(index)).deleted).toBe(0);
});

test('an id may be used again once its row is deleted, before and after compacting', async () => {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'a', rows.slice(0, 20), BITS);
  for (const prepare of [async () => undefined, compactIndex]) {
    await deleteFromIndex(index, ['r3']);
    await prepare(index);
    await appendFrom(folder, index, [{ id: 'r3', hex: rows[30].hex }], BITS);
  }
  expect((await readIndexInfo(index)).rows).toBe(20);
});

test('all rows can be deleted, and others added', async () => {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'a', rows.slice(0, 5), BITS);
  await deleteFromIndex(
    index,
    rows.slice(0, 5).map(({ id }) => id),
  );
  expect(await selfTable(folder, index)).toMatch(/^query_row.*\n$/);
  await compactIndex(index);
  expect(readdirSync(index)).toEqual(['manifest.json']);
  expect(await selfTable(folder, index)).toMatch(/^query_row.*\n$/);
  await appendFrom(folder, index, rows.slice(0, 3), BITS);
  expect((await readIndexInfo(index)).rows).toBe(3);
});

test('ids of any length and any characters come back as they were', async () => {
  const folder = temporaryFolder();
  const ids = ['x'.repeat(300_000), 'é 漢字 🙂', 'it\'s, "quoted"', ' ', '0'];
  const named = ids.map((id, i) => ({ id, hex: rows[i].hex }));
  const { index } = await buildFrom(folder, 'a', named, BITS);
  await using opened = await openIndexFolder(index);
  const texts = await opened.rows.texts('id');
  const found = ids.map((_, row) => texts.get(row));
  expect(found.toSorted()).toEqual(ids.toSorted());
});

test('an index can be added to another one, and built from one', async () => {
  const folder = temporaryFolder();
  const workspace = join(folder, 'ws');
  const a = await buildFrom(folder, 'a', rows.slice(0, 100), BITS);
  const b = await buildFrom(folder, 'b', rows.slice(100, 150), BITS);
  await deleteFromIndex(b.index, ['r120']);
  const merged = await appendToIndex(engine, { index: a.index, input: { path: b.index, workspace } });
  expect(merged.added).toBe(49);
  const copy = join(folder, 'copy.index');
  await buildIndex(engine, { index: copy, input: { path: a.index, workspace } });
  expect(byId(await selfTable(folder, copy))).toEqual(byId(await selfTable(folder, a.index)));
});

test('the same input gives the same bytes, down to the manifest', async () => {
  const folder = temporaryFolder();
  const a = await buildFrom(folder, 'a', rows, BITS);
  const b = await buildFrom(folder, 'b', rows, BITS);
  const manifest = (index: string) => readFileSync(join(index, 'manifest.json'), 'utf8');
  expect(manifest(b.index)).toBe(manifest(a.index));
  expect(a.change.sha256).toBe(JSON.parse(manifest(a.index)).sha256);
});

test('an index that is open keeps answering while it is compacted', async () => {
  const folder = temporaryFolder();
  const { index } = await buildFrom(folder, 'a', rows.slice(0, 50), BITS);
  await using opened = await openIndexFolder(index);
  await appendFrom(folder, index, rows.slice(50, 60), BITS);
  await compactIndex(index);
  let count = 0;
  for await (const batch of opened.rows.live(10)) count += batch.count;
  expect(count).toBe(50);
});

test('repeated ids are refused with both places, and nothing is changed', async () => {
  const folder = temporaryFolder();
  const { index, change } = await buildFrom(folder, 'a', rows.slice(0, 10), BITS);
  const inFile = await failure(
    buildFrom(folder, 'twice', [...rows.slice(0, 4), { ...rows[9], id: 'r2' }], BITS),
  );
  expect(inFile.code).toBe('ERR_INDEX_ID_REPEATED');
  expect(inFile.message).toMatch(
    /Id r2 repeats: it stands at row 2 of .*twice\.fps and at row 4 of .*twice\.fps/,
  );
  const inIndex = await failure(appendFrom(folder, index, [rows[11], rows[7]], BITS));
  expect(inIndex.message).toMatch(
    /Id r7 repeats: it stands at index .*a\.index and at row 1 of .*append\.fps/,
  );
  expect((await readIndexInfo(index)).sha256).toBe(change.sha256);
  expect(readdirSync(folder).filter((name) => name.includes('twice'))).toEqual(['twice.fps']);
  expect(readdirSync(index)).toHaveLength(2);
});

test('ids that are not there are refused, and then none is deleted', async () => {
  const folder = temporaryFolder();
  const { index, change } = await buildFrom(folder, 'a', rows.slice(0, 10), BITS);
  const error = await failure(deleteFromIndex(index, ['r1', 'nobody', 'r2']));
  expect([error.code, error.message]).toEqual(['ERR_INDEX_ID_UNKNOWN', expect.stringContaining('"nobody"')]);
  expect((await readIndexInfo(index)).sha256).toBe(change.sha256);
});

test('rows of another length, type or kind are refused', async () => {
  const folder = temporaryFolder();
  const workspace = join(folder, 'ws');
  const { index } = await buildFrom(folder, 'a', rows.slice(0, 10), BITS);
  const append = (path: string, more = {}) =>
    failure(appendToIndex(engine, { index, input: { path, workspace, ...more } }));
  const longer = await append(writeFpsFile(join(folder, 'l.fps'), randomRows(3, 1024, 'x'), 1024));
  expect([longer.code, longer.message]).toEqual([
    'ERR_FINGERPRINT_MISMATCH',
    expect.stringContaining('1024 bits, the index 512'),
  ]);
  const other = writeFpsFile(join(folder, 'o.fps'), randomRows(3, BITS, 'x'), BITS, 'other/2');
  expect((await append(other)).message).toContain('they are other/2, the index holds test/1');
  writeFileSync(join(folder, 'c.csv'), 'id,smiles\nq,CCO\n');
  expect((await append(join(folder, 'c.csv'))).code).toBe('ERR_FINGERPRINT_MISMATCH');
  const stated = { path: other, workspace, fingerprintType: 'test/1' };
  expect((await appendToIndex(engine, { index, input: stated })).added).toBe(3);
});

test('an index of compounds refuses compounds of another contract', async () => {
  const folder = temporaryFolder();
  const workspace = join(folder, 'ws');
  const table = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return { path: join(folder, name), workspace };
  };
  const index = join(folder, 'c.index');
  await buildIndex(engine, { index, input: table('a.csv', 'id,smiles\naspirin,CC(=O)Oc1ccccc1C(=O)O\n') });
  const { contract } = engine;
  const changed = { ...contract, limits: { ...contract.limits, heavyAtoms: 99 } };
  const other = join(folder, 'other.index');
  const olderEngine = { ...engine, contract: changed };
  await buildIndex(olderEngine, { index: other, input: table('b.csv', 'id,smiles\nethanol,CCO\n') });
  const error = await failure(appendToIndex(engine, { index, input: { path: other, workspace } }));
  expect([error.code, error.message]).toEqual([
    'ERR_FINGERPRINT_MISMATCH',
    expect.stringContaining('they differ in limits'),
  ]);
});
