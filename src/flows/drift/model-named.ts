import { existsSync } from 'node:fs';
import { AssayerError } from '../../core/errors.ts';
import type { Engine } from '../engine.ts';
import {
  listModels,
  type ModelArtifact,
  type ModelEntry,
  readModel,
  requireContract,
  selectModels,
} from '../models.ts';

/**
 * The model of this name (`herg`, `herg@1`); null where a file is meant. A model goes before a file of its name.
 * @throws ERR_MODEL_NOT_FOUND where there is neither, ERR_MODEL_CORRUPT, ERR_CONTRACT_MISMATCH
 */
export async function modelNamed(
  engine: Engine,
  name: string,
  modelsFolder: string,
): Promise<ModelArtifact | null> {
  if (!/^[a-z0-9][a-z0-9-]*(@\d+)?$/.test(name)) return null;
  const endpoint = name.split('@')[0];
  const known = await listModels(modelsFolder);
  if (!known.some((entry) => entry.endpoint === endpoint)) {
    if (existsSync(name)) return null;
    const model = `${name} (and no file of that name)`;
    throw new AssayerError('ERR_MODEL_NOT_FOUND', {
      model,
      folder: modelsFolder,
      known: known.map(nameOf).join(', ') || 'none',
    });
  }
  const [entry] = await selectModels(modelsFolder, [name]);
  const artifact = await readModel(entry);
  requireContract(artifact.manifest, engine.contract);
  return artifact;
}

const nameOf = ({ endpoint, version }: ModelEntry): string => `${endpoint}@${version}`;
