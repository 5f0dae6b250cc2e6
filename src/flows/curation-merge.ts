import type { RawRecord } from './curation.ts';

/** -1 the true value is at or below the one given, 0 it is that one, 1 it is at or above. */
export type Relation = -1 | 0 | 1;

/** What one row of a raw file says about its compound, on the modelled scale. */
export interface Measurement {
  readonly record: RawRecord;
  readonly y: number;
  readonly relation: Relation;
}

/** Values of one compound further apart than this contradict each other; modelled scale, all in log10 units. */
const LARGEST_SPREAD = 0.5;
/** Least share of a class among the rows of one compound. */
const LEAST_MAJORITY = 2 / 3;

/**
 * One measurement out of all rows of a compound, in the order of the file. Numbers: the median of the exact values,
 * in the first row that holds one, if they lie within 0.5 and no bound is broken by more; without an exact value the
 * tightest bound, if all point one way. Classes: the label of at least two thirds of the rows, in its first row.
 * @returns null where the rows contradict each other
 */
export function mergeDuplicates(
  kind: 'regression' | 'classification',
  rows: readonly Measurement[],
): Measurement | null {
  if (rows.length === 1) return rows[0];
  return kind === 'classification' ? majority(rows) : medianOrBound(rows);
}

function majority(rows: readonly Measurement[]): Measurement | null {
  const ones = rows.filter(({ y }) => y === 1);
  const zeros = rows.filter(({ y }) => y === 0);
  const [more] = ones.length > zeros.length ? ones : zeros;
  const share = Math.max(ones.length, zeros.length) / rows.length;
  return share >= LEAST_MAJORITY ? more : null;
}

function medianOrBound(rows: readonly Measurement[]): Measurement | null {
  const exact = rows.filter(({ relation }) => relation === 0);
  if (exact.length === 0) return tightest(rows);
  const sorted = exact.map(({ y }) => y).sort((a, b) => a - b);
  const median = (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
  if (sorted[sorted.length - 1] - sorted[0] > LARGEST_SPREAD) return null;
  // Above an upper bound (relation -1) or below a lower one (1) by more than measurements of one compound differ.
  const isBroken = rows.some(({ y, relation }) => relation * (y - median) > LARGEST_SPREAD);
  return isBroken ? null : { ...exact[0], y: median };
}

function tightest(bounds: readonly Measurement[]): Measurement | null {
  const [{ relation }] = bounds;
  if (bounds.some((other) => other.relation !== relation)) return null;
  return bounds.reduce((best, other) => (relation * (other.y - best.y) > 0 ? other : best));
}
