import { setImmediate as nextTurn } from 'node:timers/promises';
import { AssayerError } from '../../core/errors.ts';
import type { Operations, PackedRows } from '../../core/ops.ts';
import { checkPair, type RowShape } from '../../core/search-arguments.ts';
import { type IntersectionsKernel, loadKernel, STACK_BYTES } from './search-kernel.ts';
import { Arena, allocateMemory } from './search-memory.ts';
import { queryBytes, writeQueries } from './search-queries.ts';
import { BLOCK, blockBytes, PLANES_BYTES, ROW_BYTES } from './search-shard.ts';

/** Queries that pass over a block of targets together: 512 kB of results. */
const QUERIES_PER_PASS = 512;

/** Shared bits of every query with every target, 512 targets at a time (kernels/intersections/intersections.c). */
export const intersections: Operations['intersections'] = async (queries, targets, { signal } = {}) => {
  const { queries: q, targets: t } = checkPair(queries, targets);
  const out = allocateResult(q.count, t.count);
  const workspace = new Workspace(q.bits);
  for (let first = 0; first < q.count; first += QUERIES_PER_PASS) {
    workspace.loadQueries(queries, q, first, Math.min(QUERIES_PER_PASS, q.count - first));
    for (let target = 0; target < t.count; target += BLOCK) {
      if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
      const count = Math.min(BLOCK, t.count - target);
      workspace.intersect(targets, t, target, count, out.subarray(first * t.count));
      await nextTurn();
    }
  }
  return out;
};

/** One pass's memory: | stack | planes | bit offsets | gathered rows | block | queries | results | */
class Workspace {
  readonly #bits: number;
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: IntersectionsKernel;
  readonly #rowOffsets: Uint32Array;
  readonly #at: Record<'planes' | 'offsets' | 'gathered' | 'block' | 'queries' | 'results', number>;
  #queries = 0;

  constructor(bits: number) {
    const arena = new Arena(65536);
    const stack = arena.take(STACK_BYTES);
    this.#at = {
      planes: arena.take(PLANES_BYTES),
      offsets: arena.take(bits * 4),
      gathered: arena.take((BLOCK * bits) / 8),
      block: arena.take(blockBytes(bits)),
      queries: arena.take(QUERIES_PER_PASS * queryBytes(bits, 0)),
      results: arena.take(QUERIES_PER_PASS * BLOCK * 2),
    };
    this.#bits = bits;
    this.#memory = allocateMemory(arena.end, 'intersections');
    this.#kernel = loadKernel('intersections', this.#memory, stack);
    this.#rowOffsets = Uint32Array.from({ length: bits }, (_, bit) => bit * ROW_BYTES);
    new Uint32Array(this.#memory.buffer, this.#at.offsets, bits).set(this.#rowOffsets);
  }

  loadQueries({ fingerprints }: PackedRows, shape: RowShape, first: number, count: number): void {
    const rows = new Uint8Array(count * shape.bytes);
    gatherRows(fingerprints, shape, first, count, rows);
    const target = { bits: this.#bits, rowOffsets: this.#rowOffsets };
    writeQueries(this.#memory, this.#at.queries, rows, target, 0, () => 0);
    this.#queries = count;
  }

  /** @param out  rows of results, as long as there are targets, from the first loaded query on */
  intersect({ fingerprints }: PackedRows, shape: RowShape, first: number, count: number, out: Uint16Array) {
    const { planes, offsets, gathered, block, queries, results } = this.#at;
    const { buffer } = this.#memory;
    const rows = new Uint8Array(buffer, gathered, BLOCK * shape.bytes);
    gatherRows(fingerprints, shape, first, count, rows);
    this.#kernel.slice(gathered, shape.bytes, offsets, block);
    this.#kernel.intersect(block, queries, this.#queries, results, planes);
    for (let q = 0; q < this.#queries; q++) {
      out.set(new Uint16Array(buffer, results + q * BLOCK * 2, count), q * shape.count + first);
    }
  }
}

/** Copies rows without the bytes behind them that are not compared. */
function gatherRows(
  fingerprints: Uint8Array,
  { bytes, rowBytes }: RowShape,
  first: number,
  count: number,
  out: Uint8Array,
): void {
  for (let i = 0; i < count; i++) {
    const start = (first + i) * rowBytes;
    out.set(fingerprints.subarray(start, start + bytes), i * bytes);
  }
}

function allocateResult(queries: number, targets: number): Uint16Array {
  try {
    return new Uint16Array(queries * targets);
  } catch (cause) {
    const purpose = `intersections of ${queries} queries with ${targets} targets`;
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose, sizeBytes: queries * targets * 2 }, { cause });
  }
}
