import { finiteValues } from './finite-values.ts';
import { firstAtLeast } from './first-at-least.ts';

/**
 * Conformal p of each new value: how rare so large a value is among the calibration values, (1 + #{calibration >= value}) /
 * (n + 1). Each is valid by itself where it and the calibration values are exchangeable, and Benjamini-Hochberg over all
 * of them keeps its rate although they share the calibration values.
 * @param calibration  float [n], of rows that were held out
 * @param values       float [m]; large is strange
 * @returns float64 [m] in (0, 1], 1 where there are no calibration values; the caller owns it
 * @throws ERR_USAGE where a value is not finite
 * @source Bates et al. 2023, doi:10.1214/22-AOS2244
 */
export function conformalP(calibration: ArrayLike<number>, values: ArrayLike<number>): Float64Array {
  const sorted = finite(calibration, 'the calibration').sort();
  return finite(values, 'the batch').map(
    (value) => (1 + sorted.length - firstAtLeast(sorted, value)) / (sorted.length + 1),
  );
}

/** None is fine here: the answer is known, or there is nothing to answer. */
function finite(values: ArrayLike<number>, what: string): Float64Array {
  return values.length === 0 ? new Float64Array() : finiteValues(values, what);
}
