import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../core/artifact.ts';
import { contractHash } from '../core/contract.ts';
import { AssayerError, describeCause } from '../core/errors.ts';
import { identity } from '../core/hash.ts';
import { ARTIFACT_FILES, writeArtifactFolder } from '../store/artifact-folder.ts';
import { modelCard } from './card.ts';
import type { Engine } from './engine.ts';
import { type ArtifactRequest, type MakeOptions, makeArtifact } from './make-artifact.ts';
import { readManifest } from './models.ts';
import { DATASET_RECIPES, type DatasetRecipe } from './recipes.ts';

export interface TrainRequest extends ArtifactRequest {
  /** Folder to write `<endpoint>/<version>/` into. */
  readonly modelsFolder: string;
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
 * Trains one endpoint and writes its artifact with its card.
 * @throws ERR_USAGE, what makeArtifact throws, ERR_OUTPUT_UNWRITABLE
 */
export async function train(
  engine: Engine,
  request: TrainRequest,
  options: MakeOptions = {},
): Promise<TrainSummary> {
  const { recipe, version } = request;
  if (!/^[1-9]\d{0,8}$/.test(version)) {
    const problem = `Version ${version} is not a whole number. Give 1, 2, 3 and so on.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  const folder = join(request.modelsFolder, recipe.endpoint.id, version);
  if (existsSync(folder) && !request.replace) await requireSameOrigin(engine, request, folder);
  const { manifest, files } = await makeArtifact(engine, request, options);
  const contents = {
    ...files,
    [ARTIFACT_FILES.manifest]: `${JSON.stringify(manifest, null, 2)}\n`,
    [ARTIFACT_FILES.card]: modelCard(manifest, recipe),
  };
  await writeArtifactFolder(folder, manifest.hash, contents, request.replace);
  return { manifest, folder };
}

/**
 * Refuses, before any work, a version that is taken by an artifact which this training cannot give. Whether it gives
 * the very same one shows only when it is made (writeArtifactFolder).
 * @throws ERR_USAGE
 */
async function requireSameOrigin(engine: Engine, request: TrainRequest, folder: string): Promise<void> {
  const { recipe, version, seed, drugs } = request;
  const taken = (what: string, cause?: unknown) => {
    const problem = `${folder} holds ${what}. Give --replace to put the new artifact in its place, or another --model-version or --models folder.`;
    return new AssayerError('ERR_USAGE', { problem }, { cause });
  };
  const there = await readManifest({ endpoint: recipe.endpoint.id, version, folder }).catch((cause) => {
    throw taken(`what is no whole artifact (${describeCause(cause)})`, cause);
  });
  const { rawFile, rawSha256, splitFile, splitSha256 } = recipe;
  const differences = Object.entries({
    'feature contract': [there.contractHash, contractHash(engine.contract)],
    trainer: [there.trainer.sourceHash, engine.trainerSourceHash],
    seed: [there.trainer.seed, seed],
    endpoint: [identity(there.endpoint), identity(recipe.endpoint)],
    data: [identity(there.dataset.files), identity({ [rawFile]: rawSha256, [splitFile]: splitSha256 })],
    drugs: [there.approvedLike?.sourceHash, drugs?.sha256],
  }).filter(([, [one, other]]) => one !== other);
  if (differences.length === 0) return;
  const names = differences.map(([name]) => name).join(', ');
  throw taken(`another artifact (${there.hash.slice(0, 12)}, made with another ${names})`);
}
