import type { Verdict } from '../../core/drift.ts';
import { movedText, testColumns } from './columns-test.ts';
import type { DriftCheck } from './drift-check.ts';
import { type BatchLabels, unmatchedWords } from './read-labels.ts';
import { isConstant, joined, type Shown, type TestedColumn } from './tested-columns.ts';
import { figure, judged, notJudged, poolJudgeable, wouldBeFound } from './verdict.ts';

const TEST =
  'Kolmogorov-Smirnov distance of measured values and, where the reference holds bounds, their share (Bonferroni)';

/** What is measured. */
export interface NamedLabels {
  readonly name: string;
  /** The modelled scale. */
  readonly unit: string;
  /** How medians are told; on the modelled scale where this is absent. */
  readonly shown?: Shown;
}

/**
 * Whether measured values have moved, or how many labels are bounds. Values are compared where they are exact, since a bound
 * is none; so the two are of different rows, and each has half of the stream's alpha. One for which there are too few is left
 * out and told; the other keeps its half, for how many bounds have come is what the two ask.
 * @param reference  the model's training values; NaN where only a bound was published
 */
export function labelsStream(
  check: DriftCheck,
  named: NamedLabels,
  reference: Float64Array,
  labels: BatchLabels,
): Verdict {
  const verdict = compareLabels(check, named, reference, labels);
  return { ...verdict, inWords: verdict.inWords + unmatchedWords(labels) };
}

function compareLabels(
  check: DriftCheck,
  { name, unit, shown }: NamedLabels,
  reference: Float64Array,
  { values, relations }: BatchLabels,
): Verdict {
  const arrived = [...values.keys()].filter((row) => !Number.isNaN(values[row]));
  const exact = {
    reference: [...reference.keys()].filter((row) => !Number.isNaN(reference[row])),
    batch: arrived.filter((row) => relations[row] === 0),
  };
  const all = { reference: [...reference.keys()], batch: arrived };
  const base = { kind: 'covariate', unit } as const;
  const measured: TestedColumn = {
    ...base,
    name: `measured ${name}`,
    values: joined(
      exact.reference.map((row) => reference[row]),
      exact.batch.map((row) => values[row]),
    ),
    categories: null,
    ...(shown && { shown }),
  };
  const bounds: TestedColumn = {
    ...base,
    name: 'labels',
    unit: '',
    values: joined(
      all.reference.map((row) => (Number.isNaN(reference[row]) ? 1 : 0)),
      all.batch.map((row) => Math.abs(relations[row])),
    ),
    categories: ['exact values', 'bounds'],
  };
  // A reference without bounds may have been stripped of them.
  const holdsBounds = exact.reference.length < all.reference.length;
  const asked = [
    { what: 'Measured values', column: measured, rows: exact },
    ...(holdsBounds ? [{ what: 'Shares of bounds', column: bounds, rows: all }] : []),
  ].filter(({ column }) => !isConstant(column));
  if (asked.length === 0) return notJudged(check, 'labels', TEST, 'not-measured', 'all labels are the same');
  const level = check.streamAlpha / asked.length;
  const found = [];
  const refused = [];
  for (const { what, column, rows } of asked) {
    const one = poolJudgeable(check, 'labels', TEST, { ...rows, level });
    if ('refused' in one) refused.push({ what, verdict: one.refused });
    else found.push({ what, pooled: one.pooled, ...testColumns(one.pooled, [column], level) });
  }
  if (found.length === 0) return refused[0].verdict;
  const [least] = found.toSorted((a, b) => a.p - b.p);
  const p = Math.min(1, asked.length * least.p);
  const left = refused.map(({ what, verdict }) => ` ${what}: ${verdict.inWords}`).join('');
  const moved = found.flatMap((one) => one.moved);
  return judged(check, least.pooled, {
    stream: 'labels',
    test: TEST,
    effect: { ...least.most.effect, name: `${least.most.effect.name}, ${least.most.name}` },
    p,
    detectable: least.detectable,
    moved,
    words: {
      drift: `What is measured has moved: ${moved.map(movedText).join(', ')}. New chemistry and a changed assay look alike here; compounds measured before and after tell them apart.${left}`,
      steady: `${found[0].what} were not seen to move (p ${figure(p)}). ${wouldBeFound(least.detectable, (value) => `A Kolmogorov-Smirnov distance of ${value}`)}${left}`,
    },
  });
}
