import type { DriftPlots, Verdict } from '../../core/drift.ts';
import type { ReadyModel } from '../ready-models.ts';
import { movedText, testColumns } from './columns-test.ts';
import type { DriftCheck } from './drift-check.ts';
import { histogramOf } from './histogram.ts';
import type { ModelAnswers } from './model-answers.ts';
import { isConstant, joined, type TestedColumn } from './tested-columns.ts';
import { figure, judged, notJudged, poolJudgeable, wouldBeFound } from './verdict.ts';

const TEST =
  'Kolmogorov-Smirnov distance of predictions, widths and shares outside the domain, max-T over them';

/** Whether the model's answers have moved: its values, the widths of its intervals, the share outside its domain. */
export function outputsStream(
  check: DriftCheck,
  { artifact: { manifest } }: ReadyModel,
  reference: ModelAnswers,
  batch: ModelAnswers,
): { verdict: Verdict; plots: Pick<DriftPlots, 'outputs'> } {
  const { endpoint, domain } = manifest;
  const isClass = endpoint.kind === 'classification';
  const values: TestedColumn = {
    kind: 'output',
    name: isClass ? `probability of ${endpoint.id}` : `predicted ${endpoint.id}`,
    unit: isClass ? '' : endpoint.modelledScale,
    values: joined(reference.values, batch.values),
    categories: null,
  };
  const columns = [values];
  if (reference.halfWidths && batch.halfWidths) {
    const widths = joined(reference.halfWidths, batch.halfWidths);
    columns.push({ ...values, name: 'half-width of the interval', values: widths });
  }
  const outside = (similarity: number) => (similarity < domain.minSimilarity ? 1 : 0);
  columns.push({
    kind: 'output',
    name: 'place by similarity',
    unit: '',
    values: joined(reference.similarities, batch.similarities).map(outside),
    categories: ['compounds inside the domain', 'compounds outside the domain'],
  });
  const refuse = (verdict: Verdict) => ({ verdict, plots: { outputs: [] } });
  const tested = columns.filter((column) => !isConstant(column));
  if (tested.length === 0) {
    return refuse(
      notJudged(check, 'outputs', TEST, 'not-measured', 'the model says the same of every compound'),
    );
  }
  const asked = poolJudgeable(check, 'outputs', TEST);
  if ('refused' in asked) return refuse(asked.refused);
  const { pooled } = asked;
  const { p, most, moved, detectable } = testColumns(pooled, tested, check.streamAlpha);
  const verdict = judged(check, pooled, {
    stream: 'outputs',
    test: TEST,
    effect: { ...most.effect, name: `${most.effect.name}, ${most.name}` },
    p,
    detectable,
    moved,
    words: {
      drift: `The model's answers have moved: ${moved.map(movedText).join(', ')}.`,
      steady: `The model's answers were not seen to move (p ${figure(p)} for ${most.name}). ${wouldBeFound(detectable, (value) => `A Kolmogorov-Smirnov distance of ${value}`)}`,
    },
  });
  const plot = histogramOf({ name: values.name, unit: values.unit }, reference.values, batch.values);
  return { verdict, plots: { outputs: [plot] } };
}
