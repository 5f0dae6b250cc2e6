import { MMD_TIE, type MmdInput, type MmdResult, summarizeMmd } from './mmd.ts';
import type { MmdProblem } from './mmd-problem.ts';
import { COLUMNS_FOR_SPREAD, hundredthOfSpread } from './mmd-sums.ts';
import type { Operations } from './ops.ts';

/** How often the largest error seen a column's own error could be. */
const ERROR_FACTOR = 64;

/**
 * Makes estimates of MMD answer as exact values do: the observed column, and the permuted ones that came too near it to say
 * on which side they are, are computed again by a backend that computes them exactly.
 *
 * A column is near within 0.01 standard deviations of the permuted columns, or within 64 times the largest error seen on
 * columns computed both ways where that is more; this is asked again after each round, since a round can show a larger error.
 * Where there are fewer than 100 permuted columns all are computed exactly, and none is estimated.
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
  const refined = new Set([0]);
  let near = columnsNear(values, margins, refined);
  do {
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
    near = columnsNear(values, margins, refined);
  } while (near.length > 0);
  return summarizeMmd(values, columns);
}

/** Permuted columns that are not yet exact and within a kernel's margin of its observed value. */
function columnsNear(
  values: Float64Array,
  margins: readonly number[],
  refined: ReadonlySet<number>,
): number[] {
  const columns = values.length / margins.length;
  const near = new Set<number>();
  for (const [k, margin] of margins.entries()) {
    const [observed, ...permuted] = values.subarray(k * columns, (k + 1) * columns);
    for (const [i, value] of permuted.entries()) {
      if (Math.abs(value - observed) <= margin + 2 * MMD_TIE && !refined.has(i + 1)) near.add(i + 1);
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
