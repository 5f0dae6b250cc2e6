import { AssayerError } from '../../core/errors.ts';
import { identifyEvidence } from '../../core/monitor-decision.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { requireHash } from '../require-hash.ts';
import { insertNew, requireKnown } from '../require-known.ts';
import { requireTimes } from '../require-times.ts';
import type { Sql } from '../sql.ts';

const MONITOR = { kind: 'evidence', what: 'monitor', table: 'monitors', column: 'monitor' };
const RUN = { kind: 'evidence', what: 'run', table: 'runs', column: 'run' };

/**
 * Evidence is of its own monitor, and is recorded when its check was made or later.
 * @throws ERR_REGISTRY_HASH, ERR_REGISTRY_REFERENCE, ERR_REGISTRY_TIME, ERR_POLICY_EVIDENCE, ERR_REGISTRY_DUPLICATE
 */
export async function projectEvidence(
  sql: Sql,
  records: readonly RegistryRecord<'evidence'>[],
): Promise<void> {
  for (const { subject: monitor, time, body } of records) {
    const { id, ...content } = body.evidence;
    requireHash('evidence', id, identifyEvidence(content).id);
    requireTimes('evidence', [[id, content.time]]);
    const problem =
      content.monitor !== monitor
        ? `it is of monitor ${content.monitor}`
        : content.time > time
          ? `its check would be made at ${content.time}, and it is ${time} now`
          : null;
    if (problem) throw new AssayerError('ERR_POLICY_EVIDENCE', { monitor, problem });
  }
  await requireKnown(
    sql,
    MONITOR,
    records.map(({ subject }) => [subject, subject]),
  );
  await requireKnown(
    sql,
    RUN,
    records.map(({ subject, body }) => [subject, body.run]),
  );
  await insertNew(sql, 'evidence', 'evidence', {
    id: ['text', records.map(({ body }) => body.evidence.id)],
    monitor: ['text', records.map(({ subject }) => subject)],
    run: ['text', records.map(({ body }) => body.run)],
    time: ['text', records.map(({ body }) => body.evidence.time)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
