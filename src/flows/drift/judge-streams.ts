import {
  type DriftFigures,
  type DriftPlots,
  type DriftStream,
  NO_FIGURES,
  type Verdict,
} from '../../core/drift.ts';
import { throwIfCancelled } from '../../store/file-error.ts';
import type { ModelArtifact } from '../models.ts';
import { COMPOUND_STREAMS, compoundStreams } from './compound-streams.ts';
import type { DriftCheck } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import type { AnsweredModel } from './model-answers.ts';
import { answerStreams, errorStreams, LABEL_STREAMS, MODEL_STREAMS } from './model-streams.ts';
import type { BatchLabels } from './read-labels.ts';
import type { TrainingDistances } from './training-distances.ts';
import { notJudged } from './verdict.ts';

/** What a batch is judged by, beside its compounds. */
export interface Evidence {
  readonly distances: TrainingDistances | null;
  readonly models: readonly AnsweredModel[];
  /** The model whose training set is the reference, which then is the only one of `models`. */
  readonly trained: ModelArtifact | null;
  /** Of the batch; only where there is a `trained`. */
  readonly labels: BatchLabels | null;
}

/** The streams that test something, and share a check's alpha; the forecast is none of them. */
export function testingStreams(hasModels: boolean, hasLabels: boolean): DriftStream[] {
  return [...COMPOUND_STREAMS, ...(hasModels ? MODEL_STREAMS : []), ...(hasLabels ? LABEL_STREAMS : [])];
}

/** Asks every stream for its verdict. @throws ERR_CANCELLED, ERR_NO_BACKEND, ERR_USAGE, ERR_OUT_OF_MEMORY */
export async function judgeStreams(
  check: DriftCheck,
  { distances, models, trained, labels }: Evidence,
  onStep?: (step: string) => void,
): Promise<{ verdicts: Verdict[]; plots: Partial<DriftPlots>; figures: DriftFigures }> {
  const ofCompounds = await compoundStreams(check, distances, onStep);
  if (models.length === 0) return { ...ofCompounds, figures: NO_FIGURES };
  throwIfCancelled(check.signal);
  onStep?.('answers');
  const ofAnswers = await answerStreams(check, distances, models);
  // A model's training set always has distances.
  const ofErrors = trained && distances ? errorStreams(check, distances, trained, models[0], labels) : null;
  return {
    verdicts: [...ofCompounds.verdicts, ...ofAnswers.verdicts, ...(ofErrors?.verdicts ?? [])],
    plots: { ...ofCompounds.plots, ...ofAnswers.plots, ...ofErrors?.plots },
    figures: ofErrors?.figures ?? NO_FIGURES,
  };
}

/** Verdicts where a side has no compounds, or none that can be compared. */
export function nothingIn(
  check: DriftCheck,
  { name, rejected, mismatch }: DriftSample,
  streams: readonly DriftStream[],
): Verdict[] {
  const problem = `${name} has none${rejected > 0 ? ` that could be used, ${rejected} ${rejected === 1 ? 'was' : 'were'} rejected` : ''}`;
  return streams.map((stream) =>
    mismatch
      ? notJudged(check, stream, 'none', 'contract-mismatch', mismatch)
      : notJudged(check, stream, 'none', 'too-few-compounds', problem),
  );
}
