import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import type { Sql } from '../sql.ts';

export async function projectBundles(sql: Sql, records: readonly RegistryRecord<'bundle'>[]): Promise<void> {
  await insertRows(sql, 'bundles', {
    record: ['bigint', records.map(({ sequence }) => sequence)],
    hash: ['text', records.map(({ subject }) => subject)],
    direction: ['text', records.map(({ body }) => body.direction)],
    peer: ['text', records.map(({ body }) => body.peer)],
  });
}
