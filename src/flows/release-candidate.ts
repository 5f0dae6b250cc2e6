import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../core/artifact.ts';
import { contractHash } from '../core/contract.ts';
import { AssayerError, describeCause, type ErrorCode } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { CurrentRelease } from '../core/release.ts';
import { ARTIFACT_FILES } from '../store/artifact-folder.ts';
import { textOf } from '../store/leftovers.ts';
import type { Engine } from './engine.ts';
import { externalTensors } from './gate/external-data.ts';
import { type GateInput, type ScoredModel, SEE_INTEGRITY } from './gate/gate-input.ts';
import { manifestProblem } from './gate/manifest-form.ts';
import { listModels, type ModelArtifact, type ModelEntry, readManifest, readModel } from './models.ts';
import { readyModel } from './ready-models.ts';
import type { EvaluationSet } from './release-evaluation.ts';
import { scoreRows } from './score-rows.ts';

/**
 * Reads the candidate as far as it can be read and runs it on the evaluation rows. What is wrong with it is for the
 * checks to tell; what is wrong with the machine is thrown.
 * @throws ERR_NO_BACKEND, ERR_OUT_OF_MEMORY
 */
export async function openCandidate(
  engine: Engine,
  entry: ModelEntry,
  evaluation: EvaluationSet,
): Promise<GateInput['candidate']> {
  const name = `${entry.endpoint}@${entry.version}`;
  const card = await textOf(join(entry.folder, ARTIFACT_FILES.card));
  const read = await foreseen(['ERR_MODEL_CORRUPT'], () => readManifest(entry));
  const base = { name, card, externalData: [], scored: null };
  if (!read.value)
    return { ...base, manifest: null, artifact: null, damage: read.problem, unscored: SEE_INTEGRITY };
  const form = manifestProblem(read.value);
  if (form !== null)
    return {
      ...base,
      manifest: null,
      artifact: null,
      damage: `${ARTIFACT_FILES.manifest}: ${form}`,
      unscored: SEE_INTEGRITY,
    };
  const manifest = read.value;
  const opened = await foreseen(['ERR_MODEL_CORRUPT'], () => readWhole(entry, manifest));
  if (!opened.value)
    return { ...base, manifest, artifact: null, damage: opened.problem, unscored: SEE_INTEGRITY };
  const { artifact, externalData } = opened.value;
  const known = { ...base, manifest, artifact, damage: null };

  // ONNX Runtime would look for those files below the working directory.
  if (externalData.length > 0) return { ...known, externalData, unscored: SEE_INTEGRITY };
  if (contractHash(manifest.contract) !== contractHash(engine.contract)) {
    return { ...known, unscored: 'the model was trained on other features than this engine makes' };
  }
  const scored = await foreseen(['ERR_MODEL_CORRUPT'], () => scoreModel(engine, artifact, evaluation));
  if (!scored.value) return { ...known, artifact: null, damage: scored.problem, unscored: SEE_INTEGRITY };
  return { ...known, scored: scored.value, unscored: null };
}

/** Finds the artifact of the current release by its identity and runs it on the same rows. */
export async function openCurrent(
  engine: Engine,
  modelsFolder: string,
  endpoint: string,
  current: CurrentRelease | null,
  evaluation: EvaluationSet,
): Promise<GateInput['current']> {
  if (!current) return null;
  const name = `${endpoint}@${current.version}`;
  const absent = `its artifact ${current.artifact.slice(0, 12)} is not in ${modelsFolder}; restore it there`;
  const entries = (await listModels(modelsFolder)).filter((entry) => entry.endpoint === endpoint);
  for (const entry of entries) {
    const read = await foreseen(['ERR_MODEL_CORRUPT'], () => readManifest(entry));
    if (read.value?.hash !== current.artifact) continue;
    const scored = await foreseen(['ERR_MODEL_CORRUPT'], async () => {
      const artifact = await readModel(entry);
      if (contractHash(artifact.manifest.contract) === contractHash(engine.contract))
        return scoreModel(engine, artifact, evaluation);
      const problem = 'it was trained on other features than this engine makes';
      throw new AssayerError('ERR_MODEL_CORRUPT', { model: name, problem, path: entry.folder });
    });
    return { name, scored: scored.value, problem: scored.problem };
  }
  return { name, scored: null, problem: absent };
}

/** A file of an artifact lies beside its manifest, nowhere else. */
const BARE_NAME = /^\w[\w.-]*$/;

/** The artifact with every file of its manifest verified, not only those that a screen reads. */
async function readWhole(
  entry: ModelEntry,
  manifest: Manifest,
): Promise<{ readonly artifact: ModelArtifact; readonly externalData: readonly string[] }> {
  for (const [file, expected] of Object.entries(manifest.files)) {
    const path = join(entry.folder, file);
    const corrupt = (problem: string, cause?: unknown) =>
      new AssayerError(
        'ERR_MODEL_CORRUPT',
        { model: `${entry.endpoint}@${entry.version}`, path, problem },
        { cause },
      );
    if (!BARE_NAME.test(file)) throw corrupt(`${file} is no name of a file beside the manifest`);
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw corrupt(`${file} cannot be read`, cause);
    });
    const hash = sha256(bytes);
    if (hash !== expected)
      throw corrupt(`${file} has hash ${hash.slice(0, 12)}, the manifest says ${expected.slice(0, 12)}`);
  }
  const artifact = await readModel(entry);
  try {
    return { artifact, externalData: externalTensors(artifact.model) };
  } catch (cause) {
    const path = join(entry.folder, ARTIFACT_FILES.model);
    const problem = `${ARTIFACT_FILES.model} is no ONNX file (${describeCause(cause)})`;
    const model = `${entry.endpoint}@${entry.version}`;
    throw new AssayerError('ERR_MODEL_CORRUPT', { model, path, problem }, { cause });
  }
}

/** Answers of an artifact for the evaluation rows. A rejected row scores as the mean of the training labels. */
async function scoreModel(
  engine: Engine,
  artifact: ModelArtifact,
  evaluation: EvaluationSet,
): Promise<ScoredModel> {
  await using resources = new AsyncDisposableStack();
  const model = await readyModel(engine, artifact, resources);
  const { accepted } = evaluation.rows;
  const answers = await model.predictor
    .predict(accepted.fingerprints, accepted.descriptors, accepted.y.length)
    .catch((cause: unknown) => {
      if (cause instanceof AssayerError) throw cause;
      const { endpoint, version } = artifact.manifest;
      const problem = `${ARTIFACT_FILES.model} cannot be run on ${accepted.y.length} compounds (${describeCause(cause)})`;
      const named = { model: `${endpoint.id}@${version}`, path: ARTIFACT_FILES.model, problem };
      throw new AssayerError('ERR_MODEL_CORRUPT', named, { cause });
    });
  const labels = artifact.reference.values.filter((value) => !Number.isNaN(value));
  const known = labels.length > 0 ? labels : Float32Array.from(accepted.y);
  const mean = known.reduce((sum, label) => sum + label, 0) / known.length;
  return { artifact, rows: await scoreRows(evaluation.rows, answers, model.neighbors, mean) };
}

/** What a step gives, or in words why it could not for one of the reasons foreseen; any other is thrown. */
async function foreseen<T>(
  codes: readonly ErrorCode[],
  step: () => Promise<T>,
): Promise<
  { readonly value: T; readonly problem: null } | { readonly value: null; readonly problem: string }
> {
  try {
    return { value: await step(), problem: null };
  } catch (cause) {
    if (!(cause instanceof AssayerError) || !codes.includes(cause.code)) throw cause;
    return { value: null, problem: String(cause.details.problem ?? cause.message) };
  }
}
