import { contractHash } from '../../core/contract.ts';
import {
  type DriftFigures,
  type DriftPlots,
  type DriftReport,
  type DriftSide,
  NO_FIGURES,
  type Verdict,
} from '../../core/drift.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { openWorkspace, type Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import type { ModelArtifact } from '../models.ts';
import { dayAt } from './calendar-day.ts';
import type { DriftCheck, DriftSettings } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { judgeStreams, nothingIn, testingStreams } from './judge-streams.ts';
import { askModels } from './model-answers.ts';
import { modelNamed } from './model-named.ts';
import { besideModel } from './model-sample.ts';
import { type BatchLabels, readLabels } from './read-labels.ts';
import { type Reading, readingOf, readReference } from './read-reference.ts';
import { readSample } from './read-sample.ts';
import { stateOf, wordsOf } from './summary.ts';
import { inKnownOrder } from './take-rows.ts';
import { trainingDistances } from './training-distances.ts';
import { type Watching, watchedModels } from './watched-models.ts';

export interface DriftRequest extends DriftSettings, Reading, Watching {
  /** A file of compounds, or `endpoint`, `endpoint@version` for a model's training compounds. */
  readonly reference: string;
  /** A file of compounds. */
  readonly batch: string;
  readonly workspace: string;
  readonly covariates: readonly string[];
  /**
   * Labels as they were known when this day, counted from 1970, ended. Without it the latest date in their file is taken for the
   * day that it was written.
   */
  readonly labelsAsOf?: number;
  /** The command that repeats the check; goes into the report. */
  readonly command: string;
}

const NO_PLOTS: DriftPlots = {
  distance: null,
  mmdNull: null,
  columns: [],
  outputs: [],
  reliability: [],
  maturity: [],
};

/**
 * Compares a batch with a reference: reads both sides, and asks each stream for its verdict. The same compounds, settings and
 * engine give the same verdicts, in whatever order the rows are.
 * @throws ERR_INPUT_*, ERR_LABELS, ERR_MODEL_*, ERR_CONTRACT_MISMATCH, ERR_NO_BACKEND, ERR_USAGE, ERR_CANCELLED
 */
export async function checkDrift(
  engine: Engine,
  request: DriftRequest,
  options: { signal?: AbortSignal; onStep?: (step: string) => void } = {},
): Promise<DriftReport> {
  const { signal, onStep = () => undefined } = options;
  const workspace = await openWorkspace(request.workspace);
  const { cluster, covariates, alpha, permutations, seed } = request;
  const reading = readingOf(request, covariates, signal);
  const trained = await modelNamed(engine, request.reference, request.modelsFolder);
  const artifacts = await watchedModels(engine, request, trained);
  onStep('reference');
  const reference = await readReference(engine, request.reference, trained, workspace, reading);
  onStep('batch');
  const rawBatch = inKnownOrder(await readSample(engine, request.batch, workspace, reading));
  const labels =
    request.labels && trained
      ? await readLabels(request.labels, rawBatch, trained.manifest.endpoint, workspace, {
          today: dayAt(engine.clock.now()),
          ...(request.labelsAsOf !== undefined && { asOf: request.labelsAsOf }),
          ...(signal && { signal }),
        })
      : null;
  const streams = testingStreams(artifacts.length > 0, labels !== null);
  const check: DriftCheck = {
    reference,
    batch: trained ? besideModel(rawBatch, trained) : rawBatch,
    ofModel: trained !== null,
    settings: { alpha, permutations, seed },
    streamAlpha: alpha / streams.length,
    backends: engine.backends,
    ...(signal && { signal }),
  };
  const empty = [check.reference, check.batch].find(({ inchikeys }) => inchikeys.length === 0);
  const { verdicts, plots, figures } = empty
    ? { verdicts: nothingIn(check, empty, streams), plots: {}, figures: NO_FIGURES }
    : await judgeAll(engine, check, { workspace, artifacts, trained, labels, rawBatch, onStep });
  return {
    schema: 'assayer.drift/1',
    engine: ENGINE_VERSION,
    contractHash: contractHash(engine.contract),
    reference: sideOf(check.reference),
    batch: sideOf(check.batch),
    models: artifacts.map(({ manifest: { endpoint, version, hash } }) => {
      return { endpoint: endpoint.id, version, hash, unit: endpoint.unit };
    }),
    settings: { ...check.settings, cluster, covariates },
    state: stateOf(verdicts),
    inWords: wordsOf(check, verdicts),
    verdicts,
    figures,
    plots: { ...NO_PLOTS, ...plots },
    command: request.command,
  };
}

interface Judging {
  readonly workspace: Workspace;
  readonly artifacts: readonly ModelArtifact[];
  readonly trained: ModelArtifact | null;
  readonly labels: BatchLabels | null;
  /** With raw descriptors. */
  readonly rawBatch: DriftSample;
  readonly onStep: (step: string) => void;
}

async function judgeAll(
  engine: Engine,
  check: DriftCheck,
  { workspace, artifacts, trained, labels, rawBatch, onStep }: Judging,
): Promise<{ verdicts: Verdict[]; plots: Partial<DriftPlots>; figures: DriftFigures }> {
  onStep('nearest compounds');
  const distances = await trainingDistances(check, workspace);
  if (artifacts.length > 0) onStep(artifacts.length > 1 ? 'models' : 'model');
  const { reference, signal } = check;
  const models = await askModels(engine, {
    artifacts,
    reference,
    batch: rawBatch,
    trained: trained && distances,
    workspace,
    ...(signal && { signal }),
  });
  return await judgeStreams(check, { distances, models, trained, labels }, onStep);
}

function sideOf({ name, hash, how, inchikeys, rejected, clusters }: DriftSample): DriftSide {
  const count = clusters ? new Set(clusters).size : inchikeys.length;
  return { name, hash, ...(how !== undefined && { how }), rows: inchikeys.length, rejected, clusters: count };
}
