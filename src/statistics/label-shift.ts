import { batchAboveReference } from './batch-above-reference.ts';
import { energyDistance } from './energy-distance.ts';
import { refuse } from './finite-values.ts';
import { type KolmogorovSmirnov, kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { type QuantileShift, quantileShifts } from './quantile-shifts.ts';
import { type ShareShift, shareShift } from './share-shift.ts';
import { twoSample } from './two-sample.ts';
import { standardizedWasserstein, wasserstein } from './wasserstein.ts';

/** Measured values of one side. */
export interface MeasuredValues {
  /** float [n], on the modelled scale */
  readonly values: ArrayLike<number>;
  /** [n], -1 where the true value is below (<), 1 above (>), 0 as measured */
  readonly relations: ArrayLike<number>;
}

export interface LabelShift {
  /** Censored rows enter the distribution at their bound, where they tie. */
  readonly ks: KolmogorovSmirnov;
  /** In the values' unit. */
  readonly wasserstein: number;
  /** Over the reference's standard deviation; NaN where that is 0 or there is one row. */
  readonly standardizedWasserstein: number;
  readonly energyDistance: number;
  /** P(batch value > reference value), ties half. */
  readonly batchAbove: number;
  readonly quantiles: readonly QuantileShift[];
  /** Rows at or below the assay's lower bound; null where it has none. */
  readonly atLower: ShareShift | null;
  /** Rows at or above the assay's upper bound; null where it has none. */
  readonly atUpper: ShareShift | null;
  /** Rows reported as <. */
  readonly censoredBelow: ShareShift;
  /** Rows reported as >. */
  readonly censoredAbove: ShareShift;
}

/**
 * Shift of what was measured: of the values, of the share that stands at the assay's bounds (a dynamic range that no
 * longer fits the chemistry, or a changed top concentration), and of censoring (a lab that reports otherwise). It says
 * that labels moved, not why: new chemistry and a new protocol look alike here; bridge compounds tell them apart.
 * @param bounds  of the assay, on the same scale
 * @throws ERR_USAGE where a side has no rows, a value is not finite, or a relation is none of -1, 0, 1
 */
export function labelShift(
  reference: MeasuredValues,
  batch: MeasuredValues,
  bounds: { readonly lower?: number; readonly upper?: number } = {},
): LabelShift {
  checkRelations(reference, 'reference');
  checkRelations(batch, 'batch');
  const sample = twoSample('measured values', reference.values, batch.values);
  const { x, y } = sample;
  const shift = (
    left: ArrayLike<number>,
    right: ArrayLike<number>,
    isCounted: (value: number) => boolean,
  ): ShareShift =>
    shareShift(
      Array.from(left).filter(isCounted).length,
      x.length,
      Array.from(right).filter(isCounted).length,
      y.length,
    );
  const { lower, upper } = bounds;
  return {
    ks: kolmogorovSmirnov(sample),
    wasserstein: wasserstein(sample),
    standardizedWasserstein: standardizedWasserstein(sample),
    energyDistance: energyDistance(sample),
    batchAbove: batchAboveReference(sample),
    quantiles: quantileShifts(sample, [0.1, 0.5, 0.9]),
    atLower: lower === undefined ? null : shift(x, y, (value) => value <= lower),
    atUpper: upper === undefined ? null : shift(x, y, (value) => value >= upper),
    censoredBelow: shift(reference.relations, batch.relations, (relation) => relation === -1),
    censoredAbove: shift(reference.relations, batch.relations, (relation) => relation === 1),
  };
}

function checkRelations({ values, relations }: MeasuredValues, side: string): void {
  if (relations.length !== values.length) {
    refuse(
      `The ${side} has ${values.length} measured values and ${relations.length} relations. Give one each.`,
    );
  }
  const bad = Array.from(relations).findIndex((relation) => ![-1, 0, 1].includes(relation));
  if (bad >= 0)
    refuse(`Relation ${bad} of the ${side} is ${relations[bad]}. Give -1 for <, 1 for >, else 0.`);
}
