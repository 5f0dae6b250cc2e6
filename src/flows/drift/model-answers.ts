import type { Manifest } from '../../core/artifact.ts';
import { tanimoto } from '../../core/fingerprint.ts';
import { identity, sha256 } from '../../core/hash.ts';
import { ENGINE_VERSION } from '../../core/version.ts';
import { cachedNumbers } from '../../store/cached-numbers.ts';
import { throwIfCancelled } from '../../store/file-error.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import type { ModelArtifact } from '../models.ts';
import { halfWidth } from '../predict.ts';
import { type ReadyModel, readyModel } from '../ready-models.ts';
import type { DriftSample } from './drift-sample.ts';
import type { TrainingDistances } from './training-distances.ts';

/** What a model says of one side; row i belongs to row i of the sample. */
export interface ModelAnswers {
  /** Modelled scale, or probability; float64 [n] */
  readonly values: Float64Array;
  /** Half the width of the interval on the modelled scale; null for classes, and where it was not kept. */
  readonly halfWidths: Float64Array | null;
  /** Similarity to the nearest training compound, for the training compounds themselves to one of another group. */
  readonly similarities: Float64Array;
}

/** What a model says of both sides. */
export interface AnsweredModel {
  readonly manifest: Manifest;
  readonly reference: ModelAnswers;
  readonly batch: ModelAnswers;
}

export interface Questions {
  readonly artifacts: readonly ModelArtifact[];
  /** Both sides with raw descriptors; the reference is not read where it is the model's training set. */
  readonly reference: DriftSample;
  readonly batch: DriftSample;
  /** Of the training compounds to the nearest one of another group, where the reference is the only model's training set. */
  readonly trained: TrainingDistances | null;
  readonly workspace: Workspace;
  readonly signal?: AbortSignal;
}

/**
 * Asks each model about both sides, one model after the other, so that one is loaded at a time. What a model says of a
 * reference is kept in the workspace.
 * @throws ERR_NO_BACKEND, ERR_MODEL_CORRUPT, ERR_BLOB_CORRUPT, ERR_WORKSPACE, ERR_CANCELLED
 */
export async function askModels(
  engine: Engine,
  { artifacts, reference, batch, trained, workspace, signal }: Questions,
): Promise<AnsweredModel[]> {
  const of = {
    schema: 'assayer.answers/1',
    engine: ENGINE_VERSION,
    fingerprints: sha256(reference.fingerprints),
    descriptors: sha256(bytesOf(reference.descriptors)),
  };
  const answered: AnsweredModel[] = [];
  for (const artifact of artifacts) {
    throwIfCancelled(signal);
    await using resources = new AsyncDisposableStack();
    const model = await readyModel(engine, artifact, resources);
    const key = identity({ ...of, model: artifact.manifest.hash, device: model.device });
    answered.push({
      manifest: artifact.manifest,
      reference: trained
        ? answersForTraining(artifact, trained.calibration)
        : await kept(workspace, key, reference.inchikeys.length, () => answersFor(model, reference)),
      batch: await answersFor(model, batch),
    });
  }
  return answered;
}

/** Answers that were kept as one row of numbers: values, similarities and, where there are any, half-widths. */
async function kept(
  workspace: Workspace,
  key: string,
  rows: number,
  answer: () => Promise<ModelAnswers>,
): Promise<ModelAnswers> {
  const numbers = await cachedNumbers(workspace, key, async () => {
    const { values, similarities, halfWidths } = await answer();
    return Float64Array.from([...values, ...similarities, ...(halfWidths ?? [])]);
  });
  const part = (at: number) => numbers.subarray(at * rows, (at + 1) * rows);
  return { values: part(0), similarities: part(1), halfWidths: numbers.length > 2 * rows ? part(2) : null };
}

/** A model's answers for compounds read from a file, whose descriptors are raw. */
async function answersFor(
  { artifact, predictor, neighbors }: ReadyModel,
  { fingerprints, descriptors, inchikeys }: DriftSample,
): Promise<ModelAnswers> {
  const raw = Float32Array.from(descriptors ?? []);
  const { values, spreads } = await predictor.predict(fingerprints, raw, inchikeys.length);
  const { intersections, unions } = await neighbors.nearest(fingerprints, 1);
  const similarities = Float64Array.from(intersections, (shared, i) => tanimoto(shared, unions[i]));
  const { calibration } = artifact.manifest;
  return {
    values: Float64Array.from(values),
    halfWidths:
      calibration.kind === 'conformal'
        ? similarities.map((similarity, i) => halfWidth(calibration, similarity, spreads?.[i]))
        : null,
    similarities,
  };
}

/**
 * What models that had not seen them said of a model's training compounds. Widths are known where a spread was kept for
 * every one of them; compounds for which only a bound is known have none.
 * @param distances  of each training compound to the nearest one of another group
 */
function answersForTraining(
  { manifest: { calibration }, reference: { heldOut, heldOutSpreads } }: ModelArtifact,
  distances: Float64Array,
): ModelAnswers {
  const similarities = distances.map((distance) => 1 - distance);
  const widthsKnown = calibration.kind === 'conformal' && heldOutSpreads?.every(Number.isFinite);
  return {
    values: Float64Array.from(heldOut),
    halfWidths: widthsKnown
      ? similarities.map((similarity, row) => halfWidth(calibration, similarity, heldOutSpreads?.[row]))
      : null,
    similarities,
  };
}

/** Some rows of a model's answers, in the order given. */
export function takeAnswers(
  { values, halfWidths, similarities }: ModelAnswers,
  rows: readonly number[],
): ModelAnswers {
  const take = (from: Float64Array) => Float64Array.from(rows, (row) => from[row]);
  return {
    values: take(values),
    halfWidths: halfWidths && take(halfWidths),
    similarities: take(similarities),
  };
}

function bytesOf(numbers: Float64Array | null): Uint8Array {
  return numbers ? new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) : new Uint8Array();
}
