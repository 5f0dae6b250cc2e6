import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Manifest } from '../../core/artifact.ts';
import { contractHash } from '../../core/contract.ts';
import { describeCause } from '../../core/errors.ts';
import type { RegistryDraft, RegistryRecord } from '../../core/registry-records.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { recordsOf } from '../../registry/read-records.ts';
import type { Sql } from '../../registry/sql.ts';
import { throwIfCancelled } from '../../store/file-error.ts';
import { lockOutput } from '../../store/output-lock.ts';
import { listModels } from '../models.ts';
import { modelDrafts } from '../registry/model-drafts.ts';
import type { Registry } from '../registry/open-registry.ts';

/** Steps of a retrain after which a crash may come, in order; tests end the process at each. */
export const RETRAIN_STEPS = ['retrain-locked', 'started', 'built', 'recorded'] as const;
export type RetrainStep = (typeof RETRAIN_STEPS)[number];

export interface BuildRequest {
  readonly endpoint: string;
  /** The candidate's; the same where a build is repeated after a crash. */
  readonly version: string;
  /** Folder to write `<endpoint>/<version>/` into: the workspace's own. */
  readonly into: string;
}

/** Makes a validated artifact, and writes it as a whole or not at all. */
export type BuildCandidate = (request: BuildRequest, signal?: AbortSignal) => Promise<Manifest>;

export interface WorkOptions {
  /** Folder of the models that are released. */
  readonly modelsFolder: string;
  /** Also those that failed before. */
  readonly again?: boolean;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: RetrainStep) => void;
  readonly onStart?: (endpoint: string, version: string) => void;
}

/** What came of a requested retrain. */
export interface Retrained {
  readonly record: RegistryRecord<'retrain'>;
  readonly folder: string;
}

type Retrain = RegistryRecord<'retrain'>;

/** Folder of the workspace that candidates are written to. */
export function candidatesFolder({ workspace }: Pick<Registry, 'workspace'>): string {
  return join(workspace.path, 'models');
}

/**
 * Makes what recorded decisions have asked for, one after the other; each ends as a candidate in the workspace's folder of models,
 * or with the reason why there is none. Nothing is ever released here. A process that ends in between leaves a retrain that was
 * started: it is made anew from its beginning, under the version that it had, so that it ends as one candidate.
 * @throws ERR_OUTPUT_BUSY where another process retrains in this workspace, ERR_CANCELLED, and as Registry.append
 */
export async function workRetrains(
  registry: Registry,
  build: BuildCandidate,
  { modelsFolder, again = false, signal, onStep = () => undefined, onStart }: WorkOptions,
): Promise<Retrained[]> {
  const { database, workspace, engine } = registry;
  await using _ = await lockOutput(join(workspace.path, 'retrain'));
  onStep('retrain-locked');
  const into = candidatesFolder(registry);
  const done: Retrained[] = [];
  for (const { subject: endpoint, team, body } of await standingRetrains(database)) {
    if (body.stage === 'candidate' || (body.stage === 'failed' && !again)) continue;
    throwIfCancelled(signal);
    const version = body.version ?? (await nextVersion(database, endpoint, [modelsFolder, into]));
    const base = { monitor: body.monitor, decision: body.decision, version };
    const record = async (
      stage: Retrain['body']['stage'],
      more: object = {},
      first: RegistryDraft[] = [],
    ) => {
      const draft = { kind: 'retrain', subject: endpoint, team, body: { ...base, stage, ...more } } as const;
      return (await registry.append([...first, draft])).at(-1) as Retrain;
    };
    await record('started');
    onStep('started');
    onStart?.(endpoint, version);
    const startedAt = new Date(engine.clock.now()).toISOString();
    let manifest: Manifest;
    try {
      manifest = await build({ endpoint, version, into }, signal);
    } catch (cause) {
      throwIfCancelled(signal);
      done.push({ record: await record('failed', { problem: describeCause(cause) }), folder: into });
      continue;
    }
    onStep('built');
    const { drafts } = await modelDrafts(database, [manifest], new Set());
    const made = [...drafts, trainingRun(registry, manifest, startedAt, team)];
    const ended = await record('candidate', { artifact: manifest.hash }, made);
    onStep('recorded');
    done.push({ record: ended, folder: join(into, endpoint, version) });
  }
  return done;
}

/** The last record of each retrain, in the order they were asked for. */
export async function standingRetrains(sql: Sql): Promise<Retrain[]> {
  const last = new Map<string, Retrain>();
  for (const record of await recordsOf(sql, 'retrain')) {
    const before = last.get(record.body.decision);
    // A version that was given once is kept, also through a failure.
    const version = record.body.version ?? before?.body.version;
    last.set(record.body.decision, { ...record, body: { ...record.body, ...(version && { version }) } });
  }
  return [...last.values()];
}

/** One more than any version that was ever given: in the folders, or to a retrain that has not ended. */
async function nextVersion(sql: Sql, endpoint: string, folders: readonly string[]): Promise<string> {
  const given = (await recordsOf(sql, 'retrain', endpoint)).map(({ body }) => Number(body.version ?? 0));
  for (const folder of folders) {
    const entries = await listModels(folder);
    given.push(
      ...entries.filter((entry) => entry.endpoint === endpoint).map(({ version }) => Number(version)),
    );
  }
  return String(Math.max(0, ...given.filter(Number.isFinite)) + 1);
}

function trainingRun(
  { engine, caller }: Registry,
  { hash, contract, dataset }: Manifest,
  startedAt: string,
  team: string | null,
): RegistryDraft {
  const { rawRows } = dataset.curation;
  const { kept } = dataset.counts;
  return {
    kind: 'run',
    subject: `retrain-${randomUUID()}`,
    team,
    body: {
      command: 'retrain',
      caller,
      engine: ENGINE_VERSION,
      devices: {},
      environment: engine.environment,
      startedAt,
      finishedAt: new Date(engine.clock.now()).toISOString(),
      counts: { rows: rawRows, accepted: kept, rejected: rawRows - kept },
      inputs: [
        { role: 'dataset', hash: dataset.hash },
        { role: 'contract', hash: contractHash(contract) },
      ],
      outputs: [{ role: 'artifact', hash }],
    },
  };
}
