import { type EquivalenceMargin, twoSampleEquivalence } from '../../statistics/equivalence-test.ts';
import type { ShiftAndEquivalence } from '../../statistics/proxies.ts';
import type { PooledRows } from './drift-check.ts';

/** Whether a mean has moved, or is shown to be the same; and that of the batch less that of the reference. */
export type Shift = ShiftAndEquivalence & { readonly shift: number };

/** Whether the mean that is tested for a shift, over rows, is the same within a margin; compounds of a cluster belong together. */
export function isSame(
  { observed, clusters }: PooledRows,
  values: Float64Array,
  limits: EquivalenceMargin,
): Pick<Shift, 'equivalent' | 'equivalenceP' | 'shift'> {
  const [reference, batch] = [0, 1].map((side) => {
    const rows = Uint32Array.from(observed.keys()).filter((row) => observed[row] === side);
    return {
      values: Float64Array.from(rows, (row) => values[row]),
      clusters: rows.map((row) => clusters[row]),
    };
  });
  const { equivalent, p, difference } = twoSampleEquivalence(reference.values, batch.values, limits, {
    reference: reference.clusters,
    batch: batch.clusters,
  });
  return { equivalent, equivalenceP: p, shift: difference };
}

/** Standard deviation of a sample; NaN of one value. */
export function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
