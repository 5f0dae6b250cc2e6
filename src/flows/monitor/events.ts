import { randomUUID } from 'node:crypto';
import { AssayerError } from '../../core/errors.ts';
import { identity } from '../../core/hash.ts';
import type { BridgeTested, FrozenState, Resumed } from '../../core/monitor-decision.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import type { Approver } from '../../core/release.ts';
import type { Sql } from '../../registry/sql.ts';
import { monitorState } from '../decide/monitor-state.ts';
import type { BridgeReport } from '../drift/bridge.ts';
import type { Registry } from '../registry/open-registry.ts';
import { type Acted, type ActOptions, act } from './act.ts';
import { assayOf } from './labels-intake.ts';
import { recordedMonitor } from './monitors.ts';

export interface ChangeReport {
  readonly endpoint: string;
  readonly assay?: string;
  /** In words: what is another one now. */
  readonly change: string;
  /** ISO 8601: from when on results are of the changed assay. */
  readonly since: string;
  readonly by: Approver;
}

/**
 * Records that somebody says that an assay has changed; every monitor of the endpoint sees it, and nothing is frozen until somebody
 * else confirms it.
 * @returns the event's id, which a confirmation names
 * @throws ERR_ASSAY_UNKNOWN, ERR_REGISTRY_TIME, and as act
 */
export async function reportChange(
  registry: Registry,
  { endpoint, assay: named, change, since, by }: ChangeReport,
  options: ActOptions = {},
): Promise<Acted & { readonly event: string }> {
  const assay = await assayOf(registry.database, endpoint, named);
  const event = `change-${randomUUID().slice(0, 8)}`;
  await registry.append([
    {
      kind: 'assay-event',
      subject: event,
      team: registry.team,
      body: { stage: 'reported', endpoint, assay, change, since, by },
    },
  ]);
  return { event, ...(await act(registry, await monitorsOf(registry.database, endpoint), options)) };
}

/**
 * Records that somebody else than the reporter confirms a change; comparisons across it are frozen.
 * @throws ERR_ASSAY_EVENT, and as act
 */
export async function confirmChange(
  registry: Registry,
  event: string,
  { by, reason }: { readonly by: Approver; readonly reason: string },
  options: ActOptions = {},
): Promise<Acted> {
  await registry.append([
    { kind: 'assay-event', subject: event, team: registry.team, body: { stage: 'confirmed', reason, by } },
  ]);
  const [{ endpoint }] = await registry.database.query<{ endpoint: string }>(
    'select endpoint from assayer.assay_events where event = $1',
    [event],
  );
  return await act(registry, await monitorsOf(registry.database, endpoint), options);
}

/** Ids of the monitors of an endpoint. */
async function monitorsOf(sql: Sql, endpoint: string): Promise<string[]> {
  const rows = await sql.query<{ monitor: string }>(
    'select monitor from assayer.monitors where endpoint = $1 order by monitor',
    [endpoint],
  );
  return rows.map(({ monitor }) => monitor);
}

export interface ResumeRequest {
  readonly monitor: string;
  readonly scope: FrozenState;
  readonly approver: Approver;
  readonly reason: string;
}

/**
 * Ends a freeze, in the name of a person who answers for it: the resume and the approval of it are recorded.
 * @throws ERR_MONITOR_UNKNOWN, ERR_MONITOR where nothing of the kind is in force
 */
export async function resumeMonitor(
  registry: Registry,
  { monitor: id, scope, approver, reason }: ResumeRequest,
  options: ActOptions = {},
): Promise<Acted & { readonly record: RegistryRecord<'monitor-event'> }> {
  const { engine, database, team } = registry;
  // What is pending is decided first: a resume ends what its approver could see.
  await act(registry, [id], options);
  const monitor = await recordedMonitor(database, id);
  const { release } = monitor.versions[monitor.versions.length - 1].body;
  const { decisions, events } = monitor.history;
  const { inForce } = monitorState(decisions, events, release, Number.POSITIVE_INFINITY);
  const freezes = inForce.map(({ state }) => state).filter((state) => state !== 'widened');
  if (!freezes.includes(scope)) {
    const problem = `${scope} is not in force (${freezes.join(', ') || 'nothing is frozen'}), so there is nothing to resume`;
    throw new AssayerError('ERR_MONITOR', { monitor: id, problem });
  }
  const unsigned: Omit<Resumed, 'id'> = {
    kind: 'resumed',
    monitor: id,
    release,
    time: new Date(engine.clock.now()).toISOString(),
    scope,
    approver,
    reason,
  };
  const body: Resumed = { ...unsigned, id: identity(unsigned) };
  const [record] = await registry.append([{ kind: 'monitor-event', subject: id, team, body }]);
  await registry.append([{ kind: 'approval', subject: record.hash, team, body: { approver, reason } }]);
  const acted = await act(registry, [id], options);
  return { ...acted, record: record as RegistryRecord<'monitor-event'> };
}

/**
 * Records what a test of bridge compounds said, as an event of a monitor: where they changed, comparisons are frozen.
 * @throws ERR_MONITOR_UNKNOWN, and as act
 */
export async function recordBridge(
  registry: Registry,
  id: string,
  report: BridgeReport,
  options: ActOptions = {},
): Promise<Acted> {
  const monitor = await recordedMonitor(registry.database, id);
  const unsigned: Omit<BridgeTested, 'id'> = {
    kind: 'bridge-tested',
    monitor: id,
    release: monitor.versions[monitor.versions.length - 1].body.release,
    time: new Date(registry.engine.clock.now()).toISOString(),
    // One pair, or an offset within the margin, shows nothing.
    verdict: report.state === 'not-evaluable' ? 'undecided' : report.state,
    pairs: report.pairs.length,
    difference: report.figures.agreement.bias,
    unit: 'log units',
  };
  const body: BridgeTested = { ...unsigned, id: identity(unsigned) };
  await registry.append([{ kind: 'monitor-event', subject: id, team: registry.team, body }]);
  return await act(registry, [id], options);
}
