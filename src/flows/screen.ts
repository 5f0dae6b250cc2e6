import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { CompoundBatch, FeatureBatch } from '../core/compound.ts';
import { AssayerError } from '../core/errors.ts';
import { isRefused } from '../core/monitoring-state.ts';
import type { Refusal } from '../core/ports.ts';
import { openTable } from '../store/compound-table.ts';
import { readMonitoringState } from '../store/monitoring-state.ts';
import type { ColumnValues } from '../store/table-columns.ts';
import type { TableFormat } from '../store/table-format.ts';
import { createTableWriter, type TableWriter } from '../store/table-writer.ts';
import { openWorkspace } from '../store/workspace.ts';
import { requireDistinctFiles } from './distinct-files.ts';
import type { Engine, Progress } from './engine.ts';
import { openFeatures } from './features.ts';
import { answersUnder, refusedAnswers, requireAnyAnswer } from './frozen-answers.ts';
import { type LineageRecord, leaveInOutbox, workHash, writeRecord } from './lineage.ts';
import { predictBatch } from './predict.ts';
import { type ReadyModel, readModels, readyModel } from './ready-models.ts';
import { currentReleases, releasedVersions } from './released-models.ts';
import { screenColumns, screenRows } from './screen-columns.ts';
import { answeringModels, workRecord } from './screen-work.ts';
import { started } from './started.ts';

export interface ScreenRequest {
  /** Path of the input, or `-` for standard input. */
  readonly input: string;
  /** Path of the output, or `-` for standard output. */
  readonly output: string;
  /**
   * Models by `endpoint` (what the workspace releases, else the newest version) or `endpoint@version`; empty for every
   * endpoint.
   */
  readonly models: readonly string[];
  readonly modelsFolder: string;
  readonly workspace: string;
  readonly format?: TableFormat;
  readonly smilesColumn?: string;
  readonly idColumn?: string;
  /** File for the rejected rows alone. */
  readonly rejects?: string;
  /** Adds a last column with what standardization did. */
  readonly notes?: boolean;
}

/** Called with every batch of output, by column name, after it was written. */
export type RowsListener = (columns: ColumnValues, count: number) => void;

/** What a screen did. */
export interface ScreenSummary {
  readonly lineage: LineageRecord;
  /** How the columns of the input were chosen, in words. */
  readonly columnsChosen: string;
  /** What the workspace releases of the endpoints that were answered by another model, as `endpoint@version`. */
  readonly releasedInstead: readonly string[];
}

/**
 * Screens a table of compounds: features, then value, interval, domain and nearest training compound from every
 * model, row by row in the order of the input. Output appears under its name only when it is whole; equal input,
 * contract, models, states of monitoring and engine give equal bytes. A model that monitoring has frozen answers with its
 * state in a column of its own, and one that refuses leaves its other columns empty.
 * @throws ERR_INPUT_*, ERR_OUTPUT_*, ERR_MODEL_*, ERR_RELEASE_CORRUPT, ERR_CONTRACT_MISMATCH, ERR_NO_BACKEND,
 *   ERR_CANCELLED, ERR_MONITORING_CORRUPT, ERR_FROZEN (every model refuses)
 */
export async function screen(
  engine: Engine,
  request: ScreenRequest,
  options: { signal?: AbortSignal; onProgress?: Progress; onRows?: RowsListener } = {},
): Promise<ScreenSummary> {
  const { signal, onProgress, onRows } = options;
  const startedAt = new Date(engine.clock.now()).toISOString();
  await using resources = new AsyncDisposableStack();
  const sidecar = request.output === '-' ? null : `${request.output}.lineage.json`;
  requireDistinctFiles([request.input, request.output, request.rejects, sidecar]);
  const workspace = await openWorkspace(request.workspace);
  // Before the releases: where one is replaced in between, its state is void; the other order could miss one in force.
  const monitoring = await readMonitoringState(workspace);
  const releases = await currentReleases(workspace);
  const names = await releasedVersions(request.modelsFolder, request.models, releases);
  const artifacts = await readModels(engine, request.modelsFolder, names);
  const endpoints = artifacts.map(({ manifest }) => manifest.endpoint);
  const answering = answeringModels(artifacts, releases, monitoring);
  requireAnyAnswer(answering);
  const states = answering.map((model) => model.states ?? []);
  const table = resources.use(
    await openTable(request.input, {
      format: request.format,
      smilesColumn: request.smilesColumn,
      idColumn: request.idColumn,
      signal,
      spoolFolder: workspace.tmp,
    }),
  );
  const work = workRecord(engine, table, answering, request.notes === true);
  const lowEvidence = work.models.filter((model) => model.lowEvidence).map(({ endpoint }) => endpoint);
  const withState = new Set(work.models.filter((model) => model.states).map(({ endpoint }) => endpoint));
  const extra = { lowEvidence: lowEvidence.length > 0, notes: work.notes, withState };
  const output = resources.use(
    await createTableWriter(request.output, screenColumns(endpoints, extra), {
      metadata: { 'assayer.work': JSON.stringify(work) },
      signal,
    }),
  );
  const rejects = request.rejects ? resources.use(await createRejects(request.rejects)) : null;
  const source = await openFeatures(engine, table, workspace, signal);
  const batches = started(source.batches, resources);
  // null for one that refuses: nothing is computed to be thrown away.
  const models: (ReadyModel | null)[] = [];
  for (const [m, artifact] of artifacts.entries())
    models.push(isRefused(states[m]) ? null : await readyModel(engine, artifact, resources));

  const counts = { rows: 0, accepted: 0, rejected: 0 };
  for await (const { compounds, features } of batches) {
    if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
    const answers = [];
    for (const [m, model] of models.entries())
      answers.push(
        model
          ? answersUnder(states[m], await predictBatch(model, features))
          : refusedAnswers(states[m], features.reasons),
      );
    const columns = screenRows(compounds, features, endpoints, answers, lowEvidence);
    await output.write(columns, features.count);
    onRows?.(columns, features.count);
    const rejected = rejectedRows(compounds, features);
    await rejects?.write(rejected, rejected.row.length);
    counts.rows += features.count;
    counts.rejected += rejected.row.length;
    onProgress?.(counts.rows, source.share(counts.rows));
  }
  counts.accepted = counts.rows - counts.rejected;
  // A record of an earlier output must not stand beside this one, not even for a moment.
  if (sidecar) await rm(sidecar, { force: true });
  const written = { ...(await output.finish()), format: output.format, path: request.output };
  const rejectsWritten = rejects && {
    ...(await rejects.finish()),
    format: rejects.format,
    path: request.rejects as string,
  };

  const lineage: LineageRecord = {
    schema: 'assayer.lineage/1',
    run: randomUUID(),
    work,
    workHash: workHash(work),
    input: table.path,
    output: written,
    rejects: rejectsWritten,
    featureSet: { sha256: source.sha256(), reused: source.reused },
    devices: Object.fromEntries(
      models.flatMap((model, m) => (model ? [[endpoints[m].id, model.device]] : [])),
    ),
    refusals: distinctRefusals(models),
    environment: engine.environment,
    counts,
    startedAt,
    finishedAt: new Date(engine.clock.now()).toISOString(),
  };
  if (sidecar) await writeRecord(sidecar, lineage);
  await leaveInOutbox(workspace, lineage);
  const releasedInstead = work.models
    .filter(({ released }) => released === false)
    .map(({ endpoint }) => `${endpoint}@${releases[endpoint].version}`);
  return { lineage, columnsChosen: table.how, releasedInstead };
}

/** Why devices were not used, each reason once. */
function distinctRefusals(models: readonly (ReadyModel | null)[]): Refusal[] {
  const refusals = models.flatMap((model) => model?.refusals ?? []);
  return [...new Map(refusals.map((refusal) => [`${refusal.device} ${refusal.reason}`, refusal])).values()];
}

/** The rejected rows of a batch alone, for the rejects file. */
function rejectedRows(compounds: CompoundBatch, features: FeatureBatch) {
  const kept = [...features.reasons.keys()].filter((i) => features.reasons[i] !== null);
  return {
    row: kept.map((i) => compounds.rows[i]),
    id: kept.map((i) => compounds.ids[i]),
    input: kept.map((i) => compounds.inputs[i]),
    reason: kept.map((i) => features.reasons[i]),
  };
}

/** Not cancelled by itself: the rejects stand or fall with the output. */
function createRejects(path: string): Promise<TableWriter> {
  const columns = screenColumns([], { lowEvidence: false, notes: false }).filter(({ name }) =>
    ['row', 'id', 'input', 'reason'].includes(name),
  );
  return createTableWriter(path, columns, { metadata: {} });
}
