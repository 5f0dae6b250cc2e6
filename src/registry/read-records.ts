import type { RecordKind, RegistryRecord, StoredRecord } from '../core/registry-records.ts';
import type { Sql } from './sql.ts';
import { type ChainHead, parseRecord } from './stored-records.ts';

const COLUMNS = 'sequence, kind, subject, team, time, previous, body, hash';

/** Where the chain ends now. */
export async function readHead(sql: Sql): Promise<ChainHead> {
  const [head] = await sql.query<ChainHead>('select sequence, hash, time from assayer.chain_head');
  return head;
}

/** The record of a hash; null where there is none. */
export async function recordByHash(sql: Sql, hash: string): Promise<RegistryRecord | null> {
  const [row] = await sql.query<StoredRecord>(`select ${COLUMNS} from assayer.records where hash = $1`, [
    hash,
  ]);
  return row ? parseRecord(row) : null;
}

/** The record of a place in the chain; null where there is none. */
export async function recordAt(sql: Sql, sequence: number): Promise<RegistryRecord | null> {
  const [row] = await sql.query<StoredRecord>(`select ${COLUMNS} from assayer.records where sequence = $1`, [
    sequence,
  ]);
  return row ? parseRecord(row) : null;
}

/** Every record of a kind, oldest first; of one subject where it is given. */
export async function recordsOf<K extends RecordKind>(
  sql: Sql,
  kind: K,
  subject: string | null = null,
): Promise<RegistryRecord<K>[]> {
  const rows = await sql.query<StoredRecord>(
    subject === null
      ? `select ${COLUMNS} from assayer.records where kind = $1 order by sequence`
      : `select ${COLUMNS} from assayer.records where kind = $1 and subject = $2 order by sequence`,
    subject === null ? [kind] : [kind, subject],
  );
  return rows.map((row) => parseRecord(row) as RegistryRecord<K>);
}

/** The last record of a kind about a subject; null where there is none. */
export async function lastOf<K extends RecordKind>(
  sql: Sql,
  kind: K,
  subject: string,
): Promise<RegistryRecord<K> | null> {
  const [row] = await sql.query<StoredRecord>(
    `select ${COLUMNS} from assayer.records where kind = $1 and subject = $2 order by sequence desc limit 1`,
    [kind, subject],
  );
  return row ? (parseRecord(row) as RegistryRecord<K>) : null;
}

/**
 * Runs that something went into or came out of, oldest first: an artifact, a dataset, an input, an output, by its hash.
 * @param direction 'in': runs that used it; 'out': runs that made it
 */
export async function runsWith(
  sql: Sql,
  hash: string,
  direction: 'in' | 'out',
): Promise<RegistryRecord<'run'>[]> {
  const rows = await sql.query<StoredRecord>(
    `select ${COLUMNS} from assayer.records where sequence in (
       select r.record from assayer.edges e join assayer.runs r on r.run = e.run
       where e.hash = $1 and e.direction = $2
     ) order by sequence`,
    [hash, direction],
  );
  return rows.map((row) => parseRecord(row) as RegistryRecord<'run'>);
}

/** The last record of a kind; null where there is none. */
export async function lastRecord<K extends RecordKind>(sql: Sql, kind: K): Promise<RegistryRecord<K> | null> {
  const [row] = await sql.query<StoredRecord>(
    `select ${COLUMNS} from assayer.records where kind = $1 order by sequence desc limit 1`,
    [kind],
  );
  return row ? (parseRecord(row) as RegistryRecord<K>) : null;
}
