import { MMD_TIE, type MmdInput, type MmdResult, summarizeMmd } from './mmd.ts';
import type { MmdProblem } from './mmd-problem.ts';
import { COLUMNS_FOR_SPREAD, centredScale, hundredthOfSpread } from './mmd-sums.ts';
import type { Operations } from './ops.ts';

/** How often the largest error seen a column's own error could be. */
const ERROR_FACTOR = 64;
/** Permuted columns, the first ones, that are computed both ways whatever their values are: to see errors. */
const EVIDENCE = 15;
/** Error of an element of C in float32, at most: 16 roundings of a number up to 1. |C| is at most 3, K at most 1. */
const ELEMENT_ERROR = 2 ** -20;
/** Deviations that no sum of independent errors reaches: by Hoeffding's inequality one in 4e13 does. */
const MOST_DEVIATIONS = 8;
/** Columns of so many rounds cost the exact backend more than all at once, in its own way. */
const MOST_ROUNDS = 3;

/**
 * Makes estimates of MMD answer as exact values do: the observed column, and the permuted ones that came too near it to say
 * on which side they are, are computed again by a backend that computes them exactly.
 *
 * A column is near within the largest of
 *
 * - 0.01 standard deviations of the permuted columns
 * - 64 times the largest error seen on columns computed both ways, the first 15 and those that were near; this is asked again
 *   after each round, since a round can show a larger error
 * - 8 deviations of a sum of errors of 2^-20 of its own elements, c sqrt(2 n (n - 1)) 2^-20: with few rows in X a few
 *   elements decide, and no other column shows their errors
 *
 * So exceedances are exact where elements have errors of at most 2^-20 each, and errors that do not cancel, those of sums or
 * of many elements alike, are less than 64 times as large as in the columns seen. This is not proved for every device.
 *
 * Where there are fewer than 100 permuted columns, or so many are near that they take more than 3 rounds, all are computed
 * exactly.
 *
 * Backends judge so few by the bound of their own roundings alone, so the exact one is never asked for more at once.
 * @param problem   of the same input
 * @param estimate  float64 [kernels, columns], column 0 observed; permuted columns within 1e-5
 * @param exact     another backend's operation
 * @returns exceedances and p equal to the exact backend's
 * @throws what `estimate` and `exact` throw
 */
export async function refineMmd(
  input: MmdInput,
  problem: MmdProblem,
  estimate: () => Promise<Float64Array>,
  exact: Operations['mmd'],
  options: { readonly signal?: AbortSignal } = {},
): Promise<MmdResult> {
  const columns = problem.labels.count;
  if (columns - 1 < COLUMNS_FOR_SPREAD) return exact(input, options);
  const estimates = await estimate();
  const values = estimates.slice();
  const kernels = values.length / columns;
  const margins = Array.from({ length: kernels }, (_, k) =>
    hundredthOfSpread(estimates.subarray(k * columns + 1, (k + 1) * columns)),
  );
  const errors = Float64Array.from(problem.rowsInX, (n) => errorOfColumn(n, problem.shape.count - n));
  const refined = new Set([0]);
  const evidence = Array.from({ length: EVIDENCE }, (_, i) => i + 1);
  let near = [...new Set([...evidence, ...columnsNear(values, margins, errors, refined)])];
  do {
    if (near.length > MOST_ROUNDS * (COLUMNS_FOR_SPREAD - 1)) return exact(input, options);
    const chosen = [0, ...near.slice(0, COLUMNS_FOR_SPREAD - 1)];
    const labels = { columns: pickColumns(problem, chosen) };
    const found = (await exact({ ...input, labels }, options)).values;
    for (let k = 0; k < kernels; k++) {
      for (const [i, column] of chosen.entries()) {
        const place = k * columns + column;
        values[place] = found[k * chosen.length + i];
        const error = Math.abs(values[place] - estimates[place]);
        margins[k] = Math.max(margins[k], ERROR_FACTOR * error);
        refined.add(column);
      }
    }
    near = columnsNear(values, margins, errors, refined);
  } while (near.length > 0);
  return summarizeMmd(values, columns);
}

/** Error that a column's own elements may give it. @param n rows in X @param m rows in Y */
function errorOfColumn(n: number, m: number): number {
  const few = Math.min(n, m);
  return MOST_DEVIATIONS * centredScale(n, m) * Math.sqrt(2 * few * (few - 1)) * ELEMENT_ERROR;
}

/** Permuted columns that are not yet exact and within a kernel's margin, or their own, of its observed value. */
function columnsNear(
  values: Float64Array,
  margins: readonly number[],
  errors: Float64Array,
  refined: ReadonlySet<number>,
): number[] {
  const columns = values.length / margins.length;
  const near = new Set<number>();
  for (const [k, margin] of margins.entries()) {
    const [observed, ...permuted] = values.subarray(k * columns, (k + 1) * columns);
    for (const [i, value] of permuted.entries()) {
      if (Math.abs(value - observed) <= Math.max(margin, errors[i + 1]) + 2 * MMD_TIE && !refined.has(i + 1))
        near.add(i + 1);
    }
  }
  return [...near].sort((i, j) => i - j);
}

function pickColumns({ labels: { bits, bytes } }: MmdProblem, chosen: readonly number[]): Uint8Array {
  const picked = new Uint8Array(chosen.length * bytes);
  for (const [i, column] of chosen.entries()) {
    picked.set(bits.subarray(column * bytes, (column + 1) * bytes), i * bytes);
  }
  return picked;
}
