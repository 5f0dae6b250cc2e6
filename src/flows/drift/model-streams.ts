import type { DriftPlots, Verdict } from '../../core/drift.ts';
import { nearestDistances } from '../../statistics/nearest-distance.ts';
import type { ModelArtifact } from '../models.ts';
import type { DriftCheck } from './drift-check.ts';
import { estimateStream } from './estimate-stream.ts';
import { labelsStream } from './labels-stream.ts';
import type { AnsweredModel } from './model-answers.ts';
import { outputsStream } from './outputs-stream.ts';
import { type LossKind, performanceStream } from './performance-stream.ts';
import { proxiesStream } from './proxies-stream.ts';
import type { BatchLabels } from './read-labels.ts';
import type { TrainingDistances } from './training-distances.ts';

/** Streams that test models' answers, and labels; with those of the compounds they share a check's alpha. */
export const MODEL_STREAMS = ['outputs', 'proxies'] as const;
export const LABEL_STREAMS = ['labels', 'performance'] as const;

/** Verdicts on what models say. */
export async function answerStreams(
  check: DriftCheck,
  distances: TrainingDistances | null,
  models: readonly AnsweredModel[],
): Promise<{ verdicts: Verdict[]; plots: Pick<DriftPlots, 'outputs'> }> {
  const outputs = await outputsStream(check, models);
  return {
    verdicts: [outputs.verdict, proxiesStream(check, distances, models)],
    plots: outputs.plots,
  };
}

/**
 * Verdicts on the errors of the model whose training set is the reference: what to expect and, where there are labels, what
 * was seen.
 */
export function errorStreams(
  check: DriftCheck,
  distances: TrainingDistances,
  { reference: trained }: ModelArtifact,
  { manifest, reference, batch }: AnsweredModel,
  labels: BatchLabels | null,
): { verdicts: Verdict[]; plots: Partial<DriftPlots> } {
  const { id, kind, modelledScale } = manifest.endpoint;
  const isClass = kind === 'classification';
  const loss: LossKind = isClass
    ? { kind, name: 'Brier score', unit: '' }
    : { kind, name: 'mean absolute error', unit: modelledScale };
  const measured = Float64Array.from(trained.values);
  // Of predictions by models that had not seen the compound; NaN where it has no value.
  const losses = reference.values.map((value, row) =>
    isClass ? (value - measured[row]) ** 2 : Math.abs(value - measured[row]),
  );
  const { share } = nearestDistances(distances.calibration, distances.batch).coverage;
  const verdicts = [estimateStream(check, loss, losses, reference, batch, share)];
  if (!labels) return { verdicts, plots: {} };
  const performance = performanceStream(check, loss, losses, batch.values, labels);
  verdicts.push(labelsStream(check, { name: id, unit: loss.unit }, measured, labels), performance.verdict);
  return { verdicts, plots: performance.plots };
}
