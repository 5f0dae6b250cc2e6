import { type AuditCheck, type AuditReport, auditReport, type ReleaseAudit } from '../../core/audit.ts';
import { AssayerError } from '../../core/errors.ts';
import { monitorPolicyHash } from '../../core/monitor-policy.ts';
import type { RegistryRecord } from '../../core/registry-records.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { compareWithAnchors, readAnchors } from '../../registry/heads.ts';
import { openKeys } from '../../registry/keys.ts';
import { readHead, recordsOf, runsWith } from '../../registry/read-records.ts';
import { listModels, readManifest } from '../models.ts';
import { monitorStandings } from '../monitor/monitors.ts';
import type { Registry } from '../registry/open-registry.ts';
import { verifyRegistry } from '../verify-registry.ts';
import { auditFiles, type FoundArtifact, findArtifact } from './artifact-files.ts';
import { type Attempt, auditAttempts } from './attempts.ts';
import { featuresAgain } from './features-again.ts';
import {
  auditCurrent,
  auditInForce,
  auditLabels,
  auditMonitored,
  auditPolicy,
  type WatchingMonitor,
} from './monitoring-checks.ts';
import { rebuildAgain } from './rebuild-again.ts';
import { auditAnchors, auditChain, auditMeanings, auditOutbox } from './registry-checks.ts';
import {
  auditCalibration,
  auditEnvironment,
  auditGate,
  auditVersions,
  type RegisteredArtifact,
} from './release-checks.ts';
import { withScratch } from './scratch.ts';
import { screenAgain } from './screen-again.ts';
import { auditBlobs, blobsNotRead, outboxFiles } from './stored-files.ts';
import { verdictAgain } from './verdict-again.ts';
import { auditWaste, deviceHours } from './waste.ts';

export interface AuditRequest {
  readonly modelsFolder: string;
  /** Where the data of artifacts is, for a rebuild. */
  readonly dataFolder: string;
  /** Only the releases and runs of this team; null for all. */
  readonly team: string | null;
  /** Walk the chain, and read every stored file. */
  readonly verify: boolean;
  /** Make the last verdict of each monitor again. */
  readonly rerun: boolean;
  /** Make each artifact again; trains models. */
  readonly rebuild: boolean;
  /** Newest runs of each release whose features and results are made again. */
  readonly runs: number;
  /** File of heads that were anchored outside; null for none. */
  readonly anchors: string | null;
}

export interface AuditOptions {
  readonly signal?: AbortSignal;
  readonly onStep?: (step: string) => void;
}

/** What of the registry every release is held against. */
interface Held {
  readonly registry: Registry;
  readonly request: AuditRequest;
  readonly options: AuditOptions;
  readonly artifacts: ReadonlyMap<string, RegistryRecord<'artifact'>>;
  readonly datasets: ReadonlyMap<string, RegistryRecord<'dataset'>>;
  readonly contracts: ReadonlySet<string>;
  readonly monitors: readonly WatchingMonitor[];
}

/**
 * Asks of every release, and of the registry, whether what it claims can be shown, by trying: files are read, features and
 * results of recorded runs made again. Nothing that was not tried counts as passed.
 * @throws ERR_REGISTRY_*, ERR_WORKSPACE, ERR_INPUT_NOT_FOUND (anchors), ERR_CANCELLED
 */
export async function audit(
  registry: Registry,
  request: AuditRequest,
  options: AuditOptions = {},
): Promise<AuditReport> {
  const { database, engine, workspace } = registry;
  const { signal, onStep = () => undefined } = options;
  const isOf = (record: { readonly team: string | null }) =>
    request.team === null || record.team === request.team;
  const releases = (await recordsOf(database, 'release')).filter(
    ({ body }) => body.release.outcome === 'released',
  );
  const current = new Map(releases.map((record) => [record.subject, record.hash]));
  const bySubject = <R extends { readonly subject: string }>(records: readonly R[]) =>
    new Map(records.map((record) => [record.subject, record]));
  const recorded = new Map(
    (await recordsOf(database, 'policy')).map(({ body, time }) => [monitorPolicyHash(body.policy), time]),
  );
  const held: Held = {
    registry,
    request,
    options,
    artifacts: bySubject(await recordsOf(database, 'artifact')),
    datasets: bySubject(await recordsOf(database, 'dataset')),
    contracts: new Set((await recordsOf(database, 'contract')).map(({ subject }) => subject)),
    monitors: (await monitorStandings(database)).map((standing) => ({
      standing,
      policiesRecorded: recorded,
    })),
  };
  const runs = (await recordsOf(database, 'run')).filter(isOf);
  const audited: ReleaseAudit[] = [];
  for (const record of releases.filter(isOf)) {
    onStep(`release ${record.subject}@${record.body.release.version}`);
    audited.push(await auditRelease(held, record, current.get(record.subject) === record.hash));
  }
  onStep('registry');
  const checks = await auditRegistry(held, runs);
  const { sequence, hash } = await readHead(database);
  if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {}, { cause: signal.reason });
  return auditReport({
    engine: ENGINE_VERSION,
    time: new Date(engine.clock.now()).toISOString(),
    workspace: workspace.path,
    team: request.team,
    head: { sequence, hash },
    registry: checks,
    releases: audited,
    hours: deviceHours(runs),
  });
}

async function auditRegistry(
  { registry, request, options }: Held,
  runs: readonly RegistryRecord<'run'>[],
): Promise<AuditCheck[]> {
  const { database, workspace } = registry;
  const { verify, anchors, modelsFolder } = request;
  let anchored: Parameters<typeof auditAnchors>[0] = null;
  if (anchors !== null) {
    const heads = await readAnchors(anchors);
    const keys = await openKeys(`${workspace.path}/keys`);
    anchored = { heads, problems: await compareWithAnchors(database, keys, heads) };
  }
  const models = [];
  for (const entry of await listModels(modelsFolder)) {
    // A manifest that cannot be read is told of with the release that names it.
    const manifest = await readManifest(entry).catch((cause: unknown) => {
      if (cause instanceof AssayerError && cause.code === 'ERR_MODEL_CORRUPT') return null;
      throw cause;
    });
    if (manifest) models.push(manifest);
  }
  return [
    auditChain(verify ? await verifyRegistry(registry) : null),
    auditAnchors(anchored),
    auditOutbox(await outboxFiles(workspace)),
    auditMeanings(await recordsOf(database, 'definition'), models),
    verify ? await auditBlobs(workspace, options.signal) : blobsNotRead(),
    auditWaste(runs),
  ];
}

async function auditRelease(
  held: Held,
  record: RegistryRecord<'release'>,
  isCurrent: boolean,
): Promise<ReleaseAudit> {
  const { registry, request } = held;
  const { release } = record.body;
  const { endpoint, version, hash, artifact, approver, time } = release;
  const found = await findArtifact(request.modelsFolder, release);
  const checks = [
    auditGate(release),
    auditFiles(release, found),
    auditVersions(release, found.manifest, registered(held, artifact)),
    auditEnvironment(release, found.manifest),
    auditCalibration(release, found.manifest),
    await auditRebuild(held, found),
    ...(await auditRuns(held, artifact)),
  ];
  if (isCurrent) {
    const ofEndpoint = held.monitors.filter(({ standing }) => standing.current.body.endpoint === endpoint);
    const watching = ofEndpoint.filter(({ standing }) => standing.current.body.release === hash);
    const earlier = ofEndpoint
      .filter((one) => !watching.includes(one))
      .map(({ standing }) => standing.monitor.id);
    const now = registry.engine.clock.now();
    checks.push(
      auditMonitored(release, watching, earlier),
      auditPolicy(watching),
      auditCurrent(watching, now),
      auditLabels(watching, now),
      auditInForce(watching),
      await auditVerdicts(held, watching),
    );
  }
  return {
    endpoint,
    version,
    record: hash,
    artifact,
    team: record.team,
    approver: approver.name,
    time,
    isCurrent,
    checks,
  };
}

function registered({ artifacts, datasets, contracts }: Held, hash: string | null): RegisteredArtifact {
  const artifact = artifacts.get(hash ?? '')?.body ?? null;
  return {
    artifact,
    dataset: datasets.get(artifact?.dataset ?? '')?.body ?? null,
    isContractKnown: contracts.has(artifact?.contract ?? ''),
  };
}

async function auditRebuild(
  { registry, request, options }: Held,
  { entry, manifest, problems }: FoundArtifact,
): Promise<AuditCheck> {
  const nothing = 'It was not made again: assayer audit --rebuild trains it anew and compares.';
  if (!request.rebuild) return auditAttempts('rebuild', [], 0, nothing);
  if (!entry || !manifest || problems.length > 0)
    return auditAttempts('rebuild', [], 0, 'Its files are not whole, so there is nothing to compare with.');
  options.onStep?.(`rebuild ${entry.endpoint}@${entry.version}`);
  const attempt = await withScratch(registry, (scratch) =>
    rebuildAgain(
      registry.engine,
      entry,
      manifest,
      { dataFolder: request.dataFolder, workspace: scratch.path },
      options.signal,
    ),
  );
  return auditAttempts('rebuild', [attempt], 1, nothing);
}

/** Features and results of the newest runs that an artifact answered in. */
async function auditRuns(
  { registry, request, options }: Held,
  artifact: string | null,
): Promise<AuditCheck[]> {
  const { engine, workspace, database } = registry;
  const recorded = artifact === null ? [] : await runsWith(database, artifact, 'in');
  const screens = recorded.flatMap(({ body }) => body.lineage ?? []);
  const features: Attempt[] = [];
  const results: Attempt[] = [];
  for (const run of screens.toReversed().slice(0, request.runs)) {
    options.onStep?.(`run ${run.run}`);
    features.push(
      await withScratch(registry, (scratch) =>
        featuresAgain(engine, workspace, scratch, run, options.signal),
      ),
    );
    results.push(
      await withScratch(registry, (scratch) =>
        screenAgain(engine, scratch, request.modelsFolder, run, options.signal),
      ),
    );
  }
  const nothing = 'No screen by it is recorded, so there is nothing to make again.';
  return [
    auditAttempts('inputs', features, screens.length, nothing),
    auditAttempts('outputs', results, screens.length, nothing),
  ];
}

async function auditVerdicts(
  { registry, request, options }: Held,
  watching: readonly WatchingMonitor[],
): Promise<AuditCheck> {
  const nothing = request.rerun
    ? 'No check is recorded, so there is no verdict to make again.'
    : 'The last verdict was not made again: assayer audit --rerun does.';
  if (!request.rerun) return auditAttempts('verdict', [], 0, nothing);
  const attempts: Attempt[] = [];
  for (const { standing } of watching) {
    const { id, history, runs } = standing.monitor;
    const last = history.evidence.toSorted((a, b) => (a.time < b.time ? -1 : 1)).at(-1);
    const [run] = last ? await recordsOf(registry.database, 'run', runs.get(last.id) ?? '') : [];
    if (!last || !run) continue;
    options.onStep?.(`verdict of ${id}`);
    attempts.push(
      await withScratch(registry, (scratch) =>
        verdictAgain(registry, scratch, request.modelsFolder, id, last, run, options.signal),
      ),
    );
  }
  return auditAttempts('verdict', attempts, attempts.length, nothing);
}
