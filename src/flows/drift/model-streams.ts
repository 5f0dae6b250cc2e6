import { type DriftFigures, type DriftPlots, NO_FIGURES, type Verdict } from '../../core/drift.ts';
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
import { shownInUnit } from './tested-columns.ts';
import type { TrainingDistances } from './training-distances.ts';
import { labelsOfUnseen, sayLeftOut, unseenCompounds } from './unseen-compounds.ts';

/** Streams that test models' answers, and labels; with those of the compounds they share a check's alpha. */
export const MODEL_STREAMS = ['outputs', 'proxies'] as const;
export const LABEL_STREAMS = ['labels', 'performance'] as const;

/** Verdicts on what models say of compounds that they were not trained on. */
export async function answerStreams(
  check: DriftCheck,
  distances: TrainingDistances | null,
  models: readonly AnsweredModel[],
): Promise<{ verdicts: Verdict[]; plots: Pick<DriftPlots, 'outputs'> }> {
  const unseen = unseenCompounds(check, distances, models);
  const outputs = await outputsStream(unseen.check, unseen.models);
  const proxies = proxiesStream(unseen.check, unseen.distances, unseen.models);
  return {
    verdicts: [outputs.verdict, proxies].map((verdict) => sayLeftOut(verdict, check, unseen)),
    plots: outputs.plots,
  };
}

/**
 * Verdicts on the errors of the model whose training set is the reference: what to expect and, where there are labels, what
 * was seen. What was measured is compared for all compounds, errors for those that the model was not trained on.
 */
export function errorStreams(
  check: DriftCheck,
  distances: TrainingDistances,
  { reference: trained }: ModelArtifact,
  model: AnsweredModel,
  labels: BatchLabels | null,
): { verdicts: Verdict[]; plots: Partial<DriftPlots>; figures: DriftFigures } {
  const { endpoint, calibration } = model.manifest;
  const { id, kind, modelledScale } = endpoint;
  const isClass = kind === 'classification';
  const loss: LossKind = isClass
    ? { kind, name: 'Brier score', unit: '' }
    : { kind, name: 'mean absolute error', unit: modelledScale };
  const measured = Float64Array.from(trained.values);
  // Of predictions by models that had not seen the compound; NaN where it has no value.
  const losses = model.reference.values.map((value, row) =>
    isClass ? (value - measured[row]) ** 2 : Math.abs(value - measured[row]),
  );
  const unseen = unseenCompounds(check, distances, [model]);
  const [{ reference, batch }] = unseen.models;
  const toTraining = (unseen.distances ?? distances).batch;
  const say = (verdict: Verdict) => sayLeftOut(verdict, check, unseen);
  const verdicts = [
    say(estimateStream(unseen.check, loss, losses, reference, batch, { ...distances, batch: toTraining })),
  ];
  const { coverage } = nearestDistances(distances.calibration, distances.batch);
  const domain = { share: coverage.share, low: coverage.low, high: coverage.high };
  if (!labels) return { verdicts, plots: {}, figures: { ...NO_FIGURES, domain } };
  const known = labelsOfUnseen(labels, unseen.rows);
  const performance = performanceStream(unseen.check, loss, losses, batch.values, known, {
    halfWidths: batch.halfWidths,
    coverage: calibration.kind === 'conformal' ? calibration.coverage : null,
    distances: toTraining,
  });
  verdicts.push(
    labelsStream(
      check,
      { name: id, unit: loss.unit, ...(!isClass && { shown: shownInUnit(endpoint) }) },
      measured,
      // As the training values are kept: a value at an assay's limit must tie with theirs.
      { ...labels, values: labels.values.map(Math.fround) },
    ),
    say(performance.verdict),
  );
  return { verdicts, plots: performance.plots, figures: { domain, ...performance.figures } };
}
