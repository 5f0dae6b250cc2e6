import { readdir, readFile } from 'node:fs/promises';
import { AssayerError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import { rebuildProjections } from './rebuild.ts';
import type { Database } from './sql.ts';

/** Two levels below the package's root in a checkout and in the published package alike. */
const FOLDER = new URL('../../src/registry/migrations/', import.meta.url);
/** Of the advisory lock under which a database is migrated; any number that nothing else in it takes. */
const LOCK = 7_265_617;

export interface Migration {
  /** The file's name; starts with its number. */
  readonly name: string;
  readonly sha256: string;
  readonly text: string;
}

/** The migrations of this engine, in their order. */
export async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(FOLDER)).filter((name) => /^\d{4}-.*\.sql$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, FOLDER), 'utf8');
      return { name, sha256: sha256(text), text };
    }),
  );
}

/**
 * Brings a database to this engine's schema, in one transaction. Where tables are added to a registry that has records,
 * they are filled from them.
 * @param migrations those of this engine, or for tests the first few of them
 * @returns the names of those that were applied now
 * @throws ERR_REGISTRY_VERSION where the database has a migration that this engine does not, or has it otherwise
 */
export async function migrate(database: Database, migrations?: readonly Migration[]): Promise<string[]> {
  const known = migrations ?? (await readMigrations());
  return await database.transaction(async (sql) => {
    await sql.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await sql.query('create schema if not exists assayer');
    await sql.query(
      'create table if not exists assayer.migrations (name text collate "C" primary key, sha256 text not null)',
    );
    const applied = await sql.query<{ name: string; sha256: string }>(
      'select name, sha256 from assayer.migrations order by name',
    );
    for (const [i, { name, sha256: found }] of applied.entries()) {
      const problem =
        known[i]?.name !== name
          ? `it was opened by another version of Assayer, whose migration ${name} this one does not have`
          : known[i].sha256 !== found
            ? `its migration ${name} is not the one that this version has`
            : null;
      if (problem) throw new AssayerError('ERR_REGISTRY_VERSION', { problem });
    }
    const missing = known.slice(applied.length);
    for (const { name, sha256: hash, text } of missing) {
      await sql.query(text);
      await sql.query('insert into assayer.migrations values ($1, $2)', [name, hash]);
    }
    // Only a whole schema can be filled.
    if (missing.length > 0 && migrations === undefined) await rebuildProjections(sql);
    return missing.map(({ name }) => name);
  });
}
