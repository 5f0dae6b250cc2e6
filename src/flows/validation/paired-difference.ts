import { seededRandom } from '../../core/random.ts';

/** A difference of one figure between two models on the same rows. */
export interface PairedDifference {
  /** Second minus first. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the bootstrap's differences. */
  readonly standardError: number;
}

const DRAWS = 1000;

/**
 * Difference of a statistic between two models, by a bootstrap that draws the same whole scaffolds for both: what rows
 * have in common cancels, so it is far narrower than the two intervals seen side by side.
 * @param groups  int [n], scaffold of each row
 * @param first   the statistic of the first model on the rows named, which may repeat
 * @param second  of the second
 * @source Davison & Hinkley 1997, doi:10.1017/CBO9780511802843
 */
export function pairedDifference(
  groups: ArrayLike<number>,
  first: (rows: Uint32Array) => number,
  second: (rows: Uint32Array) => number,
): PairedDifference {
  const all = Uint32Array.from(groups, (_, i) => i);
  const clusters = [...Map.groupBy(all.keys(), (i) => groups[i]).values()];
  const random = seededRandom(0);
  const draws: number[] = [];
  for (let draw = 0; draw < DRAWS; draw++) {
    const rows: number[] = [];
    for (let i = 0; i < clusters.length; i++) rows.push(...clusters[Math.floor(random() * clusters.length)]);
    const drawn = Uint32Array.from(rows);
    const difference = second(drawn) - first(drawn);
    if (!Number.isNaN(difference)) draws.push(difference);
  }
  draws.sort((a, b) => a - b);
  const mean = draws.reduce((sum, difference) => sum + difference, 0) / draws.length;
  const squares = draws.reduce((sum, difference) => sum + (difference - mean) ** 2, 0);
  return {
    value: second(all) - first(all),
    low: draws[Math.floor(0.025 * (draws.length - 1))],
    high: draws[Math.ceil(0.975 * (draws.length - 1))],
    standardError: Math.sqrt(squares / (draws.length - 1)),
  };
}
