import { inverseMills } from './normal.ts';
import type { TrainingData } from './training-data.ts';

/** prediction = center + spread * output of the network */
export interface TargetScale {
  readonly center: number;
  readonly spread: number;
}

/**
 * Deviation of a measurement from its prediction that bounds are read with, in spreads. With 0.6 bounds pulled so hard
 * that exact values of hERG were predicted worse (docs/trainers-tried.md).
 */
const BOUND_DEVIATION = 0.2;

/** Mean and deviation of the exact values; for classes the log odds of the positive rate, and 1. */
export function targetScale(
  kind: 'regression' | 'classification',
  { y, relation }: TrainingData,
): TargetScale {
  const exact = relation ? y.filter((_, i) => relation[i] === 0) : y;
  const mean = exact.reduce((sum, value) => sum + value, 0) / exact.length;
  if (kind === 'classification') return { center: Math.log(mean / (1 - mean)), spread: 1 };
  const variance = exact.reduce((sum, value) => sum + (value - mean) ** 2, 0) / exact.length;
  return { center: mean, spread: Math.sqrt(variance) || 1 };
}

/**
 * Slope of a row's loss by the network's output: logistic for classes; half the squared error in spreads for values,
 * and for a bound the negative log probability (times the deviation squared, as the squared error is) that a value
 * with this mean lies beyond it.
 * @source Tobin 1958, doi:10.2307/1907382
 */
export function lossSlope(
  kind: 'regression' | 'classification',
  { y, relation }: TrainingData,
  { center, spread }: TargetScale,
): (row: number, output: number) => number {
  if (kind === 'classification') return (row, output) => logistic(output + center) - y[row];
  const target = y.map((value) => (value - center) / spread);
  return (row, output) => {
    const over = output - target[row];
    const side = relation?.[row] ?? 0;
    return side === 0 ? over : -side * BOUND_DEVIATION * inverseMills((side * over) / BOUND_DEVIATION);
  };
}

export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
