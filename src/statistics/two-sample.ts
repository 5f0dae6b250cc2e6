import { finiteValues } from './finite-values.ts';

/** One column on the two sides that are compared, checked and sorted once for every statistic. */
export interface TwoSample {
  readonly column: string;
  /** The reference. float64 [n], ascending, n >= 1 */
  readonly x: Float64Array;
  /** The batch. float64 [m], ascending, m >= 1 */
  readonly y: Float64Array;
}

/**
 * Checks and sorts the two sides of a column.
 * @param column     its name, for messages
 * @param reference  float [n]
 * @param batch      float [m], same unit
 * @throws ERR_USAGE where a side is empty or holds NaN or an infinity
 */
export function twoSample(column: string, reference: ArrayLike<number>, batch: ArrayLike<number>): TwoSample {
  const x = finiteValues(reference, `column ${column} of the reference`).sort();
  const y = finiteValues(batch, `column ${column} of the batch`).sort();
  return { column, x, y };
}

/** @param i rows of x, and @param j rows of y, up to and including `value`; `next` is the value after it. */
export type AtStep = (i: number, j: number, value: number, next: number) => void;

/** Walks the pooled distinct values upwards; both empirical distribution functions are constant between them. */
export function walkSteps({ x, y }: TwoSample, atStep: AtStep): void {
  let i = 0;
  let j = 0;
  while (i < x.length || j < y.length) {
    const value = Math.min(x[i] ?? Number.POSITIVE_INFINITY, y[j] ?? Number.POSITIVE_INFINITY);
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    const next = Math.min(x[i] ?? Number.POSITIVE_INFINITY, y[j] ?? Number.POSITIVE_INFINITY);
    atStep(i, j, value, next);
  }
}
