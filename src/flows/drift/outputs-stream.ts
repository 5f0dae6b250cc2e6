import type { Manifest } from '../../core/artifact.ts';
import type { DriftPlots, Verdict } from '../../core/drift.ts';
import { movedText, testColumns } from './columns-test.ts';
import type { DriftCheck } from './drift-check.ts';
import { histogramOf } from './histogram.ts';
import type { AnsweredModel } from './model-answers.ts';
import { outputsTogether } from './outputs-together.ts';
import { isConstant, joined, shownInUnit, type TestedColumn } from './tested-columns.ts';
import { figure, judged, notJudged, poolJudgeable, wouldBeFound } from './verdict.ts';

const COLUMNS_TEST =
  'Kolmogorov-Smirnov distance of predictions, widths and shares outside the domain, max-T over them';
const TOGETHER_TEST =
  'maximum mean discrepancy of the predictions together (Gaussian), each with half of alpha';
const NAMED = 5;

/**
 * Whether models' answers have moved: their values, the widths of their intervals, the shares outside their domains; and,
 * of several models, their values as one vector, since each may stay where it is while they move against each other.
 */
export async function outputsStream(
  check: DriftCheck,
  models: readonly AnsweredModel[],
): Promise<{ verdict: Verdict; plots: Pick<DriftPlots, 'outputs'> }> {
  const predictions = models.map(predictedColumn);
  const columns = models.flatMap((model, m) => [predictions[m], ...certaintyColumns(model)]);
  const tested = columns.filter((column) => !isConstant(column));
  const varied = predictions.filter((column) => !isConstant(column));
  const test = varied.length > 1 ? `${COLUMNS_TEST}; ${TOGETHER_TEST}` : COLUMNS_TEST;
  const refuse = (verdict: Verdict) => ({ verdict, plots: { outputs: [] } });
  if (tested.length === 0) {
    const problem = `${models.length > 1 ? 'each model' : 'the model'} says the same of every compound`;
    return refuse(notJudged(check, 'outputs', test, 'not-measured', problem));
  }
  const level = check.streamAlpha / (varied.length > 1 ? 2 : 1);
  const asked = poolJudgeable(check, 'outputs', test, { level });
  if ('refused' in asked) return refuse(asked.refused);
  const { pooled } = asked;
  const single = testColumns(pooled, tested, level);
  const together = varied.length > 1 ? await outputsTogether(check, varied, level) : null;
  const firesTogether = together !== null && together.p <= level;
  // The one with the less p is told; of equal ones the columns, which say what moved.
  const isTogether = together !== null && together.p < single.p;
  const p = together ? Math.min(1, 2 * Math.min(single.p, together.p)) : single.p;
  const { most, moved, movedCount } = single;
  const inTogether = together
    ? `; all ${varied.length} predictions together: p ${figure(together.p)}${together.left}`
    : '';
  const alone =
    movedCount > 0
      ? `${movedCount} of ${tested.length} outputs have moved, most of all ${moved.slice(0, NAMED).map(movedText).join(', ')}`
      : `The predictions have moved together, and none was seen to move by itself (p ${figure(single.p)} for ${most.name})`;
  const detectable = isTogether ? together.detectable : single.detectable;
  const ofWhat = isTogether ? 'An MMD2 of' : 'A Kolmogorov-Smirnov distance of';
  const verdict = judged(check, pooled, {
    stream: 'outputs',
    test,
    effect: isTogether
      ? { name: 'MMD2 of the predictions together', value: together.value, unit: '' }
      : { ...most.effect, name: `${most.effect.name}, ${most.name}` },
    p,
    detectable,
    moved,
    words: {
      drift: `${alone}${firesTogether || movedCount > 0 ? inTogether : ''}.`,
      steady: `None of ${tested.length} outputs was seen to move (p ${figure(single.p)} for ${most.name}${inTogether}). ${wouldBeFound(detectable, (value) => `${ofWhat} ${value}`)}`,
    },
  });
  const plots = models.map(({ reference, batch }, m) =>
    histogramOf({ name: predictions[m].name, unit: predictions[m].unit }, reference.values, batch.values),
  );
  return { verdict, plots: { outputs: plots } };
}

function predictedColumn({ manifest, reference, batch }: AnsweredModel): TestedColumn {
  const { id, kind, modelledScale } = manifest.endpoint;
  const isClass = kind === 'classification';
  return {
    kind: 'output',
    name: isClass ? `probability of ${id}` : `predicted ${id}`,
    unit: isClass ? '' : modelledScale,
    values: joined(reference.values, batch.values),
    categories: null,
    ...(!isClass && { shown: shownInUnit(manifest.endpoint) }),
  };
}

/** How sure a model is: the widths of its intervals, where it has any, and the place by its domain. */
function certaintyColumns({ manifest, reference, batch }: AnsweredModel): TestedColumn[] {
  const { id, modelledScale } = manifest.endpoint;
  const place: TestedColumn = {
    kind: 'output',
    name: `domain of ${id}`,
    unit: '',
    values: joined(reference.similarities, batch.similarities).map((similarity) =>
      isOutside(manifest, similarity),
    ),
    categories: ['compounds inside the domain', 'compounds outside the domain'],
  };
  if (!reference.halfWidths || !batch.halfWidths) return [place];
  const values = joined(reference.halfWidths, batch.halfWidths);
  return [
    { kind: 'output', name: `half-width of ${id}`, unit: modelledScale, values, categories: null },
    place,
  ];
}

const isOutside = ({ domain }: Manifest, similarity: number): number =>
  similarity < domain.minSimilarity ? 1 : 0;
