import { join } from 'node:path';
import type { Manifest } from '../core/artifact.ts';
import { AssayerError } from '../core/errors.ts';
import { ARTIFACT_FILES, writeArtifactFolder } from '../store/artifact-folder.ts';
import { modelCard } from './card.ts';
import type { Engine } from './engine.ts';
import { type ArtifactRequest, type MakeOptions, makeArtifact } from './make-artifact.ts';
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
  const { manifest, files } = await makeArtifact(engine, request, options);
  const folder = join(request.modelsFolder, recipe.endpoint.id, version);
  const contents = {
    ...files,
    [ARTIFACT_FILES.manifest]: `${JSON.stringify(manifest, null, 2)}\n`,
    [ARTIFACT_FILES.card]: modelCard(manifest, recipe),
  };
  await writeArtifactFolder(folder, manifest.hash, contents, request.replace);
  return { manifest, folder };
}
