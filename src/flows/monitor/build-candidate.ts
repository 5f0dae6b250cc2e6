import { existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { contractHash } from '../../core/contract.ts';
import { AssayerError } from '../../core/errors.ts';
import { identity } from '../../core/hash.ts';
import { outputError } from '../../store/file-error.ts';
import { makeFolder } from '../../store/make-folder.ts';
import { PROCESS_TAG } from '../../store/process-tag.ts';
import { APPROVED_LIKE, type DrugSet } from '../approved-like.ts';
import { type ModelEntry, readManifest, selectModels } from '../models.ts';
import type { DatasetRecipe } from '../recipes/dataset-recipe.ts';
import type { Registry } from '../registry/open-registry.ts';
import { currentReleases, releasedVersions } from '../released-models.ts';
import { recipeOf, train } from '../train.ts';
import { validate } from '../validate.ts';
import { plotsOf } from '../validation/plots/plots.ts';
import { attachValidation } from '../validation/validation-files.ts';
import { addRegistryLabels, type RecipeData } from './dataset-with-labels.ts';
import type { BuildCandidate } from './retrain.ts';

export interface CandidateSettings {
  /** Where it is not the engine's own recipe of the endpoint. */
  readonly recipe?: DatasetRecipe;
  /**
   * Files of compounds, those that were checked say, whose labels in the registry are trained on too; none for the recipe's
   * data alone.
   */
  readonly compounds?: readonly string[];
  /** Drugs that predictions are ranked among, below `dataFolder`: those of every shipped model where they are not given. */
  readonly drugs?: DrugSet | null;
  /** Folder with raw/ and splits/, as `assayer train --data` takes it. */
  readonly dataFolder: string;
  readonly seed: number;
  readonly modelsFolder: string;
  readonly onProgress?: (step: string) => void;
}

/** Folder of the data that a retrain adds labels to, in the workspace. */
export function retrainFolder(
  { workspace }: Pick<Registry, 'workspace'>,
  endpoint: string,
  version: string,
): string {
  return join(workspace.path, 'retrain-data', endpoint, version);
}

/**
 * Builds candidates by the recipe of their endpoint, with the labels that the registry knows by then where `compounds` are given:
 * trains, validates on the recipe's test rows, and writes the card. The released artifact is copied beside the candidate where
 * it is not there, since the release gate compares the two.
 * @throws (when called) ERR_RETRAIN where it would give the released model again, ERR_DATA_*, as train and validate
 */
export function buildByRecipe(registry: Registry, settings: CandidateSettings): BuildCandidate {
  const { engine, workspace } = registry;
  const {
    dataFolder,
    seed,
    modelsFolder,
    compounds = [],
    drugs = APPROVED_LIKE,
    onProgress = () => undefined,
  } = settings;
  return async ({ endpoint, version, into }, signal) => {
    const base = { recipe: settings.recipe ?? recipeOf(endpoint), dataFolder };
    const data =
      compounds.length === 0
        ? base
        : await addRegistryLabels(
            registry,
            base,
            compounds,
            retrainFolder(registry, endpoint, version),
            signal,
          );
    if (data !== base && drugs) await bringDrugs(drugs, dataFolder, data.dataFolder);
    const { recipe } = data;
    const released = await releasedEntry(registry, endpoint, modelsFolder);
    if (released) {
      await requireAnother(registry, released, data, seed);
      await copyModel(released, into);
    }
    const place = { ...data, workspace: workspace.path };
    const making = {
      ...(signal && { signal }),
      onStep: (step: string) => onProgress(step),
    };
    const { manifest, folder } = await train(
      engine,
      {
        ...place,
        version,
        modelsFolder: into,
        seed,
        drugs,
        replace: true,
        curationReport: null,
      },
      making,
    );
    const model = `${endpoint}@${version}`;
    const summary = await validate(
      engine,
      { ...place, model, modelsFolder: into, splits: ['fixed'], against: null },
      { ...(signal && { signal }), onStep: (_, step) => onProgress(step) },
    );
    const plots = plotsOf(manifest, summary.fixed, summary.validation.splits[0]);
    await attachValidation(folder, manifest, recipe, summary.validation, plots, signal);
    return manifest;
  };
}

/** Training reads the drugs from the folder that it reads its data from. Where they are missing, it says so. */
async function bringDrugs({ file }: DrugSet, from: string, to: string): Promise<void> {
  if (!existsSync(join(from, file))) return;
  try {
    await cp(join(from, file), join(to, file));
  } catch (cause) {
    throw outputError(join(to, file), cause);
  }
}

async function releasedEntry(
  { workspace }: Registry,
  endpoint: string,
  modelsFolder: string,
): Promise<ModelEntry | null> {
  const releases = await currentReleases(workspace);
  if (!Object.hasOwn(releases, endpoint)) return null;
  const [name] = await releasedVersions(modelsFolder, [endpoint], releases);
  const [entry] = await selectModels(modelsFolder, [name]);
  return entry;
}

/** Refuses to make the released model once more: equal data, trainer and seed give equal bytes. */
async function requireAnother(
  { engine }: Registry,
  entry: ModelEntry,
  { recipe }: RecipeData,
  seed: number,
): Promise<void> {
  const { endpoint, contract, dataset, trainer } = await readManifest(entry);
  const { rawFile, rawSha256, splitFile, splitSha256, endpoint: definition } = recipe;
  const same =
    contractHash(contract) === contractHash(engine.contract) &&
    trainer.sourceHash === engine.trainerSourceHash &&
    trainer.seed === seed &&
    identity(endpoint) === identity(definition) &&
    identity(dataset.files) === identity({ [rawFile]: rawSha256, [splitFile]: splitSha256 });
  if (!same) return;
  const problem = `the recipe of ${endpoint.id} names the data, the trainer and the seed that ${entry.endpoint}@${entry.version} was made with, so that training gives that model again. Give the compounds whose labels the registry knows, or bring new measurements into the recipe (raw file and split), then run assayer monitor work --again`;
  throw new AssayerError('ERR_RETRAIN', { endpoint: endpoint.id, problem });
}

/** A copy of an artifact's folder, whole or not at all. */
async function copyModel({ endpoint, version, folder }: ModelEntry, into: string): Promise<void> {
  const target = join(into, endpoint, version);
  if (existsSync(target)) return;
  const temporary = join(dirname(target), `.partial-copy-${PROCESS_TAG}`);
  try {
    await makeFolder(dirname(target));
    await cp(folder, temporary, { recursive: true });
    await rename(temporary, target);
  } catch (cause) {
    throw outputError(target, cause);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
