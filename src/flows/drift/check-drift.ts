import { contractHash } from '../../core/contract.ts';
import type { DriftPlots, DriftReport, DriftSide, DriftStream, Verdict } from '../../core/drift.ts';
import { AssayerError } from '../../core/errors.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { throwIfCancelled } from '../../store/file-error.ts';
import { openWorkspace, type Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import type { ModelArtifact } from '../models.ts';
import { readyModel } from '../ready-models.ts';
import { dayAt } from './calendar-day.ts';
import { COMPOUND_STREAMS, compoundStreams } from './compound-streams.ts';
import type { DriftCheck, DriftSettings } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { modelNamed } from './model-named.ts';
import { besideModel } from './model-sample.ts';
import { modelStreams } from './model-streams.ts';
import { type BatchLabels, readLabels } from './read-labels.ts';
import { type Reading, readingOf, readReference } from './read-reference.ts';
import { readSample } from './read-sample.ts';
import { inKnownOrder } from './take-rows.ts';
import { trainingDistances } from './training-distances.ts';
import { notJudged } from './verdict.ts';

export interface DriftRequest extends DriftSettings, Reading {
  /** A file of compounds, or `endpoint`, `endpoint@version` for a model's training compounds. */
  readonly reference: string;
  /** A file of compounds. */
  readonly batch: string;
  readonly modelsFolder: string;
  readonly workspace: string;
  readonly covariates: readonly string[];
  /** The model whose answers to look at; the reference's own where that is a model, else none. */
  readonly endpoint?: string;
  /** Labels of the batch, as far as they have arrived (read-labels.ts); they need a model as the reference. */
  readonly labels?: string;
  /** The command that repeats the check; goes into the report. */
  readonly command: string;
}

/** Streams that test a model's answers, and labels; with those of the compounds they share a check's alpha. */
const MODEL_STREAMS = ['outputs', 'proxies'] as const;
const LABEL_STREAMS = ['labels', 'performance'] as const;

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
  const watched = await watchedModel(engine, request, trained);
  onStep('reference');
  const reference = await readReference(engine, request.reference, trained, workspace, reading);
  onStep('batch');
  const rawBatch = inKnownOrder(await readSample(engine, request.batch, workspace, reading));
  const labels =
    request.labels && watched
      ? await readLabels(request.labels, rawBatch, watched.manifest.endpoint, workspace, {
          today: dayAt(engine.clock.now()),
          ...(signal && { signal }),
        })
      : null;
  const streams: DriftStream[] = [
    ...COMPOUND_STREAMS,
    ...(watched ? MODEL_STREAMS : []),
    ...(labels ? LABEL_STREAMS : []),
  ];
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
  const { verdicts, plots } = empty
    ? { verdicts: nothingIn(check, empty, streams), plots: {} }
    : await judgeAll(engine, check, { workspace, watched, labels, rawBatch, onStep });
  return {
    schema: 'assayer.drift/1',
    engine: ENGINE_VERSION,
    contractHash: contractHash(engine.contract),
    reference: sideOf(check.reference),
    batch: sideOf(check.batch),
    model: watched && {
      endpoint: watched.manifest.endpoint.id,
      version: watched.manifest.version,
      hash: watched.manifest.hash,
      unit: watched.manifest.endpoint.unit,
    },
    settings: { ...check.settings, cluster, covariates },
    state: stateOf(verdicts),
    inWords: wordsOf(check, verdicts),
    verdicts,
    plots: { ...NO_PLOTS, ...plots },
    command: request.command,
  };
}

interface Judging {
  readonly workspace: Workspace;
  readonly watched: ModelArtifact | null;
  readonly labels: BatchLabels | null;
  readonly rawBatch: DriftSample;
  readonly onStep: (step: string) => void;
}

async function judgeAll(
  engine: Engine,
  check: DriftCheck,
  { workspace, watched, labels, rawBatch, onStep }: Judging,
): Promise<{ verdicts: Verdict[]; plots: Partial<DriftPlots> }> {
  await using resources = new AsyncDisposableStack();
  // Opened first, so that a model that cannot run is told before minutes of other work.
  const model = watched && (await readyModel(engine, watched, resources));
  onStep('nearest compounds');
  const distances = await trainingDistances(check, workspace);
  const compounds = await compoundStreams(check, distances, onStep);
  if (!model) return compounds;
  throwIfCancelled(check.signal);
  onStep('model');
  const given = { model, distances, labels, rawReference: check.reference, rawBatch };
  const ofModel = await modelStreams(check, given);
  return {
    verdicts: [...compounds.verdicts, ...ofModel.verdicts],
    plots: { ...compounds.plots, ...ofModel.plots },
  };
}

/** Verdicts where a side has no compounds. */
function nothingIn(check: DriftCheck, { name, rejected }: DriftSample, streams: DriftStream[]): Verdict[] {
  const problem = `${name} has none${rejected > 0 ? ` that could be used, ${rejected} were rejected` : ''}`;
  return streams.map((stream) => notJudged(check, stream, 'none', 'too-few-compounds', problem));
}

/**
 * The model whose answers are looked at.
 * @throws ERR_USAGE where labels are given without a model as the reference, or another endpoint than the reference's
 */
async function watchedModel(
  engine: Engine,
  { endpoint, labels, modelsFolder }: DriftRequest,
  trained: ModelArtifact | null,
): Promise<ModelArtifact | null> {
  if (labels && !trained) {
    const problem =
      'Labels tell how a model errs: name the model as --reference, so that its held-out errors are known.';
    throw new AssayerError('ERR_USAGE', { problem });
  }
  if (endpoint === undefined) return trained;
  const named = await modelNamed(engine, endpoint, modelsFolder);
  if (!named) throw new AssayerError('ERR_USAGE', { problem: `${endpoint} does not name a model.` });
  if (!trained || trained.manifest.hash === named.manifest.hash) return named;
  const problem = `The reference is the model ${nameOf(trained)}, and --endpoint names ${nameOf(named)}. Leave one out.`;
  throw new AssayerError('ERR_USAGE', { problem });
}

const nameOf = ({ manifest }: ModelArtifact): string => `${manifest.endpoint.id}@${manifest.version}`;

function sideOf({ name, hash, inchikeys, rejected, clusters }: DriftSample): DriftSide {
  const count = clusters ? new Set(clusters).size : inchikeys.length;
  return { name, hash, rows: inchikeys.length, rejected, clusters: count };
}

function stateOf(verdicts: readonly Verdict[]): Verdict['state'] {
  if (verdicts.some(({ state }) => state === 'drift')) return 'drift';
  // A forecast has no p, and judges nothing.
  return verdicts.some(({ state, p }) => state === 'steady' && p !== null) ? 'steady' : 'not-evaluable';
}

function wordsOf({ reference, batch }: DriftCheck, verdicts: readonly Verdict[]): string {
  const moved = verdicts.filter(({ state }) => state === 'drift');
  const judged = verdicts.filter(({ p }) => p !== null);
  const known = new Set(reference.inchikeys);
  const shared = batch.inchikeys.filter((key) => key !== '' && known.has(key)).length;
  const both = shared > 0 ? ` ${shared} of them are in the reference, too.` : '';
  const size = `this batch of ${batch.inchikeys.length} compounds`;
  if (judged.length === 0) return `Nothing could be judged about ${size}.${both}`;
  if (moved.length === 0) {
    return `No drift was seen in ${size} by ${judged.length} of ${verdicts.length} streams; each says how large a drift it would have found.${both}`;
  }
  const told = moved.map(({ inWords }) => inWords).join(' ');
  return `T${size.slice(1)} differs from the reference.${both} ${told}`;
}
