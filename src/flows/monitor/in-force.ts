import {
  type ActionName,
  type InForce,
  type MonitorDecision,
  type MonitorEvent,
  RULES,
  type RuleName,
} from '../../core/monitor-decision.ts';
import type { StateInForce, WatchedRelease } from '../../core/monitoring-state.ts';
import type { RegistryRecord, StoredRecord } from '../../core/registry-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { parseRecord } from '../../registry/stored-records.ts';
import { monitorState } from '../decide/monitor-state.ts';

const COLUMNS = 'r.sequence, r.kind, r.subject, r.team, r.time, r.previous, r.body, r.hash';

const BEGUN_BY: Readonly<Record<InForce['state'], { action: ActionName; rule: RuleName }>> = {
  'release-frozen': { action: 'freeze-release', rule: 'sustained-loss' },
  'out-of-domain-frozen': { action: 'freeze-out-of-domain', rule: 'out-of-domain' },
  'comparisons-frozen': { action: 'freeze-comparisons', rule: 'assay-change' },
  widened: { action: 'widen', rule: 'drift-only' },
};

/** Records of the decisions that did something, oldest first: most decisions carry on, and put nothing in force. */
export async function actingDecisions(sql: Sql): Promise<RegistryRecord<'decision'>[]> {
  const rows = await sql.query<StoredRecord>(
    `select ${COLUMNS} from assayer.records r join assayer.decisions d on d.record = r.sequence
     where d.outcome not in ('carry-on', 'not-evaluable') order by r.sequence`,
  );
  return rows.map((row) => parseRecord(row) as RegistryRecord<'decision'>);
}

/** What recorded decisions and resumes have put in force, by release: what monitoring.json says. */
export async function releasesInForce(sql: Sql): Promise<WatchedRelease[]> {
  const decisions = Map.groupBy(
    (await actingDecisions(sql)).map(({ body }) => body.decision),
    ({ monitor }) => monitor,
  );
  const events = Map.groupBy(await resumes(sql), ({ monitor }) => monitor);
  const states = new Map<string, StateInForce[]>();
  for (const [monitor, made] of decisions) {
    for (const release of new Set(made.map((one) => one.release))) {
      // Whatever was recorded is in force, also by a clock that was a little ahead.
      const { inForce } = monitorState(made, events.get(monitor) ?? [], release, Number.POSITIVE_INFINITY);
      const found = inForce.map((one) => stateOf(one, made));
      states.set(release, [...(states.get(release) ?? []), ...found]);
    }
  }
  return (await releasesOf(sql, [...states.keys()])).map((release) => ({
    endpoint: release.endpoint,
    version: release.version,
    record: release.hash,
    // Only what was released is watched, and that has an artifact.
    artifact: release.artifact as string,
    states: states.get(release.hash) ?? [],
  }));
}

function stateOf(
  { state, since, decision: id }: InForce,
  decisions: readonly MonitorDecision[],
): StateInForce {
  const { action, rule } = BEGUN_BY[state];
  // The state came of one of them.
  const decision = decisions.find((one) => one.id === id) as MonitorDecision;
  const judged = decision.rules.find((one) => one.rule === rule);
  const why = state === 'comparisons-frozen' ? judged?.reasons.join('; ') : undefined;
  const begun = { since, decision: id, reason: why || RULES[rule] };
  if (state !== 'release-frozen') return { state, ...begun };
  const freeze = decision.actions.find((one) => one.action === action);
  return { state, answer: freeze?.action === 'freeze-release' ? freeze.answer : 'refuse', ...begun };
}

async function resumes(sql: Sql): Promise<MonitorEvent[]> {
  const rows = await sql.query<StoredRecord>(
    `select ${COLUMNS} from assayer.records r join assayer.monitor_events e on e.record = r.sequence
     where e.kind = 'resumed' order by r.sequence`,
  );
  return rows.map((row) => (parseRecord(row) as RegistryRecord<'monitor-event'>).body);
}

async function releasesOf(sql: Sql, hashes: readonly string[]) {
  const rows = await sql.query<StoredRecord>(
    `select ${COLUMNS} from assayer.records r join assayer.releases e on e.record = r.sequence
     where e.hash = any($1::text[]) order by r.sequence`,
    [hashes],
  );
  return rows.map((row) => (parseRecord(row) as RegistryRecord<'release'>).body.release);
}
