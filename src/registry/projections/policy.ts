import { monitorPolicyHash, requireNotYetEffective } from '../../core/monitor-policy.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { requireHash } from '../require-hash.ts';
import { insertNew } from '../require-known.ts';
import { requireTimes } from '../require-times.ts';
import type { Sql } from '../sql.ts';

/**
 * A policy is agreed before it counts: it takes effect when it is recorded, or later.
 * @throws ERR_REGISTRY_HASH, ERR_REGISTRY_TIME, ERR_POLICY_LATE, ERR_REGISTRY_DUPLICATE
 */
export async function projectPolicies(sql: Sql, records: readonly RegistryRecord<'policy'>[]): Promise<void> {
  for (const { subject, time, body } of records) {
    requireHash('policy', subject, monitorPolicyHash(body.policy));
    requireTimes('policy', [[subject, body.policy.effectiveFrom]]);
    requireNotYetEffective(body.policy, Date.parse(time));
  }
  await insertNew(sql, 'policy', 'policies', {
    hash: ['text', records.map(({ subject }) => subject)],
    name: ['text', records.map(({ body }) => body.policy.name)],
    effective_from: ['text', records.map(({ body }) => body.policy.effectiveFrom)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
