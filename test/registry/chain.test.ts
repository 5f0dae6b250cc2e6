import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordHash, type SignedHead, type StoredRecord } from '../../src/core/registry-records.ts';
import { append } from '../../src/registry/append.ts';
import { anchorHead, compareWithAnchors, readAnchors, signHead } from '../../src/registry/heads.ts';
import { openKeys } from '../../src/registry/keys.ts';
import { readHead, recordsOf } from '../../src/registry/read-records.ts';
import { chainRecords, insertRecords, streamRecords } from '../../src/registry/stored-records.ts';
import { verifyChain } from '../../src/registry/verify-chain.ts';
import { temporaryFolder } from '../assayer.ts';
import { onBothDatabases, tamper } from './databases.ts';
import { definition, label, TestClock } from './fixtures.ts';

onBothDatabases((given) => {
  const clock = new TestClock();

  /** A chain of ten records: a definition, nine labels. */
  async function tenRecords(): Promise<StoredRecord[]> {
    const labels = Array.from({ length: 9 }, (_, i) => label(`c${i}`, i));
    await append(given.database, [definition(), ...labels], clock);
    return await stored();
  }

  async function stored(): Promise<StoredRecord[]> {
    const batches: StoredRecord[][] = [];
    for await (const batch of streamRecords(given.database)) batches.push(batch);
    return batches.flat();
  }

  const damage = (...statements: string[]) => tamper(given.database, ...DETACH, ...statements);
  const DETACH = [
    'delete from assayer.labels',
    'delete from assayer.assays',
    'delete from assayer.definitions',
  ];

  async function problems(): Promise<string[]> {
    const report = await verifyChain(given.database);
    return report.problems.map(({ kind, sequence }) => `${kind} ${sequence}`);
  }

  const renumber = (from: number, by: number) => [
    // By way of numbers that are free, since no two rows may have one at any time.
    `update assayer.records set sequence = -sequence where sequence >= ${from}`,
    `update assayer.records set sequence = -sequence + ${by} where sequence < 0`,
  ];

  test.each(['body', 'subject', 'kind', 'time', 'team', 'previous', 'hash'])(
    'an edited %s is found, in the first record, the last, and between',
    async (column) => {
      const altered: string[][] = [];
      for (const sequence of [1, 5, 10]) {
        await tamper(given.database, ...DETACH, 'delete from assayer.records', EMPTY_HEAD);
        await tenRecords();
        await damage(`update assayer.records set ${column} = 'edited' where sequence = ${sequence}`);
        altered.push(await problems());
      }
      expect(altered).toEqual([['altered 1'], ['altered 5'], ['altered 10']]);
    },
  );
  const EMPTY_HEAD = 'update assayer.chain_head set sequence = 0, hash = null, time = null';

  test('one changed digit inside a body is found', async () => {
    await tenRecords();
    await damage(`update assayer.records set body = replace(body, '"value":3', '"value":4')`);
    expect(await problems()).toEqual(['altered 5']);
  });

  test('a record that was rewritten with a fitting hash is found by what follows it', async () => {
    const records = await tenRecords();
    const forged = { ...records[4], body: records[4].body.replace('"value":3', '"value":4') };
    const hash = recordHash(forged);
    await damage(`update assayer.records set body = '${forged.body}', hash = '${hash}' where sequence = 5`);
    expect(await problems()).toEqual(['altered 5']);
  });

  test('missing records are found: the first, the last, several', async () => {
    await tenRecords();
    await damage('delete from assayer.records where sequence in (1, 4, 5, 10)');
    expect(await problems()).toEqual(['missing 1', 'missing 4', 'missing 10']);
    const [, second] = (await verifyChain(given.database)).problems;
    expect(second.inWords).toBe('records 4 to 5 are missing');
  });

  test('a record that was taken out, and the gap closed, is missing and nothing else', async () => {
    await tenRecords();
    await damage('delete from assayer.records where sequence = 4', ...renumber(5, -1));
    await given.database.query('update assayer.chain_head set sequence = 9');
    expect(await problems()).toEqual(['missing 4']);
  });

  test('records that changed places are found, side by side and far apart', async () => {
    await tenRecords();
    const swap = (a: number, b: number) => [
      `update assayer.records set sequence = -1 where sequence = ${a}`,
      `update assayer.records set sequence = ${a} where sequence = ${b}`,
      `update assayer.records set sequence = ${b} where sequence = -1`,
    ];
    await damage(...swap(2, 3), ...swap(5, 9));
    expect(await problems()).toEqual(['moved 2', 'moved 3', 'moved 5', 'moved 9']);
  });

  test('an inserted record is found: between others, which moved up for it, and after the last', async () => {
    const records = await tenRecords();
    const [between] = chainRecords([label('forged', 1)], records[4], records[4].time);
    await damage(...renumber(6, 1));
    await insertRecords(given.database, [between]);
    expect(await problems()).toEqual(['inserted 6']);
    const [after] = chainRecords([label('forged', 2)], { ...records[9], sequence: 11 }, records[9].time);
    await insertRecords(given.database, [after]);
    expect(await problems()).toEqual(['inserted 6', 'inserted 12']);
  });

  test('damage of several kinds is told apart', async () => {
    const records = await tenRecords();
    const [forged] = chainRecords([label('forged', 1)], { ...records[9], sequence: 10 }, records[9].time);
    await damage(
      "update assayer.records set body = '{}' where sequence = 2",
      'delete from assayer.records where sequence = 6',
    );
    await insertRecords(given.database, [forged]);
    expect(await problems()).toEqual(['altered 2', 'missing 6', 'inserted 11']);
  });

  test('a chain longer than one batch is whole, and its damage is found past the first', async () => {
    const labels = Array.from({ length: 4100 }, (_, i) => label(`c${i}`, i));
    await append(given.database, [definition(), ...labels], clock);
    expect(await verifyChain(given.database)).toMatchObject({ records: 4101, problems: [] });
    await damage("update assayer.records set subject = 'x' where sequence in (2001, 4101)");
    expect(await problems()).toEqual(['altered 2001', 'altered 4101']);
  });

  /** Keys, and the file of anchors beside them. */
  async function signed() {
    const folder = temporaryFolder();
    const keys = await openKeys(join(folder, 'keys'));
    const anchors = join(folder, 'anchors.jsonl');
    await tenRecords();
    await anchorHead(anchors, await signHead(given.database, keys, clock));
    return { folder, keys, anchors };
  }

  test('a chain that grew after its head was anchored still holds that head', async () => {
    const { keys, anchors } = await signed();
    await append(given.database, [label('c1', 17)], clock);
    await anchorHead(anchors, await signHead(given.database, keys, clock));
    const heads = await readAnchors(anchors);
    expect(heads.map(({ sequence }) => sequence)).toEqual([10, 12]);
    expect(await compareWithAnchors(given.database, keys, heads)).toEqual([]);
    expect((await recordsOf(given.database, 'head')).map(({ body }) => body.head)).toEqual(heads);
    expect(await problems()).toEqual([]);
  });

  test('a chain that was cut short, head and all, is whole by itself and is found by an anchor', async () => {
    const { keys, anchors } = await signed();
    const records = await stored();
    await damage('delete from assayer.heads', 'delete from assayer.records where sequence > 7');
    await given.database.query('update assayer.chain_head set sequence = 7, hash = $1', [records[6].hash]);
    expect(await problems()).toEqual([]);
    const found = await compareWithAnchors(given.database, keys, await readAnchors(anchors));
    expect(found.map(({ kind, head }) => [kind, head.sequence])).toEqual([['truncated', 10]]);
  });

  test('a chain that was written anew is whole by itself and is found by an anchor', async () => {
    const { keys, anchors } = await signed();
    await damage('delete from assayer.heads', 'delete from assayer.records', EMPTY_HEAD);
    const labels = Array.from({ length: 12 }, (_, i) => label(`c${i}`, i + 1));
    await append(given.database, [definition(), ...labels], clock);
    expect(await problems()).toEqual([]);
    const found = await compareWithAnchors(given.database, keys, await readAnchors(anchors));
    expect(found.map(({ kind, head }) => [kind, head.sequence])).toEqual([['rewritten', 10]]);
  });

  test('an anchor by an unknown key, or one that was edited, is refused', async () => {
    const { folder, keys, anchors } = await signed();
    const [head] = await readAnchors(anchors);
    const strangers = await openKeys(join(folder, 'strangers'));
    const refused = (by: typeof keys, anchored: SignedHead) =>
      expect(compareWithAnchors(given.database, by, [anchored])).rejects;
    await refused(strangers, head).toMatchObject({ code: 'ERR_KEY_UNKNOWN' });
    await refused(keys, { ...head, sequence: 9 }).toMatchObject({ code: 'ERR_SIGNATURE' });
    await refused(keys, { ...head, signature: 'AAAA' }).toMatchObject({ code: 'ERR_SIGNATURE' });
    // Once a person has put the public key there, the same head counts.
    const own = [...keys.trusted.values()][0].export({ type: 'spki', format: 'pem' });
    writeFileSync(join(folder, 'strangers', 'trusted', 'ours.pem'), own);
    expect(
      await compareWithAnchors(given.database, await openKeys(join(folder, 'strangers')), [head]),
    ).toEqual([]);
    appendFileSync(anchors, '{"schema":"assayer.head/1"}\n');
    await expect(readAnchors(anchors)).rejects.toThrow(/line 2 is no signed head/);
    await expect(readAnchors(join(folder, 'none'))).rejects.toMatchObject({ code: 'ERR_INPUT_NOT_FOUND' });
  });

  test('an empty chain has no head to sign', async () => {
    const keys = await openKeys(join(temporaryFolder(), 'keys'));
    await expect(signHead(given.database, keys, clock)).rejects.toMatchObject({ code: 'ERR_REGISTRY_EMPTY' });
    expect((await readHead(given.database)).sequence).toBe(0);
  });
});

test('a key is made once, is for its user alone, and one that others may read is refused', async () => {
  const folder = join(temporaryFolder(), 'keys');
  const [one, two] = await Promise.all([openKeys(folder), openKeys(folder)]);
  expect([...one.trusted.keys()]).toEqual([...two.trusted.keys()]);
  const path = join(folder, 'registry.pem');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const text = readFileSync(path, 'utf8');
  chmodSync(path, 0o644);
  await expect(openKeys(folder)).rejects.toThrow(/others may read it/);
  chmodSync(path, 0o600);
  writeFileSync(path, 'nothing');
  await expect(openKeys(folder)).rejects.toThrow(/no key in PEM/);
  writeFileSync(path, text);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  mkdirSync(join(folder, 'trusted'), { recursive: true });
  writeFileSync(join(folder, 'trusted', 'rsa.pem'), rsa.export({ type: 'spki', format: 'pem' }));
  await expect(openKeys(folder)).rejects.toMatchObject({ code: 'ERR_KEY' });
});
