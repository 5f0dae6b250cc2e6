import { type EquivalenceMargin, twoSampleEquivalence } from '../../statistics/equivalence-test.ts';
import type { ShiftAndEquivalence } from '../../statistics/proxies.ts';
import type { PooledRows } from './drift-check.ts';
import { meanShift } from './mean-shift.ts';

/** Whether a mean has moved, or is shown to be the same; and that of the batch less that of the reference. */
export type Shift = ShiftAndEquivalence & { readonly shift: number };

/** Whether a mean is the same within a margin. Compounds of a cluster are not independent: each enters with its mean. */
export function isSame(
  pooled: PooledRows,
  values: Float64Array,
  limits: EquivalenceMargin,
): Pick<Shift, 'equivalent' | 'equivalenceP' | 'shift'> {
  const [reference, batch] = [0, 1].map((side) => clusterMeans(pooled, values, side));
  const { equivalent, p } = twoSampleEquivalence(reference, batch, limits);
  return { equivalent, equivalenceP: p, shift: meanShift(values, pooled.observed) };
}

function clusterMeans({ observed, clusters }: PooledRows, values: Float64Array, side: number): number[] {
  const own = [...values.keys()].filter((row) => observed[row] === side);
  return Array.from(
    Map.groupBy(own, (row) => clusters[row]).values(),
    (rows) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length,
  );
}

/** Standard deviation of a sample; NaN of one value. */
export function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
