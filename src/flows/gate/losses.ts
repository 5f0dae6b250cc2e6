import { areaUnderRoc } from '../../statistics/area-under-roc.ts';
import { brierScore } from '../../statistics/brier-score.ts';
import { meanAbsoluteError } from '../../statistics/mean-absolute-error.ts';

/** A figure that two models are compared by; less is better. */
export interface Loss {
  readonly name: string;
  /** relative: a margin is a share of the other's loss. absolute: it is in the loss's own unit. */
  readonly scale: 'relative' | 'absolute';
  of(actual: Float64Array, predicted: Float64Array): number;
}

const MAE: Loss = { name: 'MAE', scale: 'relative', of: meanAbsoluteError };
const BRIER: Loss = { name: 'Brier', scale: 'relative', of: brierScore };
const RANKING: Loss = { name: '1 - AUROC', scale: 'absolute', of: (y, p) => 1 - areaUnderRoc(y, p) };

/** By what models of a kind are compared: classes by their order and by their probabilities. */
export const LOSSES: Readonly<Record<'regression' | 'classification', readonly Loss[]>> = {
  regression: [MAE],
  classification: [RANKING, BRIER],
};

/** The values of the rows named, which may repeat. */
export function take(values: ArrayLike<number>, rows: ArrayLike<number>): Float64Array {
  return Float64Array.from(rows, (row) => values[row]);
}
