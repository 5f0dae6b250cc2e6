import type { MonitorDecision, MonitorEvent, MonitorEvidence } from '../../core/monitor-decision.ts';
import { type MonitorPolicy, monitorPolicyHash } from '../../core/monitor-policy.ts';
import type { RegistryRecord, StoredRecord } from '../../core/registry-records.ts';
import { recordsOf } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { parseRecord } from '../../registry/stored-records.ts';
import type { MonitorHistory } from '../decide/decide.ts';
import { type AssayChange, assayChanges } from './assay-changes.ts';

/** Everything that is recorded of one monitor. */
export interface RecordedMonitor {
  readonly id: string;
  /** Its records, oldest first: what it watched, and from when. The last one holds. */
  readonly versions: readonly RegistryRecord<'monitor'>[];
  readonly history: MonitorHistory;
  /** Runs that made the evidence, by its id. */
  readonly runs: ReadonlyMap<string, string>;
}

type MonitorRecord = RegistryRecord<'monitor' | 'evidence' | 'decision' | 'monitor-event'>;

const KINDS: readonly MonitorRecord['kind'][] = ['monitor', 'evidence', 'decision', 'monitor-event'];

/**
 * What is recorded of monitors, in four queries for however many.
 * @param ids  null for all
 * @returns in the order of their ids; those that there is no monitor of are left out
 */
export async function readMonitors(sql: Sql, ids: readonly string[] | null): Promise<RecordedMonitor[]> {
  const rows = await sql.query<StoredRecord>(
    `select sequence, kind, subject, team, time, previous, body, hash from assayer.records
     where kind = any($1::text[]) and ($2::text[] is null or subject = any($2::text[])) order by sequence`,
    [KINDS, ids],
  );
  const own = Map.groupBy(
    rows.map((row) => parseRecord(row) as MonitorRecord),
    ({ subject }) => subject,
  );
  if (own.size === 0) return [];
  const policies = (await recordsOf(sql, 'policy')).map(({ body }) => body.policy);
  const changes = Map.groupBy(await assayChanges(sql), ({ endpoint }) => endpoint);
  const known = [...own].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return known.flatMap(([id, records]) => {
    const versions = ofKind(records, 'monitor');
    if (versions.length === 0) return [];
    return [recordedMonitor(id, versions, records, policies, changes)];
  });
}

function recordedMonitor(
  id: string,
  versions: RegistryRecord<'monitor'>[],
  records: readonly MonitorRecord[],
  policies: readonly MonitorPolicy[],
  changes: ReadonlyMap<string, readonly AssayChange[]>,
): RecordedMonitor {
  const { name, since } = policyOf(versions, policies);
  const found = ofKind(records, 'evidence');
  return {
    id,
    versions,
    history: {
      policies: policies.filter((policy) => policy.name === name),
      // A policy that was chosen when figures were known judges none of them.
      evidence: found
        .filter(({ sequence }) => sequence > since)
        .map(({ body }) => body.evidence satisfies MonitorEvidence),
      events: [
        ...ofKind(records, 'monitor-event').map(({ body }) => body as MonitorEvent),
        ...(changes.get(versions[0].body.endpoint) ?? []).map((change) =>
          change.about(id, watchedAt(versions, change.sequence)),
        ),
      ],
      decisions: ofKind(records, 'decision').map(({ body }) => body.decision satisfies MonitorDecision),
    },
    runs: new Map(found.map(({ body }) => [body.evidence.id, body.run])),
  };
}

function ofKind<K extends MonitorRecord['kind']>(records: readonly MonitorRecord[], kind: K) {
  return records.filter((record) => record.kind === kind) as RegistryRecord<K>[];
}

/** The name of the policy that a monitor goes by, and since which record it goes by that one. */
function policyOf(
  versions: readonly RegistryRecord<'monitor'>[],
  policies: readonly MonitorPolicy[],
): { name: string; since: number } {
  const names = new Map(policies.map((policy) => [monitorPolicyHash(policy), policy.name]));
  const nameAt = (at: number) => names.get(versions[at].body.policy) ?? '';
  let at = versions.length - 1;
  const name = nameAt(at);
  while (at > 0 && nameAt(at - 1) === name) at--;
  return { name, since: versions[at].sequence };
}

/** Hash of the release record that a monitor watched when something was recorded. */
function watchedAt(versions: readonly RegistryRecord<'monitor'>[], sequence: number): string {
  return (versions.findLast((version) => version.sequence < sequence) ?? versions[0]).body.release;
}
