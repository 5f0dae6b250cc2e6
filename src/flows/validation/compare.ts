import type { Manifest } from '../../core/artifact.ts';
import { areaUnderRoc } from '../../statistics/area-under-roc.ts';
import { brierScore } from '../../statistics/brier-score.ts';
import { meanAbsoluteError } from '../../statistics/mean-absolute-error.ts';
import { rootMeanSquareError } from '../../statistics/root-mean-square-error.ts';
import { spearman } from '../../statistics/spearman.ts';
import { type PairedDifference, pairedDifference } from './paired-difference.ts';
import type { SplitResult } from './split-report.ts';

type Statistic = (actual: Float64Array, predicted: Float64Array) => number;

const COMPARED: Readonly<Record<'regression' | 'classification', Readonly<Record<string, Statistic>>>> = {
  regression: { MAE: meanAbsoluteError, RMSE: rootMeanSquareError, Spearman: spearman },
  classification: { AUROC: areaUnderRoc, Brier: brierScore },
};

/** Figures of two artifacts on the same rows. */
export interface Comparison {
  /** `endpoint@version` and artifact hash of both. */
  readonly first: { readonly model: string; readonly hash: string };
  readonly second: { readonly model: string; readonly hash: string };
  readonly figures: Readonly<
    Record<
      string,
      {
        readonly first: number;
        readonly second: number;
        /** Second minus first, over the same draws of whole scaffolds. */
        readonly difference: PairedDifference;
      }
    >
  >;
}

/** Sets figures of two artifacts on the same rows side by side; requireComparable says whether that is allowed. */
export function compareResults(
  left: Manifest,
  first: SplitResult,
  right: Manifest,
  second: SplitResult,
): Comparison {
  const { actual, groups } = first.rows;
  const all = Uint32Array.from(actual, (_, i) => i);
  const figures = Object.entries(COMPARED[first.kind]).map(([name, statistic]) => {
    const of = (predicted: Float64Array) => (rows: Uint32Array) =>
      statistic(
        Float64Array.from(rows, (i) => actual[i]),
        Float64Array.from(rows, (i) => predicted[i]),
      );
    const [one, other] = [of(first.rows.predicted), of(second.rows.predicted)];
    const difference = pairedDifference(groups, one, other);
    return [name, { first: one(all), second: other(all), difference }];
  });
  const named = ({ endpoint, version, hash }: Manifest) => ({ model: `${endpoint.id}@${version}`, hash });
  return { first: named(left), second: named(right), figures: Object.fromEntries(figures) };
}
