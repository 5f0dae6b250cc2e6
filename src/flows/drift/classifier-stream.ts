import type { Moved, Verdict } from '../../core/drift.ts';
import { classifierTwoSample } from '../../statistics/classifier-two-sample.ts';
import { clusterFolds } from '../../statistics/cluster-folds.ts';
import type { DriftCheck } from './drift-check.ts';
import { covariateColumns, descriptorColumns, isConstant } from './tested-columns.ts';
import {
  countsOf,
  detectableEffect,
  figure,
  judged,
  notJudged,
  poolJudgeable,
  wouldBeFound,
} from './verdict.ts';

const TEST = 'classifier two-sample test (linear, folds of whole clusters, refitted under every labelling)';
const FOLDS = 5;
const SHOWN_WEIGHTS = 8;

/** Whether a classifier tells batch from reference on rows it has not seen, and by which columns. */
export function classifierStream(check: DriftCheck): Verdict {
  const columns = [...descriptorColumns(check), ...covariateColumns(check)].filter(
    (column) => column.categories === null && !isConstant(column),
  );
  if (columns.length === 0) {
    return notJudged(
      check,
      'classifier',
      TEST,
      'not-measured',
      'no column of numbers is known on both sides',
    );
  }
  const asked = poolJudgeable(check, 'classifier', TEST);
  if ('refused' in asked) return asked.refused;
  const { pooled } = asked;
  const rows = pooled.observed.length;
  const features = new Float64Array(rows * columns.length);
  for (const [c, { values }] of columns.entries()) {
    for (let row = 0; row < rows; row++) features[row * columns.length + c] = values[row];
  }
  const { labels, clusters, observed } = pooled;
  const folds = clusterFolds(clusters, FOLDS, check.settings.seed);
  if (!isComparable(folds, observed)) {
    const problem = `none of the ${FOLDS} parts that whole clusters were dealt to holds compounds of both sides`;
    return notJudged(check, 'classifier', TEST, 'too-few-compounds', problem);
  }
  const names = columns.map(({ name }) => name);
  const test = classifierTwoSample({ names, features, folds, labels });
  const { reference, batch } = countsOf(pooled);
  const moved = test.weights.slice(0, SHOWN_WEIGHTS).map(({ name, weight, shift }): Moved => {
    const at = names.indexOf(name);
    return {
      kind: columns[at].kind,
      name,
      effect: { name: 'log odds of the batch for each deviation', value: weight, unit: '' },
      p: null,
      measure: 'mean in standard deviations',
      // About the mean of both sides together, which is 0.
      reference: (-shift * batch) / rows,
      batch: (shift * reference) / rows,
      examples: [],
    };
  });
  const detectable = knownAuroc(detectableEffect(test.values, check.streamAlpha));
  return judged(check, pooled, {
    stream: 'classifier',
    test: TEST,
    effect: { name: 'held-out AUROC', value: test.auroc, unit: '' },
    p: test.p,
    detectable,
    moved,
    words: {
      drift: `A classifier tells batch from reference with an AUROC of ${figure(test.auroc)} on compounds${pooled.nullHypothesis === 'clusters' ? ' of clusters' : ''} it has not seen.`,
      steady: `A classifier was not seen to tell batch from reference (AUROC ${figure(test.auroc)}, p ${figure(test.p)}). ${wouldBeFound(detectable, (value) => `An AUROC of ${value}`)}`,
    },
  });
}

/** Whether some fold has rows of both sides: scores of two folds are not compared. */
function isComparable(folds: Uint32Array, observed: Uint8Array): boolean {
  const sides = Array.from({ length: FOLDS }, () => new Set<number>());
  for (const [row, fold] of folds.entries()) sides[fold].add(observed[row]);
  return sides.some(({ size }) => size === 2);
}

/** No AUROC is past 1. */
function knownAuroc(auroc: number): number {
  return auroc <= 1 ? auroc : Number.POSITIVE_INFINITY;
}
