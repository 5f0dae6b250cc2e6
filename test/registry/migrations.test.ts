import { expect, test } from 'vitest';
import { append } from '../../src/registry/append.ts';
import { type Migration, migrate, readMigrations } from '../../src/registry/migrate.ts';
import { recordsOf } from '../../src/registry/read-records.ts';
import type { PROJECTION_TABLES } from '../../src/registry/rebuild.ts';
import type { Database } from '../../src/registry/sql.ts';
import { chainRecords, insertRecords } from '../../src/registry/stored-records.ts';
import { verifyChain } from '../../src/registry/verify-chain.ts';
import { onBothDatabases } from './databases.ts';
import { definition, label, TestClock, wholeStory } from './fixtures.ts';
import { openPlace } from './place.ts';
import { dumpSchema } from './schema.ts';

const migrations = await readMigrations();

onBothDatabases((given) => {
  /** What a version of Assayer leaves behind that had the first migrations only, with a story recorded. */
  async function makeVersion(database: Database, known: readonly Migration[]): Promise<void> {
    await database.query('drop schema assayer cascade');
    await migrate(database, known);
    const time = new TestClock().advance(0);
    const records = chainRecords(wholeStory(time), { sequence: 0, hash: null, time: null }, time);
    await database.transaction(async (sql) => {
      await insertRecords(sql, records);
      const last = records[records.length - 1];
      await sql.query('update assayer.chain_head set sequence = $1, hash = $2, time = $3', [
        last.sequence,
        last.hash,
        last.time,
      ]);
    });
  }

  test('the migrated schema is the one that is checked in', async () => {
    expect(migrations.length).toBeGreaterThan(1);
    await expect(await dumpSchema(given.database)).toMatchFileSnapshot('schema.sql');
  });

  test.each(migrations.map((_, i) => i + 1))(
    'a registry of %i migrations is brought up to this version with its records',
    async (count) => {
      const { database } = given;
      await makeVersion(database, migrations.slice(0, count));
      const applied = await migrate(database);
      expect(applied).toEqual(migrations.slice(count).map(({ name }) => name));
      expect(await migrate(database)).toEqual([]);
      await expect(await dumpSchema(database)).toMatchFileSnapshot('schema.sql');
      expect((await verifyChain(database)).problems).toEqual([]);
      expect(await recordsOf(database, 'label')).toHaveLength(2);
      if (count === migrations.length) return; // nothing was added that records could fill
      for (const table of ['monitors', 'labels', 'edges'] satisfies (typeof PROJECTION_TABLES)[number][]) {
        expect(await database.query(`select * from assayer.${table}`), table).not.toEqual([]);
      }
      const clock = new TestClock();
      clock.advance();
      await append(database, [label('compound-1', 140)], clock);
      expect((await verifyChain(database)).problems).toEqual([]);
    },
  );

  test('a registry of a newer version, or of an altered migration, is refused and left as it is', async () => {
    const { database } = given;
    await append(database, [definition()], new TestClock());
    await database.query("insert into assayer.migrations values ('9999-future.sql', 'x')");
    await expect(migrate(database)).rejects.toMatchObject({ code: 'ERR_REGISTRY_VERSION' });
    await database.query("delete from assayer.migrations where name like '9999%'");
    expect(await migrate(database)).toEqual([]);
    const altered = migrations.map((each, i) => (i === 1 ? { ...each, sha256: 'x' } : each));
    await expect(migrate(database, altered)).rejects.toThrow(/0002-lineage.sql is not the one/);
    expect(await recordsOf(database, 'definition')).toHaveLength(1);
  });

  test('processes that open a new database at once migrate it once', async () => {
    const place = await given.newPlace();
    const databases = await Promise.all([openPlace(place), openPlace(place), openPlace(place)]);
    try {
      const [{ count }] = await databases[2].query<{ count: number }>(
        'select count(*) as count from assayer.migrations',
      );
      expect(count).toBe(migrations.length);
    } finally {
      for (const database of databases) await database[Symbol.asyncDispose]();
    }
  });
});
