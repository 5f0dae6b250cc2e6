import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import { requireAssays } from '../require-assays.ts';
import { requireTimes } from '../require-times.ts';
import type { Sql } from '../sql.ts';

/** Every version stays: a revision is one more row, with the time it was recorded. @throws ERR_ASSAY_UNKNOWN, ERR_REGISTRY_TIME */
export async function projectLabels(sql: Sql, records: readonly RegistryRecord<'label'>[]): Promise<void> {
  const bodies = records.map(({ body }) => body);
  requireTimes(
    'label',
    records.map(({ subject, body }) => [subject, body.measuredAt]),
  );
  await requireAssays(sql, bodies);
  await insertRows(sql, 'labels', {
    record: ['bigint', records.map(({ sequence }) => sequence)],
    endpoint: ['text', bodies.map(({ endpoint }) => endpoint)],
    assay: ['text', bodies.map(({ assay }) => assay)],
    compound: ['text', records.map(({ subject }) => subject)],
    value: ['double precision', bodies.map(({ value }) => value)],
    relation: ['text', bodies.map(({ relation }) => relation)],
    unit: ['text', bodies.map(({ unit }) => unit)],
    measured_at: ['text', bodies.map(({ measuredAt }) => measuredAt)],
    recorded_at: ['text', records.map(({ time }) => time)],
  });
}
