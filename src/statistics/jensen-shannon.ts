import { categoryCounts } from './category-counts.ts';

/**
 * Jensen-Shannon distance: the square root of the divergence in bits, on raw shares.
 * @param reference  whole [k], rows by category or bin
 * @param batch      whole [k]
 * @returns in [0, 1]; 1 where no category has rows of both sides
 * @throws ERR_USAGE, as categoryCounts
 * @source Lin 1991, doi:10.1109/18.61115; Endres & Schindelin 2003, doi:10.1109/TIT.2003.813506
 */
export function jensenShannon(reference: ArrayLike<number>, batch: ArrayLike<number>): number {
  const counts = categoryCounts(reference, batch);
  let divergence = 0;
  for (const [k, count] of counts.reference.entries()) {
    const p = count / counts.n;
    const q = counts.batch[k] / counts.m;
    divergence += (bits(p, (p + q) / 2) + bits(q, (p + q) / 2)) / 2;
  }
  return Math.sqrt(Math.min(1, Math.max(0, divergence)));
}

function bits(share: number, middle: number): number {
  return share === 0 ? 0 : share * Math.log2(share / middle);
}
