import type { BestReferences } from './best-references.ts';
import type { HitsWithin } from './hits-within.ts';
import type { RowTile } from './search-tiles.ts';
import { SIMILARITY_ERROR } from './similarity.ts';
import type { TileComparison } from './tile-comparison.ts';

/** References read past k, so that few cuts fall between two that float32 cannot tell apart. */
const MARGIN = 16;
/** Where more than this part of a tile is wanted its whole rows are read, without a choice before. */
const WHOLE_PART = 0.5;

/**
 * Offers a tile's references to the best of each query: those of the largest float32 similarity, exactly verified, and every
 * one where the cut is ambiguous, that is where one left out could be as similar as the last of the k best.
 * @param best  of each query of the comparison
 */
export async function collectNearest(
  comparison: TileComparison,
  { rows, setBits }: RowTile,
  best: readonly BestReferences[],
  k: number,
): Promise<void> {
  const perQuery = k + MARGIN;
  const undecided = new Map<number, ReadonlySet<number>>();
  if (perQuery > rows.length * WHOLE_PART) {
    for (const q of best.keys()) undecided.set(q, new Set());
  } else {
    const { places, shared } = await comparison.largest(perQuery);
    for (const [q, references] of best.entries()) {
      let lowest = Number.POSITIVE_INFINITY;
      const chosen = new Set<number>();
      for (let i = q * perQuery; i < (q + 1) * perQuery; i++) {
        const place = places[i];
        chosen.add(place);
        lowest = Math.min(lowest, references.offer(rows[place], shared[i], setBits[place]));
      }
      // Those left out are below the lowest chosen but for the errors of both, and of this product.
      if (lowest * (1 + 4 * SIMILARITY_ERROR) >= references.least) undecided.set(q, chosen);
    }
  }
  if (undecided.size === 0) return;
  const shared = await comparison.shared([...undecided.keys()]);
  for (const [i, [q, chosen]] of [...undecided].entries()) {
    for (let place = 0; place < rows.length; place++) {
      if (chosen.has(place)) continue;
      best[q].offer(rows[place], shared[i * rows.length + place], setBits[place]);
    }
  }
}

/**
 * Offers a tile's references that may reach a threshold.
 * @param hits   of each query of the comparison
 * @param least  no reference that reaches the threshold has a smaller float32 similarity
 */
export async function collectWithin(
  comparison: TileComparison,
  { rows, setBits }: RowTile,
  hits: readonly HitsWithin[],
  least: number,
): Promise<void> {
  const reaching = await comparison.countReaching(least);
  let most = 0;
  for (let q = 0; q < hits.length; q++) most = Math.max(most, reaching[q]);
  if (most === 0) return;
  if (most > rows.length * WHOLE_PART) {
    const shared = await comparison.shared([...hits.keys()]);
    for (const [q, found] of hits.entries()) {
      if (reaching[q] === 0) continue;
      for (let place = 0; place < rows.length; place++) {
        found.offer(rows[place], shared[q * rows.length + place], setBits[place]);
      }
    }
    return;
  }
  const { places, shared } = await comparison.largest(most);
  for (const [q, found] of hits.entries()) {
    for (let i = q * most; i < (q + 1) * most; i++) {
      found.offer(rows[places[i]], shared[i], setBits[places[i]]);
    }
  }
}
