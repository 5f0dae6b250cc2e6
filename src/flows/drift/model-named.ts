import type { Engine } from '../engine.ts';
import { type ModelArtifact, readModel, requireContract, selectModels } from '../models.ts';

/**
 * The model of this name (`herg`, `herg@1`); null where a file is meant.
 * @throws ERR_MODEL_NOT_FOUND, ERR_MODEL_CORRUPT, ERR_CONTRACT_MISMATCH
 */
export async function modelNamed(
  engine: Engine,
  name: string,
  modelsFolder: string,
): Promise<ModelArtifact | null> {
  if (!/^[a-z0-9][a-z0-9-]*(@\d+)?$/.test(name)) return null;
  const [entry] = await selectModels(modelsFolder, [name]);
  const artifact = await readModel(entry);
  requireContract(artifact.manifest, engine.contract);
  return artifact;
}
