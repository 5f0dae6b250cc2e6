import { MMD_TIE } from '../../core/mmd.ts';
import type { MmdProblem } from '../../core/mmd-problem.ts';
import { centredScale, hundredthOfSpread } from '../../core/mmd-sums.ts';
import { ROUNDINGS } from './mmd-kernel.ts';

/** Largest relative error of one rounding to float32. */
const ROUNDING_ERROR = 2 ** -24;

/**
 * Permuted columns whose float32 value is too near the observed one to say on which side of it they are.
 *
 * The error of a value is at most ROUNDINGS roundings of every |C|: that bound is proved, and all there is below 100 permuted
 * columns. It is some per cent of the spread of a few thousand rows and grows with their number, while errors that were seen
 * are some 1e-6 of it and do not. So from 100 columns on, where it is less, a heuristic takes its place, which is not proved:
 * 0.01 standard deviations, or 64 times the error that the observed column had.
 * What K is centred by does not matter to the value (MmdRun), only to the magnitudes; it is put right in float64. Of 1,024
 * rows whose sample of 128 is all of one kind, and the rest of another, the largest error was 4e-5 of a deviation, 60 times
 * that of a like sample, and 240 times less than the heuristic allows.
 * @param values     float64 [columns]; column 0 is the float32 estimate of `observed`
 * @param magnitude  sum of all |C|
 */
export function columnsNear(
  values: Float64Array,
  observed: number,
  magnitude: number,
  { shape, rowsInX }: MmdProblem,
): number[] {
  const permuted = values.subarray(1);
  const seen = 64 * Math.abs(values[0] - observed);
  const spread = Math.max(seen, hundredthOfSpread(permuted));
  const near: number[] = [];
  for (const [i, value] of permuted.entries()) {
    const n = rowsInX[i + 1];
    const bound = centredScale(n, shape.count - n) * magnitude * ROUNDINGS * ROUNDING_ERROR;
    if (Math.abs(value - observed) <= Math.min(bound, spread) + 2 * MMD_TIE) near.push(i + 1);
  }
  return near;
}
