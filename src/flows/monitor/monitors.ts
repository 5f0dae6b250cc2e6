import { stat } from 'node:fs/promises';
import { AssayerError } from '../../core/errors.ts';
import type { InForce } from '../../core/monitor-decision.ts';
import type { RegistryDraft, RegistryRecord } from '../../core/registry-records.ts';
import type { CurrentRelease } from '../../core/release.ts';
import type { Sql } from '../../registry/sql.ts';
import { monitorState } from '../decide/monitor-state.ts';
import { readManifest, selectModels } from '../models.ts';
import type { Registry } from '../registry/open-registry.ts';
import { currentReleases, releasedVersions } from '../released-models.ts';
import { type RecordedMonitor, readMonitors } from './history.ts';
import { keepFile } from './kept-files.ts';
import { findPolicy } from './policies.ts';
import { recordDecisions } from './record-decisions.ts';

export interface AddMonitorRequest {
  readonly endpoint: string;
  /** Hash or name of a recorded policy. */
  readonly policy: string;
  /** What the monitor is called; its endpoint where it is not given. */
  readonly name?: string;
  /** A file, or the endpoint's model; the model that is released where it is not given. */
  readonly reference?: string;
  /** Time between checks in days. */
  readonly everyDays: number;
  readonly cluster: string;
  readonly modelsFolder: string;
}

/** What a monitor watches at the moment. */
export interface Watched {
  readonly monitor: RecordedMonitor;
  readonly current: RegistryRecord<'monitor'>;
  /** `endpoint@version` of the released model. */
  readonly model: string;
}

export const STREAMS = ['inputs', 'outputs', 'labels'] as const;
const NAME = /^[a-z0-9][a-z0-9._-]{0,79}$/;
const DAY_MS = 86_400_000;

/**
 * Adds a monitor of what the workspace releases of an endpoint, or changes the one of this name. What was checked before a change
 * is decided about first, by what held then.
 * @throws ERR_USAGE, ERR_MONITOR where nothing is released, ERR_POLICY_UNKNOWN, ERR_MODEL_NOT_FOUND, ERR_INPUT_NOT_FOUND, and as
 *   Registry.append
 */
export async function addMonitor(
  registry: Registry,
  {
    endpoint,
    policy: named,
    name = endpoint,
    reference,
    everyDays,
    cluster,
    modelsFolder,
  }: AddMonitorRequest,
): Promise<{ record: RegistryRecord<'monitor'>; isNew: boolean }> {
  if (!NAME.test(name)) {
    const problem = `A monitor cannot be called ${name}: take small letters, digits, dots, dashes and underscores.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const policy = await findPolicy(registry.database, named);
  const release = await currentRelease(registry, endpoint, name);
  const [before] = await readMonitors(registry.database, [name]);
  const standing = before?.versions.at(-1);
  if (standing && standing.body.endpoint !== endpoint) {
    const problem = `it watches ${standing.body.endpoint}; give another --name for a monitor of ${endpoint}`;
    throw new AssayerError('ERR_MONITOR', { monitor: name, problem });
  }
  const draft: RegistryDraft = {
    kind: 'monitor',
    subject: name,
    team: registry.team,
    body: {
      endpoint,
      release: release.record,
      reference: await referenceOf(registry, endpoint, reference, release, modelsFolder),
      streams: STREAMS,
      schedule: `every ${everyDays} days`,
      policy: policy.subject,
      cluster,
    },
  };
  if (standing && JSON.stringify(sorted(standing.body)) === JSON.stringify(sorted(draft.body))) {
    return { record: standing, isNew: false };
  }
  if (before) await recordDecisions(registry, [name]);
  const [record] = await registry.append([draft]);
  return { record: record as RegistryRecord<'monitor'>, isNew: true };
}

const sorted = (body: object) => Object.entries(body).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** Identity of the released artifact, or the SHA-256 of a file, which is kept. */
async function referenceOf(
  { workspace }: Registry,
  endpoint: string,
  reference: string | undefined,
  release: CurrentRelease,
  modelsFolder: string,
): Promise<string> {
  if (reference === undefined || reference === endpoint) return release.artifact;
  if (reference === `${endpoint}@${release.version}`) return release.artifact;
  const isFile = await stat(reference).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (!isFile && /^[a-z0-9][a-z0-9-]*(@\d+)?$/.test(reference)) {
    const [entry] = await selectModels(modelsFolder, [reference]);
    if ((await readManifest(entry)).hash === release.artifact) return release.artifact;
    const problem = `The reference of a monitor is a file, or the released model ${endpoint}@${release.version}, not ${reference}.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  return await keepFile(workspace, 'references', reference);
}

/**
 * The monitor of a name, brought up to what the workspace releases now: a release that came since is watched from now on,
 * which is recorded. What was in force for the one before ends with it.
 * @throws ERR_MONITOR_UNKNOWN, ERR_MONITOR where nothing is released any more, ERR_MODEL_NOT_FOUND, ERR_RELEASE_CORRUPT
 */
export async function watchedNow(registry: Registry, id: string, modelsFolder: string): Promise<Watched> {
  let monitor = await recordedMonitor(registry.database, id);
  let current = monitor.versions[monitor.versions.length - 1];
  const { endpoint } = current.body;
  const release = await currentRelease(registry, endpoint, id);
  const releases = await currentReleases(registry.workspace);
  const [model] = await releasedVersions(modelsFolder, [endpoint], releases);
  if (current.body.release !== release.record) {
    // A monitor of a model's own compounds goes on with those of the next; a file stays.
    const before = await artifactOf(registry.database, current.body.release);
    const reference = current.body.reference === before ? release.artifact : current.body.reference;
    await recordDecisions(registry, [id]);
    const body = { ...current.body, release: release.record, reference };
    await registry.append([{ kind: 'monitor', subject: id, team: current.team, body }]);
    monitor = await recordedMonitor(registry.database, id);
    current = monitor.versions[monitor.versions.length - 1];
  }
  return { monitor, current, model };
}

/** @throws ERR_MONITOR_UNKNOWN */
export async function recordedMonitor(sql: Sql, id: string): Promise<RecordedMonitor> {
  const [monitor] = await readMonitors(sql, [id]);
  if (monitor) return monitor;
  const known = await sql.query<{ monitor: string }>('select monitor from assayer.monitors order by monitor');
  const names = known.map((row) => row.monitor).join(', ') || 'none';
  throw new AssayerError('ERR_MONITOR_UNKNOWN', { monitor: id, known: names });
}

async function artifactOf(sql: Sql, release: string): Promise<string | null> {
  const [row] = await sql.query<{ artifact: string | null }>(
    'select artifact from assayer.releases where hash = $1',
    [release],
  );
  return row?.artifact ?? null;
}

async function currentRelease(
  { workspace, intake }: Registry,
  endpoint: string,
  monitor: string,
): Promise<CurrentRelease> {
  const releases = await currentReleases(workspace);
  if (Object.hasOwn(releases, endpoint)) return releases[endpoint];
  const told = intake.refused.map(({ reason }) => ` (${reason})`).join('');
  const problem = `the workspace ${workspace.path} releases no model of ${endpoint}, and a monitor watches what is released${told}. Release one: assayer release ${endpoint} --approver "Name <mail>" --workspace ${workspace.path}`;
  throw new AssayerError('ERR_MONITOR', { monitor, problem });
}

/** How a monitor stands: for a list, and for the one who plans the next check. */
export interface MonitorStanding {
  readonly monitor: RecordedMonitor;
  readonly current: RegistryRecord<'monitor'>;
  readonly inForce: readonly InForce[];
  /** ISO 8601; null where none was made. */
  readonly lastCheck: string | null;
  /** ISO 8601: from the last check on, sooner while the monitoring is widened. */
  readonly due: string;
}

/** Every monitor by its id, or one. @throws ERR_MONITOR_UNKNOWN */
export async function monitorStandings(sql: Sql, id?: string): Promise<MonitorStanding[]> {
  const monitors = id === undefined ? await readMonitors(sql, null) : [await recordedMonitor(sql, id)];
  return monitors.map((monitor) => {
    const current = monitor.versions[monitor.versions.length - 1];
    const { decisions, events, evidence } = monitor.history;
    const { inForce } = monitorState(decisions, events, current.body.release, Number.POSITIVE_INFINITY);
    const lastCheck =
      evidence
        .map(({ time }) => time)
        .toSorted()
        .at(-1) ?? null;
    const widened = inForce.find(({ state }) => state === 'widened');
    const widening = decisions
      .find((one) => one.id === widened?.decision)
      ?.actions.find(({ action }) => action === 'widen');
    const factor = widening?.action === 'widen' ? widening.intervalFactor : 1;
    const days = Number(/^every (\S+) days$/.exec(current.body.schedule)?.[1] ?? Number.NaN);
    const due = lastCheck === null ? current.time : after(lastCheck, days * factor);
    return { monitor, current, inForce, lastCheck, due };
  });
}

function after(time: string, days: number): string {
  // A schedule of another form, such as one of another registry, is for whoever wrote it.
  return new Date(Date.parse(time) + (Number.isFinite(days) ? days * DAY_MS : 0)).toISOString();
}
