import { refuse } from './finite-values.ts';

/** Rows by category (or bin) on the two sides; categories with no rows at all are left out. */
export interface CategoryCounts {
  readonly reference: readonly number[];
  readonly batch: readonly number[];
  /** Rows of the reference, >= 1. */
  readonly n: number;
  /** Rows of the batch, >= 1. */
  readonly m: number;
}

/**
 * Checks the counts of two sides.
 * @param reference  whole [k], rows by category
 * @param batch      whole [k], the same categories
 * @throws ERR_USAGE where lengths differ, a count is no whole number, or a side has no rows
 */
export function categoryCounts(reference: ArrayLike<number>, batch: ArrayLike<number>): CategoryCounts {
  if (reference.length !== batch.length) {
    refuse(
      `The reference has ${reference.length} categories and the batch ${batch.length}. Count both by one list.`,
    );
  }
  const sides = [Array.from(reference), Array.from(batch)];
  for (const [i, side] of sides.entries()) {
    const name = i === 0 ? 'reference' : 'batch';
    const bad = side.findIndex((count) => !Number.isSafeInteger(count) || count < 0);
    if (bad >= 0) refuse(`Category ${bad} of the ${name} has ${side[bad]} rows. Give whole numbers.`);
    if (side.every((count) => count === 0)) refuse(`No category of the ${name} has any rows.`);
  }
  const [x, y] = sides.map((side) => side.filter((_, i) => sides[0][i] + sides[1][i] > 0));
  return { reference: x, batch: y, n: total(x), m: total(y) };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
