import { refuse } from './finite-values.ts';

/**
 * One p-value of several for one hypothesis, whatever their dependence: twice their median. For tests that split the data at
 * random, so that the answer does not hang on one split.
 * @param ps  float [n], n >= 1, each valid by itself
 * @returns the only one itself; of an even number the upper middle one counts
 * @throws ERR_USAGE for none
 * @source Meinshausen, Meier & Buhlmann 2009, doi:10.1198/jasa.2009.tm08647, with gamma = 1/2
 */
export function combineSplits(ps: readonly number[]): number {
  if (ps.length === 0) refuse('There are no p-values to combine.');
  if (ps.length === 1) return ps[0];
  return Math.min(1, 2 * upperMedian(ps));
}

/** The middle of the sorted values; of an even number the larger of the two. */
function upperMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
