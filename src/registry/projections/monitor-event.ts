import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertNew, requireKnown } from '../require-known.ts';
import { requireTimes } from '../require-times.ts';
import type { Sql } from '../sql.ts';

const MONITOR = { kind: 'monitor-event', what: 'monitor', table: 'monitors', column: 'monitor' };

/** @throws ERR_REGISTRY_REFERENCE, ERR_REGISTRY_TIME, ERR_REGISTRY_DUPLICATE */
export async function projectMonitorEvents(
  sql: Sql,
  records: readonly RegistryRecord<'monitor-event'>[],
): Promise<void> {
  requireTimes(
    'monitor-event',
    records.map(({ body }) => [body.id, body.time]),
  );
  await requireKnown(
    sql,
    MONITOR,
    records.flatMap(({ subject, body }) => [
      [subject, subject],
      [subject, body.monitor],
    ]),
  );
  await insertNew(sql, 'monitor-event', 'monitor_events', {
    id: ['text', records.map(({ body }) => body.id)],
    monitor: ['text', records.map(({ subject }) => subject)],
    kind: ['text', records.map(({ body }) => body.kind)],
    time: ['text', records.map(({ body }) => body.time)],
    record: ['bigint', records.map(({ sequence }) => sequence)],
  });
}
