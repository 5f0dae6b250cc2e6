import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { contractHash } from '../../core/contract.ts';
import { AssayerError, describeCause } from '../../core/errors.ts';
import { canonicalJson } from '../../core/hash.ts';
import type { LineageRecord } from '../../core/lineage.ts';
import type { RegistryDraft } from '../../core/registry-records.ts';
import { appendUnknown, knownNames } from '../../registry/append-unknown.ts';
import type { Sql } from '../../registry/sql.ts';
import { CompoundKeys } from '../../store/compound-keys.ts';
import { buildCompoundKeys } from '../../store/compound-keys-build.ts';
import { throwIfCancelled, workspaceError } from '../../store/file-error.ts';
import type { IntakeOptions, IntakePlace, IntakeReport } from './intake.ts';
import { requireLineage } from './lineage-form.ts';
import { findManifests, modelDrafts, unknownArtifacts } from './model-drafts.ts';
import { runDrafts } from './run-drafts.ts';
import { setAside } from './set-aside.ts';

/** Runs of one transaction. */
const BATCH = 100;

/** A run of the outbox as it was read. */
export interface LeftRun {
  readonly path: string;
  readonly record: LineageRecord;
  /** Whose file it is. */
  readonly caller: string;
}

interface Taken {
  runs: number;
  artifacts: number;
  readonly refused: IntakeReport['refused'][number][];
  readonly notes: string[];
}

/** Records the runs of the outbox, makes their results searchable by compound, and removes their files, in this order. */
export async function takeInOutbox(
  place: IntakePlace,
  modelsFolder: string,
  options: IntakeOptions,
): Promise<Omit<IntakeReport, 'releases'>> {
  const taken: Taken = { runs: 0, artifacts: 0, refused: [], notes: [] };
  const names = await outboxNames(place);
  for (let from = 0; from < names.length; from += BATCH) {
    throwIfCancelled(options.signal);
    const left: LeftRun[] = [];
    for (const name of names.slice(from, from + BATCH)) {
      const run = await readRun(place, name, taken, options);
      if (run) left.push(run);
    }
    await record(place, modelsFolder, left, taken, options);
    for (const run of left) {
      await makeKeys(place, run.record, taken, options.signal);
      options.onStep('keys-built');
      await rm(run.path, { force: true });
      options.onStep('run-removed');
    }
  }
  return taken;
}

async function outboxNames({ workspace }: IntakePlace): Promise<string[]> {
  try {
    const entries = await readdir(workspace.outbox, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map(({ name }) => name)
      .sort();
  } catch (cause) {
    throw workspaceError(workspace.path, cause);
  }
}

/** @returns null where it is gone, or was set aside */
async function readRun(
  place: IntakePlace,
  name: string,
  taken: Taken,
  options: IntakeOptions,
): Promise<LeftRun | null> {
  const path = join(place.workspace.outbox, name);
  let text: string;
  let caller: string;
  try {
    text = await readFile(path, 'utf8');
    const { uid } = await stat(path);
    caller = process.getuid === undefined || uid === process.getuid() ? place.caller : `user ${uid}`;
  } catch (cause) {
    // Another process took it in.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    taken.refused.push({ path, reason: describeCause(cause) });
    return null;
  }
  try {
    return { path, record: requireLineage(text), caller };
  } catch (cause) {
    if (!(cause instanceof AssayerError && cause.code === 'ERR_LINEAGE')) throw cause;
    await refuse(place, path, cause.message, taken, options);
    return null;
  }
}

async function refuse(
  place: IntakePlace,
  path: string,
  reason: string,
  taken: Taken,
  { onStep }: IntakeOptions,
): Promise<void> {
  taken.refused.push({ path: await setAside(place.workspace, path, reason), reason });
  onStep('run-set-aside');
}

/** Records the runs that are not, and sets aside those that are recorded otherwise. */
async function record(
  place: IntakePlace,
  modelsFolder: string,
  left: LeftRun[],
  taken: Taken,
  options: IntakeOptions,
): Promise<void> {
  const { database, engine, team } = place;
  for (const run of await recordedOtherwise(database, left)) {
    left.splice(left.indexOf(run), 1);
    const reason = `The registry holds run ${run.record.run} already, with other content.`;
    await refuse(place, run.path, reason, taken, options);
  }
  const used = left.flatMap(({ record: { work } }) => work.models.map(({ hash }) => hash));
  const found = await findManifests(modelsFolder, await unknownArtifacts(database, [...new Set(used)]));
  const notes = new Set(found.notes);
  const appended = await appendUnknown(database, engine.clock, async (sql) => {
    const ids = left.map(({ record: { run } }) => run);
    const known = await knownNames(sql, 'runs', 'run', ids);
    const fresh = left.filter(({ record: { run } }) => !known.has(run));
    if (fresh.length === 0) return [];
    const models = await modelDrafts(sql, [...found.manifests.values()], new Set());
    for (const note of models.notes) notes.add(note);
    const contracts = await knownContracts(sql, fresh, models.drafts, engine.contract);
    return [...models.drafts, ...contracts.drafts, ...(await runDrafts(sql, fresh, contracts.known, team))];
  });
  const count = (kind: RegistryDraft['kind']) => appended.filter((each) => each.kind === kind).length;
  taken.runs += count('run');
  taken.artifacts += count('artifact');
  taken.notes.push(...notes);
  if (left.length > 0) options.onStep('runs-recorded');
}

async function recordedOtherwise(sql: Sql, left: readonly LeftRun[]): Promise<LeftRun[]> {
  const rows = await sql.query<{ run: string; body: string }>(
    `select r.run, s.body from assayer.runs r join assayer.records s on s.sequence = r.record
     where r.run = any($1::text[])`,
    [left.map(({ record: { run } }) => run)],
  );
  const bodies = new Map(rows.map(({ run, body }) => [run, body]));
  return left.filter(({ record: lineage }) => {
    const body = bodies.get(lineage.run);
    if (body === undefined) return false;
    const recorded = (JSON.parse(body) as { lineage?: LineageRecord }).lineage ?? null;
    return canonicalJson(recorded) !== canonicalJson(lineage);
  });
}

/** Contracts that features of these runs can name: those recorded, those of artifacts, and the engine's own. */
async function knownContracts(
  sql: Sql,
  left: readonly LeftRun[],
  before: readonly RegistryDraft[],
  contract: Parameters<typeof contractHash>[0],
): Promise<{ known: Set<string>; drafts: RegistryDraft[] }> {
  const used = [...new Set(left.map(({ record: { work } }) => work.contract))];
  const known = await knownNames(sql, 'contracts', 'hash', used);
  for (const { kind, subject } of before) if (kind === 'contract') known.add(subject);
  const own = contractHash(contract);
  if (known.has(own) || !used.includes(own)) return { known, drafts: [] };
  known.add(own);
  return { known, drafts: [{ kind: 'contract', subject: own, team: null, body: { contract } }] };
}

/** Makes a result searchable. One that is gone is told: its run stands, and a trace lists it as one that cannot be read. */
async function makeKeys(
  { workspace }: IntakePlace,
  { run, output }: LineageRecord,
  taken: Taken,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await using keys = await CompoundKeys.open(workspace, output.sha256);
    if (keys !== null) return;
    await buildCompoundKeys(workspace, output, signal);
  } catch (cause) {
    const isOfResult =
      cause instanceof AssayerError &&
      (cause.code.startsWith('ERR_INPUT_') || cause.code === 'ERR_BLOB_CORRUPT');
    if (!isOfResult) throw cause;
    taken.notes.push(`The result of run ${run} cannot be searched by compound: ${cause.message}`);
  }
}
