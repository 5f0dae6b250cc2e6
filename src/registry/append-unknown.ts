import type { Clock } from '../core/clock.ts';
import { AssayerError } from '../core/errors.ts';
import type { RegistryDraft, RegistryRecord } from '../core/registry-records.ts';
import { appendRecords } from './append.ts';
import type { Database, Sql } from './sql.ts';

/**
 * Adds what the registry does not hold yet: which of it is unknown is asked under the chain's lock, so of several processes
 * that have the same to record one does. Where the database's process ends during the commit, it is asked again.
 * @param draftsOf  of what is unknown; may be called more than once
 * @throws as appendRecords; ERR_REGISTRY_BUSY, ERR_REGISTRY_STORAGE
 */
export async function appendUnknown(
  database: Database,
  clock: Clock,
  draftsOf: (sql: Sql) => Promise<readonly RegistryDraft[]>,
): Promise<RegistryRecord[]> {
  for (;;) {
    try {
      return await database.transaction(async (sql) => {
        await sql.query('select sequence from assayer.chain_head for update');
        return await appendRecords(sql, await draftsOf(sql), clock);
      });
    } catch (cause) {
      if (!(cause instanceof AssayerError && cause.code === 'ERR_REGISTRY_LOST')) throw cause;
    }
  }
}

/** Those of the names that stand in a column of a table that follows from the records. */
export async function knownNames(
  sql: Sql,
  table: string,
  column: string,
  names: readonly string[],
): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const rows = await sql.query<{ name: string }>(
    `select distinct ${column} as name from assayer.${table} where ${column} = any($1::text[])`,
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}
