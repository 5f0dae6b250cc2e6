import { refuse } from './finite-values.ts';
import { firstAtLeast } from './first-at-least.ts';
import { tieWidth } from './permutation-test.ts';
import { sortedOrder } from './ranks.ts';

/** The same permutations of the labels for every statistic, so that their dependence is kept. */
export interface PermutedStatistics {
  readonly names: readonly string[];
  /** float64 [names, B + 1], larger is more extreme, column 0 observed */
  readonly values: Float64Array;
}

/** Each in the order of `names`, float64 [names], in [1 / (B + 1), 1]. */
export interface WestfallYoung {
  /** p of each statistic alone. */
  readonly raw: Float64Array;
  /** Adjusted in one step: against the most extreme of all. */
  readonly singleStep: Float64Array;
  /** Adjusted by stepping down: against the most extreme of those not yet rejected. Never above `singleStep`. */
  readonly stepDown: Float64Array;
  /** Smallest adjusted p that so many permutations can be relied on to reach; above alpha, nothing can be found. */
  readonly least: number;
}

/**
 * Family-wise error by max-T. The rows must be on one scale (KS with one n and m, say), or the wide ones rule; where
 * they are not, use `westfallYoungMinP`.
 * @throws ERR_USAGE where the shape does not fit, or a value is NaN
 * @source Westfall & Young 1993, ISBN 978-0-471-55761-6; Ge, Dudoit & Speed 2003, doi:10.1007/BF02595811
 */
export function westfallYoungMaxT(statistics: PermutedStatistics): WestfallYoung {
  const columns = checkStatistics(statistics);
  return { ...adjust(statistics.values, columns), least: 1 / columns };
}

/**
 * Family-wise error by min-p: each row is first replaced by its p-values within itself, so that rows of any scale
 * count alike. Each row has a column of its smallest p, and these tie: it needs B + 1 >= names / alpha.
 * @throws ERR_USAGE where the shape does not fit, or a value is NaN
 * @source as westfallYoungMaxT
 */
export function westfallYoungMinP(statistics: PermutedStatistics): WestfallYoung {
  const columns = checkStatistics(statistics);
  const rows = statistics.names.length;
  const scores = new Float64Array(statistics.values.length);
  for (let row = 0; row < rows; row++) {
    const values = statistics.values.subarray(row * columns, (row + 1) * columns);
    const sorted = Float64Array.from(values).sort();
    for (let b = 0; b < columns; b++) {
      // Minus the number of columns at least as extreme: larger is again more extreme.
      scores[row * columns + b] = firstAtLeast(sorted, values[b] - tieWidth(values[b])) - columns;
    }
  }
  return { ...adjust(scores, columns), least: Math.min(1, rows / columns) };
}

/** @returns B + 1 */
function checkStatistics({ names, values }: PermutedStatistics): number {
  const columns = values.length / names.length;
  if (!Number.isInteger(columns) || columns < 2) {
    refuse(`${values.length} values do not fit ${names.length} statistics. Give B + 1 of each, B >= 1.`);
  }
  for (const [row, name] of names.entries()) {
    for (let b = 0; b < columns; b++) {
      const value = values[row * columns + b];
      if (Number.isNaN(value)) {
        refuse(
          `Statistic ${name} is not a number in column ${b}. Leave out what cannot be computed, and say so.`,
        );
      }
    }
  }
  return columns;
}

function adjust(values: Float64Array, columns: number): Omit<WestfallYoung, 'least'> {
  const rows = values.length / columns;
  const observed = Float64Array.from({ length: rows }, (_, row) => values[row * columns]);
  const descending = sortedOrder(observed).reverse();
  const maxima = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  const raw = new Float64Array(rows);
  const singleStep = new Float64Array(rows);
  const stepDown = new Float64Array(rows);
  /** Column 0 always counts, so that no p is 0. */
  const shareAtLeast = (column: Float64Array, row: number) => {
    const reached = observed[row] - tieWidth(observed[row]);
    let count = 0;
    for (const value of column) if (value >= reached) count++;
    return count / columns;
  };
  // From the least extreme up: the maximum over it and all less extreme ones is the step-down null.
  for (const row of descending.toReversed()) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    for (let b = 0; b < columns; b++) maxima[b] = Math.max(maxima[b], own[b]);
    raw[row] = shareAtLeast(own, row);
    stepDown[row] = shareAtLeast(maxima, row);
  }
  let least = 0;
  for (const row of descending) {
    singleStep[row] = shareAtLeast(maxima, row);
    least = Math.max(least, stepDown[row]);
    stepDown[row] = least;
  }
  return { raw, singleStep, stepDown };
}
