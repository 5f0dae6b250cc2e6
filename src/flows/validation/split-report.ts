import type { ConformalCalibration, Domain } from '../../core/artifact.ts';
import { DISTANCE_EDGES } from '../../core/distance-edges.ts';
import type { LabelledRows } from '../dataset.ts';
import { evaluate } from '../evaluate.ts';
import { isInDomain } from '../predict.ts';
import type { Answers } from '../score-rows.ts';
import type { Slice, SliceGroup, SplitCounts, SplitName, SplitReport } from './report-schema.ts';
import { figureOf, type ScoredModel, shareOf, sliceOf } from './slices.ts';

/** Scored rows that make a scaffold a series worth a line of its own. */
const LEAST_SERIES = 8;
/** Scored rows that make an assay or source worth a line of its own. */
const LEAST_SOURCE = 8;

/** Scored rows with what they are sliced by. Accepted rows come first; rejected ones have no descriptors. */
export interface SplitResult extends ScoredModel {
  readonly split: SplitName;
  readonly heldOut: string | null;
  readonly how: string;
  readonly counts: SplitCounts;
  readonly accepted: LabelledRows;
  readonly domain: Domain;
  /** Labels of the accepted rows, by what they say. */
  readonly origin: readonly { readonly by: string; readonly labels: readonly (string | null)[] }[];
  /** Scored rows for which only a bound is known, and the answers for them. */
  readonly bounds: LabelledRows;
  readonly boundAnswers: Answers;
}

/** All figures of a split. */
export function reportSplit(result: SplitResult): SplitReport {
  const { kind, rows, calibration, accepted, domain, bounds, boundAnswers, counts } = result;
  const all = [...rows.actual.keys()];
  const slice = (name: string, at: readonly number[]) => sliceOf(name, result, at, rows.groups);
  // A rejected row, which has no descriptors, is in no domain.
  const inside = all.filter((i) => isInDomain(domain, rows.similarities[i], accepted.descriptors, i));
  const isInside = new Set(inside);
  const outside = all.filter((i) => !isInside.has(i));
  const right = bounds.relation.reduce(
    (sum, side, i) => sum + Number(side * (boundAnswers.values[i] - bounds.y[i]) >= 0),
    0,
  );
  return {
    split: result.split,
    heldOut: result.heldOut,
    how: result.how,
    counts,
    metrics: Object.fromEntries(
      Object.entries(evaluate(kind, rows, calibration)).map(([name, metric]) => [name, figureOf(metric)]),
    ),
    overall: slice('all', all),
    domain: {
      share: shareOf(inside.length, all.length),
      slices: [
        ...(inside.length > 0 ? [slice('in the domain', inside)] : []),
        ...(outside.length > 0 ? [slice('outside the domain', outside)] : []),
      ],
    },
    distance: byEdges(DISTANCE_EDGES, result, slice),
    intervalBins: calibration.kind === 'conformal' ? byEdges(calibration.edges, result, slice) : [],
    origin: result.origin
      .map(({ by, labels }): SliceGroup => {
        const known = [...labels.keys()].filter((i) => labels[i] !== null);
        return { by, slices: byLabel(known, (i) => labels[i]!, LEAST_SOURCE, slice) };
      })
      .filter(({ slices }) => slices.length > 0),
    // A series is one scaffold, so there is nothing but its rows to draw.
    series: byLabel(
      [...accepted.scaffolds.keys()].filter((i) => accepted.scaffolds[i] !== ''),
      (i) => accepted.scaffolds[i],
      LEAST_SERIES,
      (name, at) => sliceOf(name, result, at, all),
    ),
    bounds: bounds.y.length > 0 ? shareOf(right, bounds.y.length) : null,
  };
}

type MakeSlice = (name: string, at: readonly number[]) => Slice;

function byEdges(
  edges: ConformalCalibration['edges'],
  { rows: { similarities } }: SplitResult,
  slice: MakeSlice,
): Slice[] {
  const bins = Map.groupBy(similarities.keys(), (i) =>
    edges.findLastIndex((edge) => similarities[i] >= edge),
  );
  return edges.flatMap((edge, bin) => {
    const at = bins.get(bin);
    if (!at) return [];
    const next = edges[bin + 1];
    if (next === undefined) return [slice(`${edge.toFixed(2)} and above`, at)];
    return [slice(bin === 0 ? `below ${next.toFixed(2)}` : `${edge.toFixed(2)} to ${next.toFixed(2)}`, at)];
  });
}

/** Slices of labels with enough rows, the largest first, then in the order of their names. */
function byLabel(
  at: readonly number[],
  labelOf: (i: number) => string,
  least: number,
  slice: MakeSlice,
): Slice[] {
  return [...Map.groupBy(at, labelOf)]
    .filter(([, rows]) => rows.length >= least)
    .sort(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1))
    .map(([label, rows]) => slice(label, rows));
}
