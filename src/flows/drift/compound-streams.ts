import type { DriftPlots, Verdict } from '../../core/drift.ts';
import { throwIfCancelled } from '../../store/file-error.ts';
import { chemistryStream } from './chemistry-stream.ts';
import { classifierStream } from './classifier-stream.ts';
import { descriptorsStream } from './descriptors-stream.ts';
import { distanceStream } from './distance-stream.ts';
import type { DriftCheck } from './drift-check.ts';
import type { TrainingDistances } from './training-distances.ts';

/** Streams that need the compounds alone, in the order of their verdicts. */
export const COMPOUND_STREAMS = ['chemistry', 'distance', 'descriptors', 'classifier'] as const;

/** Verdicts on the compounds themselves. @throws ERR_CANCELLED, ERR_NO_BACKEND, ERR_USAGE */
export async function compoundStreams(
  check: DriftCheck,
  distances: TrainingDistances | null,
  onStep: (step: string) => void = () => undefined,
): Promise<{ verdicts: Verdict[]; plots: Pick<DriftPlots, 'mmdNull' | 'distance' | 'columns'> }> {
  const begin = (step: string) => {
    throwIfCancelled(check.signal);
    onStep(step);
  };
  begin('chemistry');
  const chemistry = await chemistryStream(check);
  begin('distance');
  const distance = distanceStream(check, distances);
  begin('descriptors');
  const descriptors = descriptorsStream(check);
  begin('classifier');
  const classifier = classifierStream(check);
  return {
    verdicts: [chemistry.verdict, distance.verdict, descriptors.verdict, classifier],
    plots: { ...chemistry.plots, ...distance.plots, ...descriptors.plots },
  };
}
