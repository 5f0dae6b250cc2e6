import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertNew } from '../require-known.ts';
import type { Sql } from '../sql.ts';

/** @throws ERR_REGISTRY_DUPLICATE */
export async function projectTeams(sql: Sql, records: readonly RegistryRecord<'team'>[]): Promise<void> {
  await insertNew(sql, 'team', 'teams', {
    team: ['text', records.map(({ subject }) => subject)],
    title: ['text', records.map(({ body }) => body.title)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
