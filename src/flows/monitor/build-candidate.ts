import { existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { contractHash } from '../../core/contract.ts';
import { AssayerError } from '../../core/errors.ts';
import { identity } from '../../core/hash.ts';
import { outputError } from '../../store/file-error.ts';
import { makeFolder } from '../../store/make-folder.ts';
import { PROCESS_TAG } from '../../store/process-tag.ts';
import { APPROVED_LIKE } from '../approved-like.ts';
import { type ModelEntry, readManifest, selectModels } from '../models.ts';
import type { Registry } from '../registry/open-registry.ts';
import { currentReleases, releasedVersions } from '../released-models.ts';
import { recipeOf, train } from '../train.ts';
import { validate } from '../validate.ts';
import { plotsOf } from '../validation/plots/plots.ts';
import { attachValidation } from '../validation/validation-files.ts';
import type { BuildCandidate } from './retrain.ts';

export interface CandidateSettings {
  /** Folder with raw/ and splits/, as `assayer train --data` takes it. */
  readonly dataFolder: string;
  readonly seed: number;
  readonly modelsFolder: string;
  readonly onProgress?: (step: string) => void;
}

/**
 * Builds candidates by the recipe of their endpoint: trains, validates on the recipe's test rows, and writes the card. The released
 * artifact is copied beside the candidate where it is not there, since the release gate compares the two.
 * @throws (when called) ERR_RETRAIN where it would give the released model again, ERR_DATA_*, as train and validate
 */
export function buildByRecipe(
  registry: Registry,
  { dataFolder, seed, modelsFolder, onProgress = () => undefined }: CandidateSettings,
): BuildCandidate {
  const { engine, workspace } = registry;
  return async ({ endpoint, version, into }, signal) => {
    const recipe = recipeOf(endpoint);
    const released = await releasedEntry(registry, endpoint, modelsFolder);
    if (released) {
      await requireAnother(registry, released, seed);
      await copyModel(released, into);
    }
    const place = { dataFolder, workspace: workspace.path, recipe };
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
        drugs: APPROVED_LIKE,
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
async function requireAnother({ engine }: Registry, entry: ModelEntry, seed: number): Promise<void> {
  const { endpoint, contract, dataset, trainer } = await readManifest(entry);
  const { rawFile, rawSha256, splitFile, splitSha256, endpoint: definition } = recipeOf(endpoint.id);
  const same =
    contractHash(contract) === contractHash(engine.contract) &&
    trainer.sourceHash === engine.trainerSourceHash &&
    trainer.seed === seed &&
    identity(endpoint) === identity(definition) &&
    identity(dataset.files) === identity({ [rawFile]: rawSha256, [splitFile]: splitSha256 });
  if (!same) return;
  const problem = `the recipe of ${endpoint.id} names the data, the trainer and the seed that ${entry.endpoint}@${entry.version} was made with, so that training gives that model again. Bring new measurements into the recipe (raw file and split), then run assayer monitor work --again`;
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
