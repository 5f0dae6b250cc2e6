import type { DriftPlots, Verdict } from '../../core/drift.ts';
import { movedText, testColumns } from './columns-test.ts';
import type { DriftCheck } from './drift-check.ts';
import { covariateColumns, covariateNotes, descriptorColumns, isConstant } from './tested-columns.ts';
import { figure, judged, notJudged, poolJudgeable, wouldBeFound } from './verdict.ts';

const TEST = 'Kolmogorov-Smirnov distance of each column, max-T over all of them (Westfall-Young, step-down)';

const NAMED = 5;

/** Whether single descriptors or covariates have moved, corrected for looking at all of them. */
export function descriptorsStream(check: DriftCheck): {
  verdict: Verdict;
  plots: Pick<DriftPlots, 'columns'>;
} {
  const refuse = (verdict: Verdict) => ({ verdict, plots: { columns: [] } });
  const all = [...descriptorColumns(check), ...covariateColumns(check)];
  const columns = all.filter((column) => !isConstant(column));
  if (columns.length === 0) {
    const problem =
      all.length === 0 ? 'no column is known on both sides' : 'every column is the same in all rows';
    return refuse(notJudged(check, 'descriptors', TEST, 'not-measured', problem));
  }
  const asked = poolJudgeable(check, 'descriptors', TEST);
  if ('refused' in asked) return refuse(asked.refused);
  const { pooled } = asked;
  const notes = covariateNotes(check).map((note) => ` Note: ${note}.`);
  const { p, most, movedCount, moved, detectable, plots } = testColumns(pooled, columns, check.streamAlpha);
  const verdict = judged(check, pooled, {
    stream: 'descriptors',
    test: TEST,
    effect: { ...most.effect, name: `${most.effect.name}, ${most.name}` },
    p,
    detectable,
    moved,
    words: {
      drift: `${movedCount} of ${columns.length} columns have moved, most of all ${moved.slice(0, NAMED).map(movedText).join(', ')}.${notes.join('')}`,
      steady: `None of ${columns.length} columns was seen to move (p ${figure(p)} for ${most.name}). ${wouldBeFound(detectable, (value) => `A Kolmogorov-Smirnov distance of ${value}`)}${notes.join('')}`,
    },
  });
  return { verdict, plots: { columns: plots } };
}
