import type { DriftFigure, DriftFigures, DriftPlots, Verdict } from '../../core/drift.ts';
import { unitAlone } from '../../core/endpoint.ts';
import { clopperPearson } from '../../statistics/clopper-pearson.ts';
import { permutationTest } from '../../statistics/permutation-test.ts';
import { reliability } from '../../statistics/reliability-bins.ts';
import type { DriftCheck } from './drift-check.ts';
import {
  delaysOf,
  type LateLoss,
  LEAST_MATURITY,
  labelFigures,
  lateLoss,
  maturityCurve,
  weigh,
} from './late-labels.ts';
import { meanShift } from './mean-shift.ts';
import { numberNames } from './number-names.ts';
import { classFigures, regressionFigures } from './performance-figures.ts';
import { type BatchLabels, unmatchedWords } from './read-labels.ts';
import { riskLosses } from './risk-losses.ts';
import { selectionFigures } from './selection-figures.ts';
import { joined } from './tested-columns.ts';
import { detectableEffect, figure, judged, notJudged, poolJudgeable, wouldBeFound } from './verdict.ts';

const TEST =
  'mean loss of arrived labels against held-out losses of the reference, one-sided, by permutation';
const BINS = 10;

/** What the loss is called, and its unit. */
export interface LossKind {
  readonly kind: 'regression' | 'classification';
  readonly name: string;
  readonly unit: string;
}

/** What the figures of a verdict's details are from, beside losses; row i of every array is row i of the batch. */
export interface DetailSources {
  /** Half the width of each interval; null where the model has none. float64 [n] */
  readonly halfWidths: Float64Array | null;
  /** What the intervals are meant to cover; null with them. */
  readonly coverage: number | null;
  /** To the nearest training compound; float64 [n] */
  readonly distances: Float64Array;
}

/**
 * Whether the model errs more on the batch than on compounds that were held out when it was made.
 * @param referenceLosses  NaN where the reference has no value; float64 [reference rows]
 * @param predicted        of the batch; modelled scale, or probabilities
 * @param sources          null where the verdict's details are not asked for: its state does not depend on them
 */
export function performanceStream(
  check: DriftCheck,
  loss: LossKind,
  referenceLosses: Float64Array,
  predicted: Float64Array,
  labels: BatchLabels,
  sources: DetailSources | null = null,
): {
  verdict: Verdict;
  plots: Pick<DriftPlots, 'maturity' | 'reliability'>;
  figures: Pick<DriftFigures, 'labels' | 'performance'>;
} {
  const losses = predicted.map((value, row) =>
    lossOf(loss.kind, value, labels.values[row], labels.relations[row]),
  );
  const arrived = Uint32Array.from(losses.keys()).filter((row) => !Number.isNaN(losses[row]));
  const known = Uint32Array.from(referenceLosses.keys()).filter((row) => !Number.isNaN(referenceLosses[row]));
  const delays = delaysOf(labels);
  const plots = {
    maturity: delays ? maturityCurve(delays) : [],
    reliability: loss.kind === 'classification' ? reliabilityOf(predicted, labels.values, arrived) : [],
  };
  const weighted = weigh(check, losses, labels, delays);
  const before = known.reduce((sum, row) => sum + referenceLosses[row], 0) / known.length;
  const late = lateLoss(check, losses, labels);
  const { error, low, high, effectiveSampleSize } = weighted;
  const hasInterval = weighted.groups > 1;
  const figures: Pick<DriftFigures, 'labels' | 'performance'> = {
    labels: labelFigures(delays, weighted, late),
    performance:
      arrived.length === 0 || known.length === 0
        ? null
        : {
            error,
            low: hasInterval ? low : null,
            high: hasInterval ? high : null,
            reference: before,
            unit: loss.unit,
            risk: riskLosses(check, loss.kind, referenceLosses, losses, labels),
          },
  };
  const refuse = (verdict: Verdict) => ({ verdict, plots, figures });
  const notes = notesOn(labels, arrived);
  if (delays && !(delays.maturity >= LEAST_MATURITY)) {
    const problem = `${figure(100 * delays.maturity)} % of those submitted are expected to be there, and ${100 * LEAST_MATURITY} % are needed; ${delays.forecast}`;
    return refuse(withNotes(notJudged(check, 'performance', TEST, 'labels-immature', problem), notes));
  }
  const asked = poolJudgeable(check, 'performance', TEST, { reference: known, batch: arrived });
  if ('refused' in asked) return refuse(withNotes(asked.refused, notes));
  const { pooled } = asked;
  const values = joined(
    Float64Array.from(known, (row) => referenceLosses[row]),
    Float64Array.from(arrived, (row) => losses[row]),
  );
  const test = permutationTest(pooled.labels, (sides) => meanShift(values, sides));
  const detectable = detectableEffect(test.values, check.streamAlpha);
  const scale = loss.unit ? `${unitAlone(loss.unit)} ` : '';
  const told = `${loss.name} ${figure(error)} (${figure(low)} to ${figure(high)}) ${scale}from ${arrived.length} ${arrived.length === 1 ? 'label' : 'labels'}, effectively ${figure(effectiveSampleSize)}; on held-out compounds ${figure(before)}`;
  const caution = cautionOf(check, late);
  const verdict = judged(check, pooled, {
    stream: 'performance',
    test: TEST,
    effect: { name: `${loss.name} beyond held-out compounds`, value: test.observed, unit: loss.unit },
    p: test.p,
    detectable,
    moved: [],
    words: {
      drift: `The model errs more than it did: ${told}.${caution}`,
      steady: `The model was not seen to err more than it did (p ${figure(test.p)}): ${told}. ${wouldBeFound(detectable, (value) => `${value} more`)}${caution}`,
    },
  });
  const details = sources
    ? [
        ...metricsOf(check, loss, predicted, labels, sources, arrived),
        ...selectionFigures(check, loss, losses, labels, delays, sources.distances),
      ]
    : [];
  const detailed = details.length > 0 ? { ...verdict, figures: details } : verdict;
  return { verdict: withNotes(detailed, notes), plots, figures };
}

/** Further figures of exact labels. */
function metricsOf(
  { batch, settings: { seed } }: DriftCheck,
  { kind, unit }: LossKind,
  predicted: Float64Array,
  { values, relations }: BatchLabels,
  { halfWidths, coverage }: DetailSources,
  arrived: Uint32Array,
): DriftFigure[] {
  const rows = arrived.filter((row) => relations[row] === 0);
  const of = (from: Float64Array) => Float64Array.from(rows, (row) => from[row]);
  const groups = numberNames(Array.from(rows, (row) => batch.clusters?.[row] ?? String(row))).numbers;
  const answered = {
    actual: of(values),
    predicted: of(predicted),
    groups,
    halfWidths: halfWidths && of(halfWidths),
    coverage,
    unit,
    seed,
  };
  return kind === 'classification' ? classFigures(answered) : regressionFigures(answered);
}

/** What a reader of the verdict must know about the labels behind it; '' where nothing. */
function notesOn({ unmatched, revised, relations }: BatchLabels, arrived: Uint32Array): string {
  const bounds = arrived.filter((row) => relations[row] !== 0).length;
  return [
    bounds > 0 &&
      ` ${bounds} of the labels ${bounds === 1 ? 'is a bound' : 'are bounds'}, whose error is at least what is counted.`,
    revised > 0 && ` ${revised} ${revised === 1 ? 'was' : 'were'} revised; the value measured last counts.`,
    unmatchedWords({ unmatched }),
  ]
    .filter(Boolean)
    .join('');
}

function withNotes(verdict: Verdict, notes: string): Verdict {
  return { ...verdict, inWords: verdict.inWords + notes };
}

/** Loss of one answer; of a bound, how far the answer lies on its wrong side. */
function lossOf(kind: LossKind['kind'], predicted: number, label: number, relation: number): number {
  if (kind === 'classification') return (predicted - label) ** 2;
  if (relation === 0) return Math.abs(predicted - label);
  return Math.max(0, relation < 0 ? predicted - label : label - predicted);
}

/** A caution where the labels that came late err otherwise than those that came early. */
function cautionOf({ streamAlpha }: DriftCheck, { p, correlation }: LateLoss): string {
  if (p === null || !(p <= streamAlpha)) return '';
  const direction = correlation > 0 ? 'more' : 'less';
  return ` Caution: labels that take longer err ${direction} (p ${figure(p)}), so the error of those still out may differ.`;
}

function reliabilityOf(
  predicted: Float64Array,
  values: Float64Array,
  arrived: Uint32Array,
): DriftPlots['reliability'] {
  if (arrived.length === 0) return [];
  const of = (from: Float64Array) => Float64Array.from(arrived, (row) => from[row]);
  const { bins } = reliability(of(values), of(predicted), { layout: 'equal-mass', bins: BINS });
  return bins.map(({ count, meanProbability, meanLabel }) => {
    const [low, high] = clopperPearson(Math.round(meanLabel * count), count);
    return { mean: meanProbability, observed: meanLabel, low, high, rows: count };
  });
}
