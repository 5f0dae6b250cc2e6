import { seededRandom } from '../core/random.ts';
import { refuse } from './finite-values.ts';

/**
 * Folds of about equal size that keep every cluster whole: the largest cluster goes first, each to the fold with the
 * fewest rows. Labels are not looked at, so the folds are the same for every permutation of them.
 * @param clusters  [n], equal numbers belong together
 * @param count     folds, at least 2
 * @param seed      orders clusters of equal size
 * @returns uint32 [n], 0 .. folds - 1; the caller owns it
 * @throws ERR_USAGE where there are fewer clusters than folds
 */
export function clusterFolds(clusters: ArrayLike<number>, count: number, seed: number): Uint32Array {
  const members = new Map<number, number[]>();
  for (let row = 0; row < clusters.length; row++) {
    const rows = members.get(clusters[row]);
    if (rows) rows.push(row);
    else members.set(clusters[row], [row]);
  }
  if (count < 2 || members.size < count) {
    refuse(
      `${members.size} clusters cannot be cut into ${count} folds. Give at least as many clusters as folds, and 2.`,
    );
  }
  const random = seededRandom(seed);
  const order = [...members.values()].map((rows) => ({ rows, draw: random() }));
  order.sort((a, b) => b.rows.length - a.rows.length || a.draw - b.draw);
  const folds = new Uint32Array(clusters.length);
  const sizes = new Uint32Array(count);
  for (const { rows } of order) {
    const fold = sizes.indexOf(Math.min(...sizes));
    for (const row of rows) folds[row] = fold;
    sizes[fold] += rows.length;
  }
  return folds;
}
