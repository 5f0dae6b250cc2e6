import type { Database, Sql } from '../../src/registry/sql.ts';

/** What a schema is, as text that is the same on every version of Postgres: columns, constraints, indexes, triggers. */
export async function dumpSchema(database: Database): Promise<string> {
  return await database.transaction(async (sql) => {
    // Names are written with their schema where it is not on the path, and a user may be called like ours.
    await sql.query('set local search_path = pg_catalog');
    return await dump(sql);
  });
}

async function dump(sql: Sql): Promise<string> {
  const lines = async (statement: string) =>
    (await sql.query<{ line: string }>(statement)).map(({ line }) => line);
  const columns = await lines(`
    select format('%s.%s %s%s%s%s', table_name, column_name, data_type,
      case when collation_name is null then '' else ' collate ' || collation_name end,
      case when is_nullable = 'NO' then ' not null' else '' end,
      case when column_default is null then '' else ' default ' || column_default end) as line
    from information_schema.columns where table_schema = 'assayer' order by table_name collate "C", ordinal_position`);
  // Newer versions of Postgres list "not null" here too; the columns say it already.
  const constraints = await lines(`
    select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) as line from pg_constraint
    where connamespace = 'assayer'::regnamespace and contype <> 'n' and conrelid <> 0 order by 1`);
  const indexes = await lines(
    `select indexdef as line from pg_indexes where schemaname = 'assayer' order by 1`,
  );
  const triggers = await lines(`
    select pg_get_triggerdef(oid) as line from pg_trigger
    where not tgisinternal and tgrelid::regclass::text like 'assayer.%' order by 1`);
  const functions = await lines(`
    select format('%s: %s', proname, btrim(prosrc, E'\n ')) as line from pg_proc
    where pronamespace = 'assayer'::regnamespace order by 1`);
  const part = (title: string, of: string[]) => `-- ${title}\n${of.join('\n')}\n`;
  return [
    part('columns', columns),
    part('constraints', constraints.sort()),
    part('indexes', indexes.sort()),
    part('triggers', triggers.sort()),
    part('functions', functions.sort()),
  ].join('\n');
}
