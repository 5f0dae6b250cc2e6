import type { Workspace } from '../../store/workspace.ts';
import type { DriftCheck, DriftSettings } from '../drift/drift-check.ts';
import type { DriftSample } from '../drift/drift-sample.ts';
import { besideModel } from '../drift/model-sample.ts';
import { readReference } from '../drift/read-reference.ts';
import type { ReadSampleOptions } from '../drift/read-sample.ts';
import { type TrainingDistances, trainingDistances } from '../drift/training-distances.ts';
import type { Engine } from '../engine.ts';
import type { ModelArtifact } from '../models.ts';
import type { Observed } from './observations.ts';

export interface BatchRequest {
  /** With raw descriptors. */
  readonly batch: DriftSample;
  /** Path of a file, or the model's name. */
  readonly reference: string;
  /** The model that is the reference; null for a file. */
  readonly trained: ModelArtifact | null;
  readonly settings: DriftSettings;
  readonly reading: ReadSampleOptions;
  readonly workspace: Workspace;
}

/** What the sequential test of a monitor looks at. */
export interface MeasuredBatch {
  readonly reference: DriftSample;
  /** null where the reference is a file of which nothing can be held out. */
  readonly training: TrainingDistances | null;
  /** Of the batch; empty without `training`. */
  readonly distances: readonly Observed[];
}

/**
 * Distances of a batch to the training set.
 * @throws as checkDrift
 */
export async function measureBatch(
  engine: Engine,
  { batch: raw, reference: name, trained, settings, reading, workspace }: BatchRequest,
): Promise<MeasuredBatch> {
  const { signal } = reading;
  const reference = await readReference(engine, name, trained, workspace, reading);
  const batch = trained ? besideModel(raw, trained) : raw;
  const check: DriftCheck = {
    reference,
    batch,
    ofModel: trained !== null,
    settings,
    streamAlpha: settings.alpha,
    backends: engine.backends,
    ...(signal && { signal }),
  };
  const training = await trainingDistances(check, workspace);
  const observed = (value: number, row: number): Observed => ({
    compound: batch.inchikeys[row] || `${batch.ids[row]} of ${batch.hash}`,
    cluster: batch.clusters?.[row] ?? `${batch.ids[row]} of ${batch.hash}`,
    value,
  });
  return { reference, training, distances: training ? Array.from(training.batch, observed) : [] };
}
