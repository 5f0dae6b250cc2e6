import type { Manifest } from '../../core/artifact.ts';
import { AssayerError } from '../../core/errors.ts';
import { APPROVED_LIKE } from '../approved-like.ts';
import type { Engine } from '../engine.ts';
import type { ModelEntry } from '../models.ts';
import { DATASET_RECIPES } from '../recipes.ts';
import { verifyArtifact } from '../verify-artifact.ts';
import type { Attempt } from './attempts.ts';
import { failureText } from './recorded-input.ts';

/** What stops a rebuild without saying anything of the artifact. */
const NOT_HERE = ['ERR_DATA_NOT_FOUND', 'ERR_NO_BACKEND', 'ERR_OUT_OF_MEMORY'];

/** Makes an artifact again from its raw data and compares all of it. This trains a model. */
export async function rebuildAgain(
  engine: Engine,
  entry: ModelEntry,
  manifest: Manifest,
  place: { readonly dataFolder: string; readonly workspace: string },
  signal?: AbortSignal,
): Promise<Attempt> {
  const name = `${entry.endpoint}@${entry.version}`;
  const evidence = [{ name: 'artifact', value: manifest.hash }];
  const attempt = (outcome: Attempt['outcome'], inWords: string, remedy: string): Attempt => ({
    what: name,
    outcome,
    inWords,
    evidence,
    remedy,
  });
  const remedy = `assayer train --verify ${name} --data <folder>`;
  if (manifest.trainer.name === 'imported')
    return attempt(
      'not-tried',
      'it was imported: it cannot be made here',
      'keep the source of the model with whoever made it',
    );
  if (!Object.hasOwn(DATASET_RECIPES, entry.endpoint))
    return attempt('not-tried', `there is no recipe for the data of ${entry.endpoint}`, remedy);
  try {
    const recipe = DATASET_RECIPES[entry.endpoint];
    const request = { ...place, drugs: APPROVED_LIKE };
    const { rebuiltHash, differs } = await verifyArtifact(
      engine,
      entry,
      recipe,
      request,
      signal ? { signal } : {},
    );
    evidence.push({ name: 'made again', value: rebuiltHash });
    if (differs.length === 0) return attempt('same', 'it came out again, byte by byte', '');
    const isOther = manifest.trainer.sourceHash !== engine.trainerSourceHash;
    const why = isOther ? ', by another version of the trainer' : '';
    return attempt('differs', `it came out otherwise${why}: ${differs.join(', ')}`, remedy);
  } catch (cause) {
    const isAbsent = cause instanceof AssayerError && NOT_HERE.includes(cause.code);
    return attempt(isAbsent ? 'not-tried' : 'differs', failureText(cause), remedy);
  }
}
