import type { ChangeConfirmed, ChangeReported } from '../../core/monitor-decision.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { recordsOf } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';

/** A recorded change of an assay, which each monitor of the endpoint sees as an event of its own. */
export interface AssayChange {
  readonly endpoint: string;
  /** Of its record. */
  readonly sequence: number;
  /** The event as a monitor sees it. @param release  hash of the release record that it watched then */
  about(monitor: string, release: string): ChangeReported | ChangeConfirmed;
}

/** Every report of a changed assay and every confirmation, oldest first. */
export async function assayChanges(sql: Sql): Promise<AssayChange[]> {
  const reported = new Map<string, string>();
  return (await recordsOf(sql, 'assay-event')).map((record) => {
    const { subject, body, sequence } = record;
    if (body.stage === 'reported') reported.set(subject, body.endpoint);
    // The registry takes no confirmation of what nobody reported.
    const endpoint = reported.get(subject) as string;
    return { endpoint, sequence, about: (monitor, release) => eventOf(record, monitor, release) };
  });
}

function eventOf(
  { subject, time, hash, body }: RegistryRecord<'assay-event'>,
  monitor: string,
  release: string,
): ChangeReported | ChangeConfirmed {
  const base = { monitor, release, time };
  if (body.stage === 'confirmed') {
    return { ...base, kind: 'change-confirmed', id: hash, report: subject, confirmer: body.by };
  }
  const { change, since, by } = body;
  return {
    ...base,
    kind: 'change-reported',
    id: subject,
    what: 'assay',
    changedFrom: since,
    reporter: by,
    words: change,
  };
}
