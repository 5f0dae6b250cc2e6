import { AssayerError } from '../../core/errors.ts';
import { identifyDecision } from '../../core/monitor-decision.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import { requireHash } from '../require-hash.ts';
import { insertNew, requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const MONITOR = { kind: 'decision', what: 'monitor', table: 'monitors', column: 'monitor' };
const POLICY = { kind: 'decision', what: 'policy', table: 'policies', column: 'hash' };
const EVIDENCE = { kind: 'decision', what: 'evidence', table: 'evidence', column: 'id' };

/**
 * No policy judges evidence that is older than itself, so nobody can set a threshold once the figures are known.
 * @throws ERR_REGISTRY_HASH, ERR_REGISTRY_REFERENCE, ERR_POLICY_EVIDENCE, ERR_REGISTRY_DUPLICATE
 */
export async function projectDecisions(
  sql: Sql,
  records: readonly RegistryRecord<'decision'>[],
): Promise<void> {
  const decisions = records.map(({ body }) => body.decision);
  for (const [i, { id, ...content }] of decisions.entries()) {
    requireHash('decision', id, identifyDecision(content).id);
    requireHash('monitor of a decision', records[i].subject, content.monitor);
  }
  await requireKnown(
    sql,
    MONITOR,
    decisions.map(({ id, monitor }) => [id, monitor]),
  );
  await requireKnown(
    sql,
    POLICY,
    decisions.map(({ id, policy }) => [id, policy?.hash ?? null]),
  );
  const edges = decisions.flatMap((decision) =>
    [...restsOn(decision)].map((each) => [decision.id, each] as const),
  );
  await requireKnown(sql, EVIDENCE, edges);
  for (const decision of decisions) await requireOlder(sql, decision);
  await insertNew(sql, 'decision', 'decisions', {
    id: ['text', decisions.map(({ id }) => id)],
    monitor: ['text', decisions.map(({ monitor }) => monitor)],
    policy: ['text', decisions.map(({ policy }) => policy?.hash ?? null)],
    outcome: ['text', decisions.map(({ outcome }) => outcome)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
  await insertRows(sql, 'decision_evidence', {
    decision: ['text', edges.map(([decision]) => decision)],
    evidence: ['text', edges.map(([, evidence]) => evidence)],
  });
}

type Decision = RegistryRecord<'decision'>['body']['decision'];

/** Ids of the evidence that was judged, and of the earlier evidence that rules rest on. */
function restsOn({ judged, evidence }: Decision): Set<string> {
  const ids = evidence.map(({ id }) => id);
  return new Set(judged.kind === 'evidence' ? [judged.id, ...ids] : ids);
}

async function requireOlder(sql: Sql, decision: Decision): Promise<void> {
  const [older] = await sql.query<{ id: string; time: string; effective: string }>(
    `select e.id, e.time, p.effective_from as effective from assayer.evidence e, assayer.policies p
     where p.hash = $1 and e.id = any($2::text[]) and e.time < p.effective_from order by e.record limit 1`,
    [decision.policy?.hash ?? null, [...restsOn(decision)]],
  );
  if (!older) return;
  const problem = `evidence ${older.id} is of ${older.time}, and policy ${decision.policy?.hash} is effective from ${older.effective}; a policy judges only what comes after it`;
  throw new AssayerError('ERR_POLICY_EVIDENCE', { monitor: decision.monitor, problem });
}
