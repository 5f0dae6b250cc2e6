import { join } from 'node:path';
import { artifactHash, type Manifest, type UnsignedManifest } from '../core/artifact.ts';
import { contractHash } from '../core/contract.ts';
import { AssayerError } from '../core/errors.ts';
import { tanimoto } from '../core/fingerprint.ts';
import { sha256 } from '../core/hash.ts';
import type { NeighborIndex } from '../core/ports.ts';
import { ARTIFACT_FILES, writeArtifactFolder } from '../store/artifact-folder.ts';
import { encodeReference } from '../store/reference.ts';
import { modelCard } from './card.ts';
import { type CurateRequest, curateDataset } from './curate-dataset.ts';
import { countReasons } from './curation-report.ts';
import type { Dataset, LabelledRows } from './dataset.ts';
import { fitDomain } from './domain.ts';
import type { Engine } from './engine.ts';
import { evaluateClassification, evaluateRegression, type ScoredRows } from './evaluate.ts';
import { fitModel } from './fit-model.ts';
import { heldOutSimilarities } from './held-out-similarity.ts';
import { DATASET_RECIPES, type DatasetRecipe } from './recipes.ts';
import { joinRows } from './row-collector.ts';

/** The artifact in float32 may differ from the float64 fit by this much on the modelled scale. */
const EXPORT_TOLERANCE = 1e-3;

export interface TrainRequest extends CurateRequest {
  readonly version: string;
  /** Folder to write `<endpoint>/<version>/` into. */
  readonly modelsFolder: string;
  readonly seed: number;
  /** Take the place of another artifact of this version. */
  readonly replace: boolean;
}

export interface TrainSummary {
  readonly manifest: Manifest;
  readonly folder: string;
}

/** The recipe of an endpoint. @throws ERR_ENDPOINT_UNKNOWN */
export function recipeOf(endpoint: string): DatasetRecipe {
  if (Object.hasOwn(DATASET_RECIPES, endpoint)) return DATASET_RECIPES[endpoint];
  throw new AssayerError('ERR_ENDPOINT_UNKNOWN', {
    endpoint,
    known: Object.keys(DATASET_RECIPES).join(', '),
  });
}

/**
 * Trains one endpoint and writes its artifact: dataset, features, averaged models, calibration on compounds whose
 * scaffold the fits had not seen, ONNX graph, figures on the test rows, manifest, reference and card. The same
 * data, seed and engine give the same bytes (`build` in the manifest apart).
 * @throws ERR_USAGE, what curateDataset throws, ERR_NOT_POSITIVE_DEFINITE, ERR_OUTPUT_UNWRITABLE, ERR_CANCELLED
 */
export async function train(
  engine: Engine,
  request: TrainRequest,
  options: { signal?: AbortSignal; onStep?: (step: string, share: number | null) => void } = {},
): Promise<TrainSummary> {
  const { recipe } = request;
  const onStep = options.onStep ?? (() => undefined);
  if (!/^[1-9]\d{0,8}$/.test(request.version)) {
    const problem = `Version ${request.version} is not a whole number. Give 1, 2, 3 and so on.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
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
  const scored = await scoreTestRows(engine, dataset, rows, model.predict(dataset.test));
  await requireSameAnswers(engine, onnx, dataset.test, scored.predicted);

  const reference = encodeReference({
    inchikeys: rows.inchikeys,
    values: Float32Array.from(rows.y, (y, i) => (i < dataset.train.y.length ? y : Number.NaN)),
    heldOut: Float32Array.from(model.heldOut),
    groups: rows.groups,
    whole: rows.whole,
  });
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
    evaluation: { hash: dataset.versions.evaluation, rows: scored.actual.length },
    metrics:
      calibration.kind === 'platt' ? evaluateClassification(scored) : evaluateRegression(scored, calibration),
    files: { [ARTIFACT_FILES.model]: sha256(onnx), [ARTIFACT_FILES.reference]: sha256(reference) },
  };
  const manifest: Manifest = {
    ...unsigned,
    hash: artifactHash(unsigned),
    build: { ...engine.environment, builtAt: new Date(engine.clock.now()).toISOString() },
  };
  const folder = join(request.modelsFolder, recipe.endpoint.id, request.version);
  const files = {
    [ARTIFACT_FILES.model]: onnx,
    [ARTIFACT_FILES.reference]: reference,
    [ARTIFACT_FILES.manifest]: `${JSON.stringify(manifest, null, 2)}\n`,
    [ARTIFACT_FILES.card]: modelCard(manifest, recipe),
  };
  await writeArtifactFolder(folder, manifest.hash, files, request.replace);
  return { manifest, folder };
}

/** Test rows with predictions; a rejected row scores as the training mean, and as far from training as can be. */
async function scoreTestRows(
  engine: Engine,
  dataset: Dataset,
  rows: LabelledRows,
  predictions: Float64Array,
): Promise<ScoredRows> {
  const { train: training, test } = dataset;
  const mean = training.y.reduce((sum, y) => sum + y, 0) / training.y.length;
  await using index = await engine.createNeighborIndex(rows.fingerprints);
  return {
    actual: Float64Array.of(...test.y, ...dataset.rejectedTestY),
    predicted: Float64Array.of(...predictions, ...dataset.rejectedTestY.map(() => mean)),
    similarities: Float64Array.of(
      ...(await nearestSimilarities(index, test.fingerprints)),
      ...dataset.rejectedTestY.map(() => 0),
    ),
    groups: Int32Array.of(...test.groups, ...dataset.rejectedTestGroups),
  };
}

async function nearestSimilarities(index: NeighborIndex, fingerprints: Uint8Array): Promise<Float64Array> {
  const { intersections, unions } = await index.nearest(fingerprints, 1);
  return Float64Array.from(intersections, (shared, i) => tanimoto(shared, unions[i]));
}

/** The figures belong to the float64 fit: what is shipped must answer alike. */
async function requireSameAnswers(
  engine: Engine,
  onnx: Uint8Array,
  test: LabelledRows,
  expected: Float64Array,
): Promise<void> {
  const { predictor } = await engine.loadPredictor(onnx, 'the new model');
  await using _ = predictor;
  const answers = await predictor.predict(test.fingerprints, test.descriptors, test.y.length);
  const worst = answers.reduce((most, answer, i) => Math.max(most, Math.abs(answer - expected[i])), 0);
  if (worst <= EXPORT_TOLERANCE) return;
  const problem = `the exported graph differs from the fit by ${worst} on a test row (limit ${EXPORT_TOLERANCE})`;
  throw new AssayerError('ERR_INTERNAL', { problem });
}
