import { canonicalJson } from '../core/hash.ts';
import {
  type RegistryDraft,
  type RegistryRecord,
  recordHash,
  type StoredRecord,
} from '../core/registry-records.ts';
import { insertRows } from './insert-rows.ts';
import type { Sql } from './sql.ts';

/** The last record of a chain: sequence 0 and nulls where there is none. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string | null;
  readonly time: string | null;
}

/** Gives drafts their places behind a head. */
export function chainRecords(
  drafts: readonly RegistryDraft[],
  head: ChainHead,
  time: string,
): StoredRecord[] {
  const records: StoredRecord[] = [];
  for (const { kind, subject, team, body } of drafts) {
    const previous = records.at(-1)?.hash ?? head.hash;
    const sequence = head.sequence + records.length + 1;
    const unsigned = { sequence, kind, subject, team, time, previous, body: canonicalJson(body) };
    records.push({ ...unsigned, hash: recordHash(unsigned) });
  }
  return records;
}

export async function insertRecords(sql: Sql, records: readonly StoredRecord[]): Promise<void> {
  const column = (name: keyof StoredRecord) => records.map((record) => record[name]);
  await insertRows(sql, 'records', {
    sequence: ['bigint', column('sequence')],
    kind: ['text', column('kind')],
    subject: ['text', column('subject')],
    team: ['text', column('team')],
    time: ['text', column('time')],
    previous: ['text', column('previous')],
    body: ['text', column('body')],
    hash: ['text', column('hash')],
  });
}

/** A stored record with its body read. */
export function parseRecord(stored: StoredRecord): RegistryRecord {
  return { ...stored, body: JSON.parse(stored.body) } as RegistryRecord;
}

const BATCH = 2000;

/** Every stored record in the order of the sequence, a batch at a time. */
export async function* streamRecords(sql: Sql): AsyncGenerator<StoredRecord[]> {
  for (let after: number | undefined; ; ) {
    const rows: StoredRecord[] = await sql.query<StoredRecord>(
      `select sequence, kind, subject, team, time, previous, body, hash from assayer.records
       where $1::bigint is null or sequence > $1 order by sequence limit ${BATCH}`,
      [after ?? null],
    );
    if (rows.length > 0) yield rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1)?.sequence;
  }
}
