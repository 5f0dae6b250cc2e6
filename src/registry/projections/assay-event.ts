import { AssayerError } from '../../core/errors.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { requireAssays } from '../require-assays.ts';
import { insertNew } from '../require-known.ts';
import { requireTimes } from '../require-times.ts';
import type { Sql } from '../sql.ts';

/** @throws ERR_ASSAY_UNKNOWN, ERR_ASSAY_EVENT, ERR_REGISTRY_DUPLICATE, ERR_REGISTRY_TIME */
export async function projectAssayEvents(
  sql: Sql,
  records: readonly RegistryRecord<'assay-event'>[],
): Promise<void> {
  for (const { subject, sequence, body } of records) {
    if (body.stage === 'confirmed') {
      await confirm(sql, subject, body.by.mail, sequence);
      continue;
    }
    requireTimes('assay-event', [[subject, body.since]]);
    await requireAssays(sql, [body]);
    await insertNew(sql, 'assay-event', 'assay_events', {
      event: ['text', [subject]],
      endpoint: ['text', [body.endpoint]],
      assay: ['text', [body.assay]],
      since: ['text', [body.since]],
      reporter: ['text', [body.by.mail]],
      reported: ['bigint', [sequence]],
    });
  }
}

async function confirm(sql: Sql, event: string, confirmer: string, record: number): Promise<void> {
  const refused = (problem: string) => new AssayerError('ERR_ASSAY_EVENT', { event, problem });
  const [standing] = await sql.query<{ reporter: string; confirmer: string | null }>(
    'select reporter, confirmer from assayer.assay_events where event = $1',
    [event],
  );
  if (!standing) throw refused('nobody has reported it');
  if (standing.confirmer !== null) throw refused(`${standing.confirmer} has confirmed it already`);
  if (standing.reporter.toLowerCase() === confirmer.toLowerCase()) {
    throw refused(`${confirmer} reported it; another person must confirm it`);
  }
  await sql.query('update assayer.assay_events set confirmer = $2, confirmed = $3 where event = $1', [
    event,
    confirmer,
    record,
  ]);
}
