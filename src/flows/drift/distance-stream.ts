import type { DriftPlots, Moved, Verdict } from '../../core/drift.ts';
import { combineSplits } from '../../statistics/combine-p.ts';
import { nearestDistances } from '../../statistics/nearest-distance.ts';
import { type PermutationTest, permutationTest } from '../../statistics/permutation-test.ts';
import type { DriftCheck, PooledRows } from './drift-check.ts';
import type { DriftSample } from './drift-sample.ts';
import { histogramOf } from './histogram.ts';
import { meanShift } from './mean-shift.ts';
import { joined } from './tested-columns.ts';
import { type HeldOutDistances, splitsOf, type TrainingDistances } from './training-distances.ts';
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
 * Of a small file's several splits the p-values are combined, so that the verdict does not hang on one.
 */
export function distanceStream(
  check: DriftCheck,
  distances: TrainingDistances | null,
): { verdict: Verdict; plots: Pick<DriftPlots, 'distance'> } {
  const refuse = (verdict: Verdict) => ({ verdict, plots: { distance: null } });
  if (distances === null) {
    return refuse(notJudged(check, 'distance', TEST, 'too-few-compounds', NONE_HELD_OUT));
  }
  const splits = splitsOf(distances);
  const level = splits.length > 1 ? check.streamAlpha / 2 : check.streamAlpha;
  const tests: SplitTest[] = [];
  for (const split of splits) {
    const asked = poolJudgeable(check, 'distance', TEST, { reference: split.heldOut, level });
    if ('refused' in asked) return refuse(asked.refused);
    const values = joined(split.calibration, split.batch);
    const test = permutationTest(asked.pooled.labels, (sides) => meanShift(values, sides));
    tests.push({ split, pooled: asked.pooled, test });
  }
  const p = combineSplits(tests.map(({ test }) => test.p));
  // The split in the middle stands for all.
  const inOrder = tests.toSorted((one, other) => one.test.observed - other.test.observed);
  const { split, pooled, test } = inOrder[Math.floor(tests.length / 2)];
  // Nearer than held-out compounds are those of series that the training set holds: they would have to move much more.
  const detectable = test.observed < 0 ? Number.POSITIVE_INFINITY : detectableEffect(test.values, level);
  const { share, low, high, limit } = nearestDistances(split.calibration, split.batch).coverage;
  const covered = `${percent(share)} of the batch (${percent(low)} to ${percent(high)}) lies within the domain, which holds 95 % of held-out compounds`;
  const range =
    tests.length > 1
      ? ` (${tests.length} ways to hold half of the reference out: ${figure(inOrder[0].test.observed)} to ${figure(inOrder[tests.length - 1].test.observed)})`
      : '';
  const verdict = judged(check, pooled, {
    stream: 'distance',
    test: TEST,
    effect: { name: 'mean distance beyond held-out compounds', value: test.observed, unit: '' },
    p,
    detectable,
    moved: farSeries(check, split, limit),
    words: {
      drift: `The batch lies farther from the training set than held-out compounds do, by ${figure(test.observed)} on average${range}: ${covered}.`,
      steady: `The batch was not seen to lie farther from the training set than held-out compounds (p ${figure(p)}): ${covered}. ${test.observed < 0 ? `It lies nearer by ${figure(-test.observed)} on average${range}: compounds of known series do, and of those this test says nothing.` : wouldBeFound(detectable, (value) => `${value} farther on average`)}`,
    },
  });
  const names = { name: 'distance to the nearest training compound', unit: '1 - Tanimoto' };
  const plotted = histogramOf(names, split.calibration, split.batch, [0, 1]);
  return { verdict, plots: { distance: { ...plotted, domainLimit: limit } } };
}

interface SplitTest {
  readonly split: HeldOutDistances;
  readonly pooled: PooledRows;
  readonly test: PermutationTest;
}

/** The batch's series with the most compounds beyond the domain. */
function farSeries(
  { reference, batch, ofModel }: DriftCheck,
  distances: HeldOutDistances,
  limit: number,
): Moved[] {
  const beyond = [...distances.batch.keys()].filter((row) => distances.batch[row] > limit);
  const series = Map.groupBy(beyond, (row) => batch.clusters?.[row] ?? String(row));
  const compoundsIn = ({ clusters }: DriftSample, cluster: string) =>
    clusters?.filter((own) => own === cluster).length;
  return [...series]
    .toSorted(([, one], [, other]) => other.length - one.length || one[0] - other[0])
    .slice(0, SHOWN_SERIES)
    .map(([cluster, rows]) => {
      const inReference = compoundsIn(reference, cluster) ?? 0;
      const sorted = rows.toSorted((i, j) => distances.batch[j] - distances.batch[i] || i - j);
      return {
        kind: 'series',
        name: batch.series[rows[0]],
        effect: { name: 'compounds beyond the domain', value: rows.length, unit: '' },
        p: null,
        measure: 'compounds',
        // Of a model's training compounds the series are not known.
        reference: ofModel && inReference === 0 ? null : inReference,
        batch: compoundsIn(batch, cluster) ?? 1,
        examples: sorted.slice(0, SHOWN_EXAMPLES).flatMap((row) => batch.smiles?.[row] ?? []),
      };
    });
}

function percent(share: number): string {
  return `${figure(100 * share)} %`;
}
