import { seededOrder } from '../../statistics/seeded-order.ts';
import { type DriftCheck, gatherRows } from './drift-check.ts';

/** All pairs are compared: past so many rows, clusters are drawn. */
const MOST_ROWS = 30_000;

/**
 * Rows of both sides that are few enough to compare all pairs: all of them, or those of clusters drawn at random from the
 * ones the larger side holds. A cluster that is left out is left out on both sides and whole, so the null of the
 * clusters still holds for those that stay.
 * @returns rows of either side, ascending
 */
export function drawWholeClusters(
  check: Pick<DriftCheck, 'reference' | 'batch' | 'settings'>,
  mostRows = MOST_ROWS,
): { reference: Uint32Array; batch: Uint32Array } {
  const { observed, clusters, series } = gatherRows(check);
  const first = check.reference.inchikeys.length;
  const larger = first >= observed.length - first ? 0 : 1;
  const sizes = new Uint32Array(series.length);
  const isHeld = new Uint8Array(series.length);
  for (const [row, cluster] of clusters.entries()) {
    sizes[cluster]++;
    if (observed[row] === larger) isHeld[cluster] = 1;
  }
  let rows = observed.length;
  const isLeftOut = new Uint8Array(series.length);
  for (const cluster of seededOrder(series.length, check.settings.seed)) {
    if (rows <= mostRows) break;
    if (isHeld[cluster] === 0) continue;
    isLeftOut[cluster] = 1;
    rows -= sizes[cluster];
  }
  const kept = [...observed.keys()].filter((row) => isLeftOut[clusters[row]] === 0);
  return {
    reference: Uint32Array.from(kept.filter((row) => row < first)),
    batch: Uint32Array.from(
      kept.filter((row) => row >= first),
      (row) => row - first,
    ),
  };
}
