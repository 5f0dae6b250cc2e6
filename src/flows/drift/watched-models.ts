import { AssayerError } from '../../core/errors.ts';
import type { Engine } from '../engine.ts';
import type { ModelArtifact } from '../models.ts';
import { readModels } from '../ready-models.ts';

/** What decides whose answers are looked at. */
export interface Watching {
  /** Names of models; `['all']` is the newest of every endpoint. */
  readonly endpoints?: readonly string[];
  /** A file of labels; it needs a model as the reference. */
  readonly labels?: string;
  readonly modelsFolder: string;
}

/**
 * The models whose answers are looked at: those named, else the one that is the reference, else none.
 * @param trained  the model that is the reference
 * @throws ERR_USAGE where labels are given without a model as the reference, or another endpoint than the reference's;
 *   ERR_MODEL_*, ERR_CONTRACT_MISMATCH
 */
export async function watchedModels(
  engine: Engine,
  { endpoints, labels, modelsFolder }: Watching,
  trained: ModelArtifact | null,
): Promise<ModelArtifact[]> {
  if (labels && !trained) {
    const problem =
      'Labels tell how a model errs: name the model as --reference, so that its held-out errors are known.';
    throw new AssayerError('ERR_USAGE', { problem });
  }
  if (endpoints === undefined) return trained ? [trained] : [];
  const isAll = endpoints.length === 1 && endpoints[0] === 'all';
  const named = await readModels(engine, modelsFolder, isAll ? [] : endpoints);
  if (!trained || (named.length === 1 && named[0].manifest.hash === trained.manifest.hash)) return named;
  const problem = `The reference is the model ${nameOf(trained)}, whose training compounds only it has held out, and --endpoint names ${named.map(nameOf).join(', ')}. Leave it out, or give a file as --reference.`;
  throw new AssayerError('ERR_USAGE', { problem });
}

const nameOf = ({ manifest }: ModelArtifact): string => `${manifest.endpoint.id}@${manifest.version}`;
