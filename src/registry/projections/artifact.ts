import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertNew, requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const CONTRACT = { kind: 'artifact', what: 'contract', table: 'contracts', column: 'hash' };
const DATASET = { kind: 'artifact', what: 'dataset', table: 'datasets', column: 'hash' };

/** @throws ERR_REGISTRY_REFERENCE, ERR_REGISTRY_DUPLICATE */
export async function projectArtifacts(
  sql: Sql,
  records: readonly RegistryRecord<'artifact'>[],
): Promise<void> {
  await requireKnown(
    sql,
    CONTRACT,
    records.map(({ subject, body }) => [subject, body.contract]),
  );
  await requireKnown(
    sql,
    DATASET,
    records.map(({ subject, body }) => [subject, body.dataset]),
  );
  await insertNew(sql, 'artifact', 'artifacts', {
    hash: ['text', records.map(({ subject }) => subject)],
    endpoint: ['text', records.map(({ body }) => body.endpoint)],
    version: ['text', records.map(({ body }) => body.version)],
    contract: ['text', records.map(({ body }) => body.contract)],
    dataset: ['text', records.map(({ body }) => body.dataset)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
