import type { Backend } from '../../src/core/backend.ts';
import { popcounts } from '../../src/core/fingerprint.ts';
import { compareFractions, similarityFraction, TANIMOTO } from '../../src/core/metric.ts';
import type { PackedRows, SearchIndex } from '../../src/core/ops.ts';

const K = 10;
/** References whose shared bits are counted in one call. */
const SLAB = 1_000_000;

interface Hit {
  readonly row: number;
  readonly shared: number;
  readonly union: number;
}

/**
 * Compares the ten nearest of some of the queries with every pair counted by another backend, one by one: no index, no
 * bound, nothing left out.
 * @param referenceBits  set bits of each reference
 * @returns what is wrong; undefined where nothing is
 */
export async function spotCheck(
  index: SearchIndex,
  references: PackedRows,
  referenceBits: Uint16Array,
  queries: Uint8Array,
  number: number,
  counter: Backend,
): Promise<string | undefined> {
  const { bits, fingerprints } = references;
  const rowBytes = bits / 8;
  const count = fingerprints.length / rowBytes;
  const all = queries.length / rowBytes;
  const chosen = Array.from({ length: Math.min(number, all) }, (_, i) => Math.floor((i * all) / number));
  const rows = Buffer.concat(
    chosen.map((query) => queries.subarray(query * rowBytes, (query + 1) * rowBytes)),
  );
  const queryBits = popcounts(rows, rowBytes);
  const best: Hit[][] = chosen.map(() => []);
  for (let from = 0; from < count; from += SLAB) {
    const slab = fingerprints.subarray(from * rowBytes, Math.min(count, from + SLAB) * rowBytes);
    const slabBits = referenceBits.subarray(from, from + SLAB);
    const shared = await counter.ops.intersections!(
      { fingerprints: rows, bits },
      { fingerprints: slab, bits },
    );
    for (const [i, hits] of best.entries()) {
      for (let row = 0; row < slabBits.length; row++) {
        insert(hits, from + row, shared[i * slabBits.length + row], queryBits[i], slabBits[row]);
      }
    }
  }
  const found = await index.nearest(queries, K);
  for (const [i, query] of chosen.entries()) {
    for (const [place, hit] of best[i].entries()) {
      const at = query * K + place;
      if (
        hit.row !== found.indexes[at] ||
        hit.shared !== found.intersections[at] ||
        hit.union !== found.unions[at]
      ) {
        return `query ${query}, place ${place}: row ${found.indexes[at]} instead of ${hit.row}`;
      }
    }
  }
  return undefined;
}

/** Keeps the K best; rows come in ascending order, so that an equal one stays behind. */
function insert(hits: Hit[], row: number, shared: number, queryBits: number, rowBits: number): void {
  const union = queryBits + rowBits - shared;
  const last = hits[K - 1];
  // Most pairs end here.
  if (last && shared * last.union < last.shared * union) return;
  const similarity = (hit: Hit) =>
    similarityFraction(TANIMOTO, hit.shared, queryBits, hit.union - queryBits + hit.shared);
  const hit = { row, shared, union };
  let at = hits.length;
  while (at > 0 && compareFractions(similarity(hit), similarity(hits[at - 1])) > 0) at--;
  if (at < K) hits.splice(at, 0, hit);
  hits.length = Math.min(hits.length, K);
}
