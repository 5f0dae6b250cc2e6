import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import { requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const DECISION = { kind: 'told', what: 'decision', table: 'decisions', column: 'id' };

/** @throws ERR_REGISTRY_REFERENCE */
export async function projectTold(sql: Sql, records: readonly RegistryRecord<'told'>[]): Promise<void> {
  await requireKnown(
    sql,
    DECISION,
    records.map(({ body, subject }) => [body.to, subject]),
  );
  await insertRows(sql, 'told', {
    record: ['bigint', records.map(({ sequence }) => sequence)],
    decision: ['text', records.map(({ subject }) => subject)],
    receiver: ['text', records.map(({ body }) => body.to)],
    delivered: ['boolean', records.map(({ body }) => body.outcome.delivered)],
  });
}
