import { type BackendSource, runOnFirst } from '../../core/backend.ts';
import type { OperationName, Operations } from '../../core/ops.ts';
import { clusterShareLabels } from '../../statistics/cluster-share-labels.ts';
import { clusterSides, takenAlike } from '../../statistics/cluster-sides.ts';
import { clusterSwapLabels } from '../../statistics/cluster-swap-labels.ts';
import { independentLabels, type PermutationLabels } from '../../statistics/permutation-labels.ts';
import type { DriftSample } from './drift-sample.ts';
import { numberNames } from './number-names.ts';

/** What is fixed before a check looks at anything. */
export interface DriftSettings {
  /** False-alarm probability of the whole check. */
  readonly alpha: number;
  readonly permutations: number;
  readonly seed: number;
}

/** A check under way: what every stream starts from. */
export interface DriftCheck {
  readonly reference: DriftSample;
  readonly batch: DriftSample;
  /** Whether the reference is a model's training set; then descriptors of both sides are as the model encodes them. */
  readonly ofModel: boolean;
  readonly settings: DriftSettings;
  /** The part of alpha that each stream has (Bonferroni over the streams of the check). */
  readonly streamAlpha: number;
  readonly backends: readonly BackendSource[];
  readonly signal?: AbortSignal;
}

/** Past so many deviations (the larger of two scores), batch and reference do not take alike from the clusters that both hold. */
const MOST_UNLIKE = 2.5;

/** Rows of both sides with their labels under the null; the reference's rows come first. */
export interface PooledRows {
  /** 1 = batch, 0 = reference; uint8 [rows] */
  readonly observed: Uint8Array;
  /** Cluster of each row, from 0 without gaps; each row its own where rows stand for themselves. uint32 [rows] */
  readonly clusters: Uint32Array;
  /** What a person calls each cluster: by the batch's name for it where it is there. */
  readonly series: readonly string[];
  readonly labels: PermutationLabels;
  readonly nullHypothesis: 'rows' | 'clusters';
}

/** Rows of both sides and their clusters, before any labels are drawn. */
export type GatheredRows = Omit<PooledRows, 'labels'>;

/** Puts rows of both sides one after the other. @param referenceRows, batchRows  rows to take; all when not said */
export function gatherRows(
  { reference, batch }: Pick<DriftCheck, 'reference' | 'batch'>,
  referenceRows: ArrayLike<number> = allRows(reference),
  batchRows: ArrayLike<number> = allRows(batch),
): GatheredRows {
  const size = referenceRows.length + batchRows.length;
  const observed = new Uint8Array(size).fill(1, referenceRows.length);
  const place = (at: number): [DriftSample, number] =>
    at < referenceRows.length
      ? [reference, referenceRows[at]]
      : [batch, batchRows[at - referenceRows.length]];
  const areClustered = reference.clusters !== null && batch.clusters !== null;
  const keys = Array.from(observed, (_, at) => {
    const [sample, row] = place(at);
    return (areClustered && sample.clusters?.[row]) || `row ${at}`;
  });
  const { numbers, names } = numberNames(keys);
  const series = names.map(() => '');
  // The batch comes last.
  for (const [at, number] of numbers.entries()) {
    const [sample, row] = place(at);
    series[number] = sample.series[row];
  }
  const nullHypothesis = areClustered ? 'clusters' : 'rows';
  return { observed, clusters: Uint32Array.from(numbers), series, nullHypothesis };
}

/** Labels of all rows of a check: most streams permute these. */
const ofWholeCheck = new WeakMap<object, PooledRows>();

/**
 * The labels of rows: rows that stand for themselves are exchangeable; clusters swap sides whole where both sides take
 * alike from the clusters they share, else shares of clusters change places.
 * @throws ERR_USAGE where no labels can be drawn, ERR_OUT_OF_MEMORY
 */
export function drawLabels(check: DriftCheck, rows: GatheredRows): PooledRows {
  const isWhole = rows.observed.length === check.reference.inchikeys.length + check.batch.inchikeys.length;
  const known = isWhole ? ofWholeCheck.get(check) : undefined;
  if (known) return known;
  const pooled = { ...rows, labels: labelsUnder(check.settings, rows) };
  if (isWhole) ofWholeCheck.set(check, pooled);
  return pooled;
}

/** Labels under the null that fits the rows. @throws ERR_USAGE, ERR_OUT_OF_MEMORY */
export function labelsUnder(
  { permutations, seed }: DriftSettings,
  { observed, clusters, nullHypothesis }: GatheredRows,
): PermutationLabels {
  const request = { observed, permutations, seed };
  if (nullHypothesis === 'rows') return independentLabels(request);
  const alike = Math.abs(takenAlike(clusterSides(clusters, observed))) <= MOST_UNLIKE;
  return alike ? clusterSwapLabels(request, clusters) : clusterShareLabels(request, clusters);
}

const allRows = ({ inchikeys }: DriftSample): Uint32Array => Uint32Array.from(inchikeys.keys());

/** Runs an operation on the first of the check's backends that can. @throws ERR_NO_BACKEND, and as the operation */
export async function runOperation<Name extends OperationName, Result>(
  { backends }: Pick<DriftCheck, 'backends'>,
  operation: Name,
  use: (run: Operations[Name]) => Promise<Result>,
): Promise<Result> {
  return (await runOnFirst(operation, backends, use)).result;
}
