import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import { requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const RECORD = { kind: 'head', what: 'record', table: 'records', column: 'hash' };

/** @throws ERR_REGISTRY_REFERENCE */
export async function projectHeads(sql: Sql, records: readonly RegistryRecord<'head'>[]): Promise<void> {
  await requireKnown(
    sql,
    RECORD,
    records.map(({ subject, body }) => [subject, body.head.hash]),
  );
  await insertRows(sql, 'heads', {
    record: ['bigint', records.map(({ sequence }) => sequence)],
    sequence: ['bigint', records.map(({ body }) => body.head.sequence)],
    hash: ['text', records.map(({ body }) => body.head.hash)],
    key: ['text', records.map(({ body }) => body.head.key)],
  });
}
