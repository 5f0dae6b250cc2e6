import { AssayerError } from '../../core/errors.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertNew, requireKnown } from '../require-known.ts';
import type { Sql } from '../sql.ts';

const DECISION = { kind: 'retrain', what: 'decision', table: 'decisions', column: 'id' };
const MONITOR = { kind: 'retrain', what: 'monitor', table: 'monitors', column: 'monitor' };
const REQUESTED = { kind: 'retrain', what: 'requested retrain', table: 'retrains', column: 'decision' };

/**
 * A decision asks for one retrain. It may fail and be started again, but ends once, as a candidate.
 * @throws ERR_REGISTRY_REFERENCE, ERR_REGISTRY_DUPLICATE
 */
export async function projectRetrains(
  sql: Sql,
  records: readonly RegistryRecord<'retrain'>[],
): Promise<void> {
  const named = (of: (record: RegistryRecord<'retrain'>) => string) =>
    records.map((record) => [record.subject, of(record)] as const);
  await requireKnown(
    sql,
    DECISION,
    named(({ body }) => body.decision),
  );
  await requireKnown(
    sql,
    MONITOR,
    named(({ body }) => body.monitor),
  );
  for (const record of records) await projectStage(sql, record);
}

async function projectStage(sql: Sql, { subject, sequence, body }: RegistryRecord<'retrain'>): Promise<void> {
  const { decision, monitor, stage, artifact = null } = body;
  if (stage === 'requested') {
    await insertNew(sql, 'retrain', 'retrains', {
      decision: ['text', [decision]],
      monitor: ['text', [monitor]],
      endpoint: ['text', [subject]],
      stage: ['text', [stage]],
      artifact: ['text', [artifact]],
      record: ['bigint', [sequence]],
    });
    return;
  }
  await requireKnown(sql, REQUESTED, [[subject, decision]]);
  const moved = await sql.query(
    `update assayer.retrains set stage = $2, artifact = $3, record = $4
     where decision = $1 and stage <> 'candidate' returning decision`,
    [decision, stage, artifact, sequence],
  );
  if (moved.length === 0)
    throw new AssayerError('ERR_REGISTRY_DUPLICATE', { kind: 'candidate of decision', subject: decision });
}
