import type { NeighborIndex } from '../core/ports.ts';
import type { Engine, LoadedPredictor } from './engine.ts';
import { measuredValues } from './measured-values.ts';
import { type ModelArtifact, readModel, requireContract, selectModels } from './models.ts';

/** A model ready to answer: on its device, with its training compounds laid out for neighbour search. */
export interface ReadyModel extends LoadedPredictor {
  readonly artifact: ModelArtifact;
  readonly neighbors: NeighborIndex;
  /** Row of each training compound by InChIKey. */
  readonly rowOf: ReadonlyMap<string, number>;
  /** What was measured for each training compound, on the modelled scale. */
  readonly measured: Float64Array;
}

/**
 * Reads the chosen artifacts and refuses those made for other features.
 * @throws ERR_MODEL_NOT_FOUND, ERR_MODEL_CORRUPT, ERR_CONTRACT_MISMATCH, ERR_USAGE
 */
export async function readModels(
  engine: Engine,
  modelsFolder: string,
  names: readonly string[],
): Promise<ModelArtifact[]> {
  const entries = await selectModels(modelsFolder, names);
  const artifacts = await Promise.all(entries.map(readModel));
  for (const { manifest } of artifacts) requireContract(manifest, engine.contract);
  return artifacts;
}

/**
 * Opens a model on the first device that takes it; it closes with `resources`.
 * @throws ERR_NO_BACKEND, ERR_MODEL_CORRUPT
 */
export async function readyModel(
  engine: Engine,
  artifact: ModelArtifact,
  resources: AsyncDisposableStack,
): Promise<ReadyModel> {
  const { manifest, model, fingerprints, reference } = artifact;
  const loaded = await engine.loadPredictor(model, `${manifest.endpoint.id}@${manifest.version}`);
  resources.use(loaded.predictor);
  const neighbors = resources.use(await engine.createNeighborIndex(fingerprints));
  const rowOf = new Map(reference.inchikeys.map((key, row) => [key, row]));
  rowOf.delete('');
  return { ...loaded, artifact, neighbors, rowOf, measured: measuredValues(reference) };
}
