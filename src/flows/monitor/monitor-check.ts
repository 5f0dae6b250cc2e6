import { randomUUID } from 'node:crypto';
import type { DriftReport } from '../../core/drift.ts';
import { AssayerError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/hash.ts';
import type { MonitorDecision, MonitorEvidence } from '../../core/monitor-decision.ts';
import type { MonitorPolicy } from '../../core/monitor-policy.ts';
import type { LineageEdge, RegistryDraft } from '../../core/registry-records.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { appendRecords } from '../../registry/append.ts';
import { lastOf } from '../../registry/read-records.ts';
import { policyInEffect } from '../decide/policy-in-effect.ts';
import { dayAt } from '../drift/calendar-day.ts';
import { checkDrift } from '../drift/check-drift.ts';
import { modelNamed } from '../drift/model-named.ts';
import { readingOf } from '../drift/read-reference.ts';
import { readSample } from '../drift/read-sample.ts';
import { inKnownOrder } from '../drift/take-rows.ts';
import type { Registry } from '../registry/open-registry.ts';
import { type ActOptions, type ActStep, act } from './act.ts';
import { measureBatch } from './batch-values.ts';
import { evidenceOfCheck, observedLosses } from './check-evidence.ts';
import { observationsOf } from './earlier-observations.ts';
import { keepText, keptPath } from './kept-files.ts';
import { type LabelSnapshot, snapshotLabels } from './label-snapshot.ts';
import { type LabelsTaken, takeLabels } from './labels-intake.ts';
import { type Watched, watchedNow } from './monitors.ts';
import { newObservations, observationsText } from './observations.ts';
import type { Told } from './tell.ts';

/** Steps after which a crash may come, in order; tests end the process at each. Those of `act` follow. */
export const CHECK_STEPS = ['labels-taken', 'report-kept', 'evidence-recorded'] as const;
export type CheckStep = (typeof CHECK_STEPS)[number];

export interface CheckRequest {
  readonly monitor: string;
  /** A file of compounds. */
  readonly batch: string;
  /** A file of labels, which is taken into the registry first. */
  readonly labels?: string;
  readonly assay?: string;
  readonly smilesColumn?: string;
  readonly idColumn?: string;
  readonly modelsFolder: string;
}

export interface CheckOptions extends Omit<ActOptions, 'onStep'> {
  readonly onStep?: (step: CheckStep | ActStep) => void;
  /** What is done, for people who wait. */
  readonly onProgress?: (step: string) => void;
}

export interface Checked {
  readonly watched: Watched;
  readonly report: DriftReport;
  /** Where the report lies. */
  readonly path: string;
  readonly evidence: MonitorEvidence;
  readonly labels: LabelsTaken | null;
  /** Compounds of the batch with a label, and those that were submitted and wait for one; null where the reference is a file. */
  readonly known: Pick<LabelSnapshot, 'labelled' | 'waiting'> | null;
  /** All that were made now; earlier checks and events may have waited for theirs. */
  readonly decisions: readonly MonitorDecision[];
  readonly told: readonly Told[];
}

/**
 * One check of a monitor: labels are taken in, the batch is compared with the reference by the tests that the policy asks for,
 * with the labels that are known by now, and what was found is recorded as evidence, decided about, and acted upon. A process that
 * ends in between has recorded the evidence or not; what follows from it is then done by the next command.
 * @throws ERR_MONITOR_UNKNOWN, ERR_MONITOR where no policy is in effect, no compound can be used, or another check came in
 *   between, ERR_CLOCK, as takeLabels, watchedNow, checkDrift and act
 */
export async function checkMonitor(
  registry: Registry,
  request: CheckRequest,
  options: CheckOptions = {},
): Promise<Checked> {
  const { engine, workspace, database } = registry;
  const { onStep = () => undefined, onProgress = () => undefined, signal } = options;
  const watched = await watchedNow(registry, request.monitor, request.modelsFolder);
  const { monitor, current, model } = watched;
  const { endpoint, cluster = 'scaffold' } = current.body;
  requirePolicy(watched, engine.clock.now());
  const taken =
    request.labels === undefined
      ? null
      : await takeLabels(
          registry,
          { endpoint, path: request.labels, ...(request.assay && { assay: request.assay }) },
          signal,
        );
  onStep('labels-taken');
  const time = engine.clock.now();
  const policy = requirePolicy(watched, time);
  const { alpha, permutations, seed } = policy.checks;
  const settings = { alpha, permutations, seed };
  const reference = await referenceOf(registry, watched, request.modelsFolder);
  const trained = await modelNamed(engine, reference, request.modelsFolder);
  const reading = readingOf({ cluster, ...columnsOf(request) }, [], signal);
  onProgress('batch');
  const batch = inKnownOrder(await readSample(engine, request.batch, workspace, reading));
  if (batch.inchikeys.length === 0) {
    const problem = `none of the ${batch.rejected} compounds of ${request.batch} can be used; assayer screen --rejects says why`;
    throw new AssayerError('ERR_MONITOR', { monitor: monitor.id, problem });
  }
  const known = trained ? await snapshotLabels(database, endpoint, batch) : null;
  const labels = known && (await keepText(workspace, 'labels', 'csv', known.text));
  const labelsPath = labels && (await keptPath(workspace, 'labels', labels));
  const today = dayAt(time);
  const report = await checkDrift(
    engine,
    {
      ...settings,
      reference,
      batch: request.batch,
      cluster,
      covariates: [],
      modelsFolder: request.modelsFolder,
      workspace: workspace.path,
      ...columnsOf(request),
      ...(trained === null && { endpoints: [model] }),
      ...(labelsPath && { labels: labelsPath, labelsAsOf: today }),
      command: `assayer monitor check ${monitor.id} --batch ${request.batch}`,
    },
    { ...(signal && { signal }), onStep: onProgress },
  );
  const values = await measureBatch(engine, {
    batch,
    reference,
    trained,
    settings,
    reading,
    workspace,
  });
  const earlier = await observationsOf(registry, watched);
  const own = newObservations(
    { distances: values.distances, losses: observedLosses(report) },
    earlier.map(({ observations }) => observations),
  );
  const { release } = current.body;
  const observations = await keepText(
    workspace,
    'observations',
    'json',
    observationsText({ schema: 'assayer.observations/1', monitor: monitor.id, release, ...own }),
  );
  const reportHash = await keepText(workspace, 'reports', 'json', canonicalJson(report));
  onStep('report-kept');
  const evidence = evidenceOfCheck({ report, watched, policy, values, earlier, own, time });
  const run = `check-${randomUUID()}`;
  const edges: LineageEdge[] = [
    { role: 'input', hash: report.batch.hash },
    { role: 'reference', hash: current.body.reference },
    { role: 'contract', hash: report.contractHash },
    ...report.models.map(({ hash }) => ({ role: 'artifact', hash })),
    ...(labels ? [{ role: 'labels', hash: labels }] : []),
  ];
  const drafts: RegistryDraft[] = [
    {
      kind: 'run',
      subject: run,
      team: current.team,
      body: {
        command: 'monitor check',
        caller: registry.caller,
        engine: ENGINE_VERSION,
        devices: {},
        environment: engine.environment,
        startedAt: new Date(time).toISOString(),
        finishedAt: new Date(engine.clock.now()).toISOString(),
        counts: {
          rows: report.batch.rows + report.batch.rejected,
          accepted: report.batch.rows,
          rejected: report.batch.rejected,
        },
        inputs: edges,
        outputs: [
          { role: 'report', hash: reportHash },
          { role: 'observations', hash: observations },
        ],
      },
    },
    { kind: 'evidence', subject: monitor.id, team: current.team, body: { run, evidence } },
  ];
  await recordEvidence(registry, watched, drafts);
  onStep('evidence-recorded');
  const { decisions, told } = await act(registry, [monitor.id], { ...options, onStep });
  const path = await keptPath(workspace, 'reports', reportHash);
  const { labelled, waiting } = known ?? { labelled: 0, waiting: 0 };
  const ofBatch = trained && { labelled, waiting };
  return { watched, report, path, evidence, labels: taken, known: ofBatch, decisions, told };
}

const columnsOf = ({ smilesColumn, idColumn }: CheckRequest) => ({
  ...(smilesColumn && { smilesColumn }),
  ...(idColumn && { idColumn }),
});

/** The version in effect: what is checked without one would count for nothing. */
function requirePolicy({ monitor }: Watched, now: number): MonitorPolicy {
  const policy = policyInEffect(monitor.history.policies, now);
  if (policy) return policy;
  const [first] = monitor.history.policies.toSorted((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  const problem = `its policy ${first?.name} takes effect at ${first?.effectiveFrom}, and what is checked before that is judged by nobody. Check again after that`;
  throw new AssayerError('ERR_MONITOR', { monitor: monitor.id, problem });
}

/** What checkDrift is to compare with: the released model, or the kept file. */
async function referenceOf(
  { workspace, engine }: Registry,
  { current, model }: Watched,
  modelsFolder: string,
): Promise<string> {
  const trained = await modelNamed(engine, model, modelsFolder);
  if (trained?.manifest.hash === current.body.reference) return model;
  return await keptPath(workspace, 'references', current.body.reference);
}

/**
 * Records a check, unless another one of this monitor was recorded since its history was read: the sequential tests would not
 * know of it.
 */
async function recordEvidence(
  { database, engine }: Registry,
  { monitor }: Watched,
  drafts: readonly RegistryDraft[],
): Promise<void> {
  const known = new Set(monitor.runs.values());
  const [{ subject: run }] = drafts;
  for (;;) {
    try {
      return await database.transaction(async (sql) => {
        await sql.query('select sequence from assayer.chain_head for update');
        const last = (await lastOf(sql, 'evidence', monitor.id))?.body.run ?? null;
        if (last === run) return;
        if (last !== null && !known.has(last)) {
          const problem = 'another check of it was recorded while this one was made. Check again';
          throw new AssayerError('ERR_MONITOR', { monitor: monitor.id, problem });
        }
        await appendRecords(sql, drafts, engine.clock);
      });
    } catch (cause) {
      // Asked anew, the records tell whether the evidence stands.
      if (!(cause instanceof AssayerError && cause.code === 'ERR_REGISTRY_LOST')) throw cause;
    }
  }
}
