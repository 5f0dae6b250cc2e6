import { readFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { AssayerError } from '../../core/errors.ts';
import {
  DEFAULT_POLICY_RULES,
  type MonitorPolicy,
  monitorPolicyHash,
  requireNotYetEffective,
} from '../../core/monitor-policy.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { recordsOf } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { inputError } from '../../store/file-error.ts';
import { parsePolicyText } from '../decide/parse-policy-text.ts';
import type { Registry } from '../registry/open-registry.ts';

/** Fewer characters of a hash than this name nothing. */
const LEAST_HASH = 8;
const DAY_MS = 86_400_000;

/** A policy, and whether it was recorded just now or stood there already. */
export interface AddedPolicy {
  readonly record: RegistryRecord<'policy'>;
  readonly isNew: boolean;
}

/**
 * Records a policy of a file. It stays as it is: another bound is another version, by the same name.
 * @throws ERR_POLICY, ERR_POLICY_LATE, ERR_INPUT_NOT_FOUND, and as Registry.append
 */
export async function addPolicy(registry: Registry, path: string): Promise<AddedPolicy> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw inputError(path, cause);
  });
  const policy = parsePolicyText(text, path);
  const hash = monitorPolicyHash(policy);
  const known = await recordsOf(registry.database, 'policy');
  const same = known.find(({ subject }) => subject === hash);
  if (same) return { record: same, isNew: false };
  requireNotYetEffective(policy, registry.engine.clock.now());
  const { name, effectiveFrom } = policy;
  const rival = known.find(
    ({ body }) => body.policy.name === name && body.policy.effectiveFrom === effectiveFrom,
  );
  if (rival) {
    const problem = `version ${rival.subject.slice(0, 12)} of ${name} takes effect at the same time (${effectiveFrom}), so that nobody could say which judges. Set another effectiveFrom`;
    throw new AssayerError('ERR_POLICY', { path, problem });
  }
  const [record] = await registry.append([
    { kind: 'policy', subject: hash, team: registry.team, body: { policy } },
  ]);
  return { record: record as RegistryRecord<'policy'>, isNew: true };
}

/** Every recorded version, oldest first. */
export async function listPolicies(sql: Sql): Promise<RegistryRecord<'policy'>[]> {
  return await recordsOf(sql, 'policy');
}

/**
 * The version that a hash, its first eight characters or more, or a name stands for; of a name the one recorded last.
 * @throws ERR_POLICY_UNKNOWN
 */
export async function findPolicy(sql: Sql, named: string): Promise<RegistryRecord<'policy'>> {
  const known = await listPolicies(sql);
  const byHash =
    named.length >= LEAST_HASH && /^[0-9a-f]+$/.test(named)
      ? known.filter(({ subject }) => subject.startsWith(named))
      : [];
  if (byHash.length === 1) return byHash[0];
  const byName = known.findLast(({ body }) => body.policy.name === named);
  if (byName) return byName;
  const names = [...new Set(known.map(({ body }) => body.policy.name))].join(', ');
  const problem =
    byHash.length > 1
      ? `${byHash.length} policies begin with these characters; give more of them`
      : `known are ${names || 'none'}`;
  throw new AssayerError('ERR_POLICY_UNKNOWN', { policy: named, problem });
}

/**
 * The default policy as YAML, for somebody to sign: without an approver it is refused when it is added.
 * @param now  milliseconds since 1970; it is proposed to take effect on the next day
 */
export function defaultPolicyText(
  { name = 'default', approver = { name: '', mail: '' } }: Partial<Pick<MonitorPolicy, 'name' | 'approver'>>,
  now: number,
): string {
  const effectiveFrom = new Date(Math.ceil(now / DAY_MS) * DAY_MS).toISOString();
  const head = { schema: 'assayer.policy/1', name, approver, effectiveFrom };
  return stringify({ ...head, ...DEFAULT_POLICY_RULES });
}
