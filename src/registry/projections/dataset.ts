import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertNew, requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const DEFINITION = { kind: 'dataset', what: 'definition', table: 'definitions', column: 'hash' };

/** @throws ERR_REGISTRY_REFERENCE, ERR_REGISTRY_DUPLICATE */
export async function projectDatasets(
  sql: Sql,
  records: readonly RegistryRecord<'dataset'>[],
): Promise<void> {
  await requireKnown(
    sql,
    DEFINITION,
    records.map(({ subject, body }) => [subject, body.definition]),
  );
  await insertNew(sql, 'dataset', 'datasets', {
    hash: ['text', records.map(({ subject }) => subject)],
    endpoint: ['text', records.map(({ body }) => body.endpoint)],
    definition: ['text', records.map(({ body }) => body.definition)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
