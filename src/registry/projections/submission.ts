import type { RegistryRecord } from '../../core/registry-records.ts';
import { insertRows } from '../insert-rows.ts';
import { requireAssays } from '../require-assays.ts';
import { requireTimes } from '../require-times.ts';
import type { Sql } from '../sql.ts';

/** @throws ERR_ASSAY_UNKNOWN, ERR_REGISTRY_TIME */
export async function projectSubmissions(
  sql: Sql,
  records: readonly RegistryRecord<'submission'>[],
): Promise<void> {
  const bodies = records.map(({ body }) => body);
  requireTimes(
    'submission',
    records.map(({ subject, body }) => [subject, body.submittedAt]),
  );
  await requireAssays(sql, bodies);
  await insertRows(sql, 'submissions', {
    record: ['bigint', records.map(({ sequence }) => sequence)],
    endpoint: ['text', bodies.map(({ endpoint }) => endpoint)],
    assay: ['text', bodies.map(({ assay }) => assay)],
    compound: ['text', records.map(({ subject }) => subject)],
    submitted_at: ['text', bodies.map(({ submittedAt }) => submittedAt)],
  });
}
