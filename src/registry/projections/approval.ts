import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import { requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const RECORD = { kind: 'approval', what: 'record', table: 'records', column: 'hash' };

/** @throws ERR_REGISTRY_REFERENCE */
export async function projectApprovals(
  sql: Sql,
  records: readonly RegistryRecord<'approval'>[],
): Promise<void> {
  await requireKnown(
    sql,
    RECORD,
    records.map(({ subject }) => [subject, subject]),
  );
  await insertRows(sql, 'approvals', {
    record: ['bigint', records.map(({ sequence }) => sequence)],
    hash: ['text', records.map(({ subject }) => subject)],
    approver: ['text', records.map(({ body }) => body.approver.mail)],
  });
}
