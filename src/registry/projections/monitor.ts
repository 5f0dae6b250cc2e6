import type { RegistryRecord } from '../../core/registry-records.ts';
import { requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const RELEASE = { kind: 'monitor', what: 'release', table: 'releases', column: 'hash' };
const POLICY = { kind: 'monitor', what: 'policy', table: 'policies', column: 'hash' };

/** @throws ERR_REGISTRY_REFERENCE */
export async function projectMonitors(
  sql: Sql,
  records: readonly RegistryRecord<'monitor'>[],
): Promise<void> {
  await requireKnown(
    sql,
    RELEASE,
    records.map(({ subject, body }) => [subject, body.release]),
  );
  await requireKnown(
    sql,
    POLICY,
    records.map(({ subject, body }) => [subject, body.policy]),
  );
  for (const { subject, sequence, body } of records) {
    await sql.query(
      `insert into assayer.monitors (monitor, endpoint, release, policy, record) values ($1, $2, $3, $4, $5)
       on conflict (monitor) do update set endpoint = excluded.endpoint, release = excluded.release,
         policy = excluded.policy, record = excluded.record`,
      [subject, body.endpoint, body.release, body.policy, sequence],
    );
  }
}
