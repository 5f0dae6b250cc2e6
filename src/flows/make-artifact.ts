import { artifactHash, type Manifest, type UnsignedManifest } from '../core/artifact.ts';
import { contractHash } from '../core/contract.ts';
import { AssayerError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { Predictor } from '../core/ports.ts';
import { ARTIFACT_FILES } from '../store/artifact-folder.ts';
import { encodeReference } from '../store/reference.ts';
import { type DrugSet, rankAmongDrugs, requireDrugs } from './approved-like.ts';
import { type CurateRequest, curateDataset } from './curate-dataset.ts';
import { countReasons } from './curation-report.ts';
import type { Dataset, LabelledRows } from './dataset.ts';
import { fitDomain } from './domain.ts';
import type { Engine } from './engine.ts';
import { evaluate, type ScoredRows } from './evaluate.ts';
import { type FittedAnswers, fitModel } from './fit-model.ts';
import { heldOutSimilarities } from './held-out-similarity.ts';
import { joinRows } from './row-collector.ts';
import { type Answers, rowsToScore, scoreRows } from './score-rows.ts';

/** The artifact in float32 may differ from the float64 fit by this much on the modelled scale. */
const EXPORT_TOLERANCE = 1e-3;

/** What decides an artifact's bytes, beside the engine. */
export interface ArtifactRequest extends CurateRequest {
  readonly version: string;
  readonly seed: number;
  /** Drugs that predictions are ranked among; null for no percentiles. */
  readonly drugs: DrugSet | null;
}

/** A trained model, nowhere written yet. */
export interface MadeArtifact {
  readonly manifest: Manifest;
  /** model.onnx and reference.arrow, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

export interface MakeOptions {
  readonly signal?: AbortSignal;
  readonly onStep?: (step: string, share: number | null) => void;
}

/**
 * Trains one endpoint: dataset, features, averaged models, calibration on compounds whose scaffold the fits had not
 * seen, ONNX graph, figures on the test rows, manifest and reference. The same data, seed and engine give the same
 * bytes (`build` in the manifest apart).
 * @throws what curateDataset and rankAmongDrugs throw, ERR_NOT_POSITIVE_DEFINITE, ERR_CANCELLED
 */
export async function makeArtifact(
  engine: Engine,
  request: ArtifactRequest,
  options: MakeOptions = {},
): Promise<MadeArtifact> {
  const { recipe } = request;
  const onStep = options.onStep ?? (() => undefined);
  const place = { endpoint: recipe.endpoint.id, ...request };
  if (request.drugs) await requireDrugs(request.drugs, place, options.signal);
  const dataset = await curateDataset(engine, request, {
    ...(options.signal && { signal: options.signal }),
    onProgress: (_, share) => onStep('features', share),
  });

  // Rows with a value come first; what else is known of the rest is a bound.
  const rows = joinRows(dataset.train, dataset.trainBounds);
  const model = await fitModel(engine, rows, dataset.train.y.length, recipe.assayLimits ?? null, {
    kind: recipe.endpoint.kind,
    seed: request.seed,
    onProgress: onStep,
    ...(options.signal && { signal: options.signal }),
  });
  const { calibration, onnx } = model;

  onStep('test figures', null);
  const answers = model.predict(dataset.test);
  const scored = await scoreTestRows(engine, dataset, rows, answers);
  const { predictor } = await engine.loadPredictor(onnx, 'the new model');
  await using _ = predictor;
  await requireSameAnswers(predictor, dataset.test, answers);
  const approvedLike = request.drugs
    ? await rankAmongDrugs(engine, predictor, request.drugs, place, options.signal)
    : null;

  const reference = encodeReference({
    inchikeys: rows.inchikeys,
    values: Float32Array.from(rows.y, (y, i) => (i < dataset.train.y.length ? y : Number.NaN)),
    heldOut: Float32Array.from(model.heldOut),
    ...(model.heldOutSpreads && { heldOutSpreads: spreadsOfAll(model.heldOutSpreads, rows.y.length) }),
    groups: rows.groups,
    whole: rows.whole,
  });
  const files = { [ARTIFACT_FILES.model]: onnx, [ARTIFACT_FILES.reference]: reference };
  const unsigned: UnsignedManifest = {
    schema: 'assayer.model/1',
    endpoint: recipe.endpoint,
    version: request.version,
    contract: engine.contract,
    contractHash: contractHash(engine.contract),
    dataset: {
      hash: dataset.hash,
      source: recipe.source,
      licence: recipe.licence,
      files: dataset.files,
      assaySource: dataset.versions.assaySource,
      compounds: dataset.versions.compounds,
      counts: dataset.counts,
      curation: {
        rawRows: dataset.rawRows,
        conflictCompounds: dataset.conflictCompounds,
        dropped: countReasons(dataset.dropped),
      },
    },
    split: { name: recipe.splitName, hash: dataset.versions.split },
    trainer: {
      name: model.trainer.name,
      sourceHash: engine.trainerSourceHash,
      seed: request.seed,
      parameters: model.trainer.parameters,
    },
    calibration,
    domain: fitDomain(heldOutSimilarities(rows.fingerprints, rows.groups), rows.descriptors),
    ...(approvedLike && { approvedLike }),
    evaluation: { hash: dataset.versions.evaluation, rows: scored.actual.length },
    metrics: evaluate(recipe.endpoint.kind, scored, calibration),
    files: Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)])),
  };
  const manifest: Manifest = {
    ...unsigned,
    hash: artifactHash(unsigned),
    build: { ...engine.environment, builtAt: new Date(engine.clock.now()).toISOString() },
  };
  return { manifest, files };
}

/** Rows with a bound alone have no residual, and so no spread. */
function spreadsOfAll(spreads: Float64Array, rows: number): Float32Array {
  const all = new Float32Array(rows).fill(Number.NaN);
  all.set(spreads);
  return all;
}

async function scoreTestRows(
  engine: Engine,
  dataset: Dataset,
  rows: LabelledRows,
  answers: Answers,
): Promise<ScoredRows> {
  const { y } = dataset.train;
  await using index = await engine.createNeighborIndex(rows.fingerprints);
  return scoreRows(rowsToScore(dataset), answers, index, y.reduce((sum, label) => sum + label, 0) / y.length);
}

/** The figures belong to the float64 fit: what is shipped must answer alike. */
async function requireSameAnswers(
  predictor: Predictor,
  test: LabelledRows,
  expected: FittedAnswers,
): Promise<void> {
  const { values, spreads } = await predictor.predict(test.fingerprints, test.descriptors, test.y.length);
  const difference = (answers: Float32Array, fit: Float64Array) =>
    answers.reduce((most, answer, i) => Math.max(most, Math.abs(answer - fit[i])), 0);
  const worst = Math.max(
    difference(values, expected.values),
    spreads && expected.spreads ? difference(spreads, expected.spreads) : 0,
  );
  if (worst <= EXPORT_TOLERANCE) return;
  const problem = `the exported graph differs from the fit by ${worst} on a test row (limit ${EXPORT_TOLERANCE})`;
  throw new AssayerError('ERR_INTERNAL', { problem });
}
