import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertNew, requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const CONTRACT = { kind: 'feature-set', what: 'contract', table: 'contracts', column: 'hash' };

/** @throws ERR_REGISTRY_REFERENCE, ERR_REGISTRY_DUPLICATE */
export async function projectFeatureSets(
  sql: Sql,
  records: readonly RegistryRecord<'feature-set'>[],
): Promise<void> {
  await requireKnown(
    sql,
    CONTRACT,
    records.map(({ subject, body }) => [subject, body.contract]),
  );
  await insertNew(sql, 'feature-set', 'feature_sets', {
    hash: ['text', records.map(({ subject }) => subject)],
    contract: ['text', records.map(({ body }) => body.contract)],
    input: ['text', records.map(({ body }) => body.input)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
