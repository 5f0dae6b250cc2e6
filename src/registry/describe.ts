import type { RegistryRecord, StoredRecord } from '../core/registry-records.ts';
import type { Sql } from './sql.ts';
import { parseRecord } from './stored-records.ts';

/** Columns that name something in the registry, by the kind of record that says what it is. */
const NAMED = [
  ['records', 'hash'],
  ['runs', 'run'],
  ['edges', 'hash'],
  ['definitions', 'hash'],
  ['contracts', 'hash'],
  ['datasets', 'hash'],
  ['feature_sets', 'hash'],
  ['artifacts', 'hash'],
  ['releases', 'hash'],
  ['releases', 'artifact'],
  ['policies', 'hash'],
  ['monitors', 'monitor'],
  ['evidence', 'id'],
  ['decisions', 'id'],
  ['monitor_events', 'id'],
  ['retrains', 'artifact'],
  ['bundles', 'hash'],
] as const;

/**
 * What in the registry is called so, or begins so.
 * @param text   a hash or an id
 * @param least  fewest characters of a beginning; a shorter text is a whole name
 * @param most   names that are returned at most, sorted
 */
export async function namesLike(sql: Sql, text: string, least: number, most: number): Promise<string[]> {
  const parts = (condition: (column: string) => string) =>
    NAMED.map(
      ([table, column]) => `select ${column} as name from assayer.${table} where ${condition(column)}`,
    );
  const whole = parts((column) => `${column} = $1`).join(' union ');
  const [same] = await sql.query<{ name: string }>(whole, [text]);
  if (same) return [same.name];
  if (text.length < least) return [];
  // Names sort by their bytes, so those with one beginning stand together; ~ sorts after all that hashes and ids hold.
  const begins = parts((column) => `${column} >= $1 and ${column} < $1 || '~'`).join(' union ');
  const rows = await sql.query<{ name: string }>(
    `select name from (${begins}) as found order by name limit $2`,
    [text, most],
  );
  return rows.map(({ name }) => name);
}

/** Records by what they are named by, for each kind that a trace may reach; of a monitor the last. */
const DESCRIBING = `
  select n.name, s.* from unnest($1::text[]) as n (name) join assayer.records s
    on s.subject = n.name and s.kind in ('run', 'contract', 'dataset', 'feature-set', 'artifact', 'policy', 'monitor', 'bundle')
  union all select d.hash, s.* from assayer.definitions d join assayer.records s on s.sequence = d.record
    where d.hash = any($1::text[])
  union all select r.hash, s.* from assayer.releases r join assayer.records s on s.sequence = r.record
    where r.hash = any($1::text[])
  union all select e.id, s.* from assayer.evidence e join assayer.records s on s.sequence = e.record
    where e.id = any($1::text[])
  union all select d.id, s.* from assayer.decisions d join assayer.records s on s.sequence = d.record
    where d.id = any($1::text[])
  union all select m.id, s.* from assayer.monitor_events m join assayer.records s on s.sequence = m.record
    where m.id = any($1::text[])
  union all select s.hash, s.* from assayer.records s where s.hash = any($1::text[])`;

/** The record that says what each name is; names of files have none. */
export async function recordsNamed(sql: Sql, names: readonly string[]): Promise<Map<string, RegistryRecord>> {
  const rows = await sql.query<StoredRecord & { name: string }>(
    `select * from (${DESCRIBING}) as found order by sequence`,
    [names],
  );
  return new Map(rows.map(({ name, ...stored }) => [name, parseRecord(stored)]));
}

/** Records of what somebody was told of decisions, in their order. */
export async function toldOf(sql: Sql, decisions: readonly string[]): Promise<RegistryRecord<'told'>[]> {
  const rows = await sql.query<StoredRecord>(
    `select s.* from assayer.told t join assayer.records s on s.sequence = t.record
     where t.decision = any($1::text[]) order by s.sequence`,
    [decisions],
  );
  return rows.map((row) => parseRecord(row) as RegistryRecord<'told'>);
}

/** Where a run's result is: its hash, and the run's place in the chain. */
export interface RecordedResult {
  readonly run: string;
  readonly hash: string;
  readonly record: number;
}

/** The result of every screen, in the order of their records. */
export async function recordedResults(sql: Sql): Promise<RecordedResult[]> {
  return await sql.query<RecordedResult>(
    `select r.run, e.hash, r.record from assayer.runs r join assayer.edges e on e.run = r.run
     where r.command = 'screen' and e.direction = 'out' and e.role = 'output' order by r.record`,
  );
}

/** The records of these places, in their order. */
export async function recordsAt(sql: Sql, places: readonly number[]): Promise<RegistryRecord[]> {
  const rows = await sql.query<StoredRecord>(
    'select * from assayer.records where sequence = any($1::bigint[]) order by sequence',
    [places],
  );
  return rows.map(parseRecord);
}
