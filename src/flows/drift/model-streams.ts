import type { DriftPlots, Verdict } from '../../core/drift.ts';
import { nearestDistances } from '../../statistics/nearest-distance.ts';
import type { ReadyModel } from '../ready-models.ts';
import type { DriftCheck } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { estimateStream } from './estimate-stream.ts';
import { labelsStream } from './labels-stream.ts';
import { answersFor, answersForTraining, type ModelAnswers } from './model-answers.ts';
import { outputsStream } from './outputs-stream.ts';
import { type LossKind, performanceStream } from './performance-stream.ts';
import { proxiesStream } from './proxies-stream.ts';
import type { BatchLabels } from './read-labels.ts';
import type { TrainingDistances } from './training-distances.ts';

export interface ModelStreamsInput {
  readonly model: ReadyModel;
  readonly distances: TrainingDistances | null;
  /** Of the batch; only where the reference is this model's training set. */
  readonly labels: BatchLabels | null;
  /** Both sides with raw descriptors; the reference is not read where it is the model's training set. */
  readonly rawReference: DriftSample;
  readonly rawBatch: DriftSample;
}

/** Verdicts on a model's answers, and, where it was made from the reference, on its errors. */
export async function modelStreams(
  check: DriftCheck,
  { model, distances, labels, rawReference, rawBatch }: ModelStreamsInput,
): Promise<{ verdicts: Verdict[]; plots: Partial<DriftPlots> }> {
  const { endpoint } = model.artifact.manifest;
  const batch = await answersFor(model, rawBatch);
  // A model's training set always has distances.
  if (!check.ofModel || distances === null) {
    const reference = await answersFor(model, rawReference);
    const outputs = outputsStream(check, model, reference, batch);
    const proxies = proxiesStream(check, distances, endpoint.kind, reference, batch);
    return { verdicts: [outputs.verdict, proxies], plots: outputs.plots };
  }
  const reference = answersForTraining(model, distances.calibration);
  const outputs = outputsStream(check, model, reference, batch);
  const loss = lossKind(model);
  const { values } = model.artifact.reference;
  const losses = lossesOfTraining(loss, reference, values);
  const { share } = nearestDistances(distances.calibration, distances.batch).coverage;
  const verdicts = [
    outputs.verdict,
    proxiesStream(check, distances, endpoint.kind, reference, batch),
    estimateStream(check, loss, losses, reference, batch, share),
  ];
  if (!labels) return { verdicts, plots: outputs.plots };
  const performance = performanceStream(check, loss, losses, batch.values, labels);
  const measured = { name: endpoint.id, unit: loss.unit };
  verdicts.push(labelsStream(check, measured, Float64Array.from(values), labels), performance.verdict);
  return { verdicts, plots: { ...outputs.plots, ...performance.plots } };
}

function lossKind({ artifact }: ReadyModel): LossKind {
  const { kind, modelledScale } = artifact.manifest.endpoint;
  return kind === 'classification'
    ? { kind, name: 'Brier score', unit: '' }
    : { kind, name: 'mean absolute error', unit: modelledScale };
}

/** Losses of predictions by models that had not seen the compound; NaN where it has no value. */
function lossesOfTraining(
  { kind }: LossKind,
  { values: predicted }: ModelAnswers,
  values: Float32Array,
): Float64Array {
  return predicted.map((value, row) =>
    kind === 'classification' ? (value - values[row]) ** 2 : Math.abs(value - values[row]),
  );
}
