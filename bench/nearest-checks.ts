import type { Hits } from '../src/core/ops.ts';
import type { Neighbors } from '../src/core/ports.ts';

/** What the engine and its peers must agree on before their times mean anything. Each throws where they do not. */

export function requireSameBytes(a: Neighbors | Hits, b: Neighbors | Hits): void {
  for (const key of ['indexes', 'intersections', 'unions'] as const) {
    if (!Buffer.from(a[key].buffer).equals(Buffer.from(b[key].buffer))) throw new Error(`${key} differ`);
  }
}

/** @param bytes  the yardstick's: row, shared bits and union of each hit, uint32 [queries, k, 3] */
export function requireSameNeighbors(
  { indexes, intersections, unions }: Neighbors,
  bytes: Buffer,
  k: number,
) {
  const found = words(bytes);
  if (found.length !== indexes.length * 3) throw new Error('the yardstick gave another number of hits');
  for (let i = 0; i < indexes.length; i++) {
    const [row, shared, all] = found.subarray(i * 3, i * 3 + 3);
    if (row !== indexes[i] || shared !== intersections[i] || all !== unions[i]) {
      throw new Error(`query ${Math.floor(i / k)}: the yardstick found ${row}, the engine ${indexes[i]}`);
    }
  }
}

/**
 * The same similarities in float32, and the same rows. FPSim2 has no rule for equal similarities: of the k nearest,
 * rows as similar as the last one may differ.
 */
export function requireSameHits(expected: Neighbors | Hits, bytes: Buffer, queryCount: number): void {
  const peer = peerHits(bytes, queryCount);
  for (let q = 0; q < queryCount; q++) {
    const own = ownHits(expected, q, queryCount);
    const theirs = peer[q];
    const last = 'offsets' in expected ? -1 : own[own.length - 1].similarity;
    const rows = (hits: readonly Hit[]) =>
      hits
        .filter(({ similarity }) => similarity > last)
        .map(({ row }) => row)
        .sort((a, b) => a - b)
        .join();
    const values = (hits: readonly Hit[]) => hits.map(({ similarity }) => similarity).join();
    if (rows(own) !== rows(theirs) || values(own) !== values(theirs)) {
      throw new Error(`query ${q}: FPSim2 found other neighbours than the engine`);
    }
  }
}

/** Share of the exact neighbours that an approximate search found; one as similar as the last counts. */
export function shareFound(expected: Neighbors, bytes: Buffer, queryCount: number): number {
  let found = 0;
  for (const [q, theirs] of peerHits(bytes, queryCount).entries()) {
    const own = ownHits(expected, q, queryCount);
    const least = own[own.length - 1].similarity - 1e-6;
    found += theirs.filter(({ similarity }) => similarity >= least).length;
  }
  return found / expected.indexes.length;
}

interface Hit {
  readonly row: number;
  /** float32 */
  readonly similarity: number;
}

function ownHits(answer: Neighbors | Hits, query: number, queryCount: number): Hit[] {
  const k = answer.indexes.length / queryCount;
  const [from, to] =
    'offsets' in answer ? [answer.offsets[query], answer.offsets[query + 1]] : [query * k, (query + 1) * k];
  return Array.from({ length: to - from }, (_, i) => ({
    row: answer.indexes[from + i],
    similarity: Math.fround(answer.intersections[from + i] / answer.unions[from + i]),
  }));
}

/** As nearest-peers.py writes them. */
function peerHits(bytes: Buffer, queryCount: number): Hit[][] {
  const all = words(bytes);
  const total = (all.length - queryCount) / 2;
  const similarities = new Float32Array(all.buffer, (queryCount + total) * 4, total);
  let at = 0;
  return Array.from(all.subarray(0, queryCount), (count) =>
    Array.from({ length: count }, () => ({ row: all[queryCount + at], similarity: similarities[at++] })),
  );
}

function words(bytes: Buffer): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer);
}
