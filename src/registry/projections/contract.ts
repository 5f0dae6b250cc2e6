import { contractHash } from '../../core/contract.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { requireHash } from '../require-hash.ts';
import { insertNew } from '../require-known.ts';
import type { Sql } from '../sql.ts';

/** @throws ERR_REGISTRY_HASH, ERR_REGISTRY_DUPLICATE */
export async function projectContracts(
  sql: Sql,
  records: readonly RegistryRecord<'contract'>[],
): Promise<void> {
  for (const { subject, body } of records) requireHash('contract', subject, contractHash(body.contract));
  await insertNew(sql, 'contract', 'contracts', {
    hash: ['text', records.map(({ subject }) => subject)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
