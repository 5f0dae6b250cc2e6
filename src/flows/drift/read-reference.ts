import { AssayerError } from '../../core/errors.ts';
import type { Workspace } from '../../store/workspace.ts';
import type { Engine } from '../engine.ts';
import type { ModelArtifact } from '../models.ts';
import type { DriftSample } from './drift-sample.ts';
import { modelSample } from './model-sample.ts';
import { type ReadSampleOptions, readSample } from './read-sample.ts';
import { inKnownOrder } from './take-rows.ts';

/** What a caller may say of how compounds are read. */
export interface Reading {
  /** 'scaffold', 'none', or a column of the files. */
  readonly cluster: string;
  readonly smilesColumn?: string;
  readonly idColumn?: string;
}

/** How both sides of a check are read. */
export function readingOf(
  { cluster, smilesColumn, idColumn }: Reading,
  covariates: readonly string[],
  signal: AbortSignal | undefined,
): ReadSampleOptions {
  return {
    cluster,
    covariates,
    ...(smilesColumn && { smilesColumn }),
    ...(idColumn && { idColumn }),
    ...(signal && { signal }),
  };
}

/**
 * The reference: a model's training compounds, or a file's in an order that is not the file's.
 * @param trained  the model; null where `path` is a file
 * @throws ERR_USAGE where columns are asked for that a model does not keep, and as `readSample`
 */
export async function readReference(
  engine: Engine,
  path: string,
  trained: ModelArtifact | null,
  workspace: Workspace,
  reading: ReadSampleOptions,
): Promise<DriftSample> {
  if (!trained) return inKnownOrder(await readSample(engine, path, workspace, reading));
  if (reading.covariates.length > 0) {
    const problem = `Covariates are compared between two files, and the reference is the model ${path}, which keeps no columns. Leave out --covariates, or give a file as --reference.`;
    throw new AssayerError('ERR_USAGE', { problem });
  }
  return modelSample(trained, reading.cluster);
}
