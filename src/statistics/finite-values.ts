import { AssayerError } from '../core/errors.ts';

/** Refuses an argument that no statistic can be computed from. @throws ERR_USAGE */
export function refuse(problem: string): never {
  throw new AssayerError('ERR_USAGE', { problem });
}

/**
 * A copy of measured values, once each is known to be a number: a missing value left in would make a silent NaN, or
 * a wrong rank.
 * @param values  float [n]
 * @param what    names the values in the message: `column logD of the batch`
 * @returns float64 [n], n >= 1; the caller owns it
 * @throws ERR_USAGE where there are none, or one is NaN or infinite
 */
export function finiteValues(values: ArrayLike<number>, what: string): Float64Array {
  if (values.length === 0)
    refuse(`There are no values for ${what}. Leave the column out, or give rows that have it.`);
  const copy = Float64Array.from(values);
  const bad = copy.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    refuse(`Value ${bad} of ${what} is ${copy[bad]}. Count the missing values, and drop them first.`);
  }
  return copy;
}

/** The same for values in pairs. @throws ERR_USAGE, also where the lengths differ */
export function finitePairs(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  what: string,
): [first: Float64Array, second: Float64Array] {
  if (first.length !== second.length) {
    refuse(
      `There are ${first.length} first and ${second.length} second values of ${what}. Give them in pairs.`,
    );
  }
  return [finiteValues(first, `the first ${what}`), finiteValues(second, `the second ${what}`)];
}
