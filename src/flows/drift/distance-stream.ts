import type { DriftPlots, Moved, Verdict } from '../../core/drift.ts';
import { nearestDistances } from '../../statistics/nearest-distance.ts';
import { permutationTest } from '../../statistics/permutation-test.ts';
import type { DriftCheck } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { histogramOf } from './histogram.ts';
import { meanShift } from './mean-shift.ts';
import { joined } from './tested-columns.ts';
import type { TrainingDistances } from './training-distances.ts';
import { detectableEffect, figure, judged, notJudged, poolJudgeable, wouldBeFound } from './verdict.ts';

const TEST =
  'mean distance to the nearest training compound against held-out compounds, one-sided, by permutation';
/** Why a reference has no distances to compare with. */
export const NONE_HELD_OUT = 'the reference is one cluster, so that nothing can be held out of it';
const SHOWN_SERIES = 8;
const SHOWN_EXAMPLES = 3;

/**
 * Whether the batch lies farther from the training set than compounds that were held out of it. A batch that lies nearer is
 * no alarm here: the model knows such compounds better, and whether they are of another kind is the chemistry's question.
 */
export function distanceStream(
  check: DriftCheck,
  distances: TrainingDistances | null,
): { verdict: Verdict; plots: Pick<DriftPlots, 'distance'> } {
  const refuse = (verdict: Verdict) => ({ verdict, plots: { distance: null } });
  if (distances === null) {
    return refuse(notJudged(check, 'distance', TEST, 'too-few-compounds', NONE_HELD_OUT));
  }
  const { heldOut, calibration, batch } = distances;
  const asked = poolJudgeable(check, 'distance', TEST, { reference: heldOut });
  if ('refused' in asked) return refuse(asked.refused);
  const { pooled } = asked;
  const values = joined(calibration, batch);
  const test = permutationTest(pooled.labels, (sides) => meanShift(values, sides));
  const detectable = detectableEffect(test.values, check.streamAlpha);
  const summary = nearestDistances(calibration, batch);
  const { share, low, high } = summary.coverage;
  const covered = `${percent(share)} of the batch (${percent(low)} to ${percent(high)}) lies within the domain, which holds 95 % of held-out compounds`;
  const verdict = judged(check, pooled, {
    stream: 'distance',
    test: TEST,
    effect: { name: 'mean distance beyond held-out compounds', value: test.observed, unit: '' },
    p: test.p,
    detectable,
    moved: farSeries(check, distances, summary.coverage.limit),
    words: {
      drift: `The batch lies farther from the training set than held-out compounds do, by ${figure(test.observed)} on average: ${covered}.`,
      steady: `The batch was not seen to lie farther from the training set than held-out compounds (p ${figure(test.p)}): ${covered}. ${wouldBeFound(detectable, (value) => `${value} farther on average`)}`,
    },
  });
  const names = { name: 'distance to the nearest training compound', unit: '1 - Tanimoto' };
  const distance = { ...histogramOf(names, calibration, batch, [0, 1]), domainLimit: summary.coverage.limit };
  return { verdict, plots: { distance } };
}

/** The batch's series with the most compounds beyond the domain. */
function farSeries({ reference, batch }: DriftCheck, distances: TrainingDistances, limit: number): Moved[] {
  const beyond = [...distances.batch.keys()].filter((row) => distances.batch[row] > limit);
  const series = Map.groupBy(beyond, (row) => batch.clusters?.[row] ?? String(row));
  const compoundsIn = ({ clusters }: DriftSample, cluster: string) =>
    clusters?.filter((own) => own === cluster).length;
  return [...series]
    .toSorted(([, one], [, other]) => other.length - one.length || one[0] - other[0])
    .slice(0, SHOWN_SERIES)
    .map(([cluster, rows]) => {
      const sorted = rows.toSorted((i, j) => distances.batch[j] - distances.batch[i] || i - j);
      return {
        kind: 'series',
        name: batch.series[rows[0]],
        effect: { name: 'compounds beyond the domain', value: rows.length, unit: '' },
        p: null,
        measure: 'compounds',
        reference: compoundsIn(reference, cluster) ?? 0,
        batch: compoundsIn(batch, cluster) ?? 1,
        examples: sorted.slice(0, SHOWN_EXAMPLES).flatMap((row) => batch.smiles?.[row] ?? []),
      };
    });
}

function percent(share: number): string {
  return `${figure(100 * share)} %`;
}
