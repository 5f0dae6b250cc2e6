import {
  BLOCK_STRUCT_BYTES,
  CHUNK,
  LABEL_BYTES,
  LANES,
  loadMmdKernel,
  type MmdTileKernel,
} from './mmd-kernel.ts';
import { type MmdLayout, MOST_CHOSEN, mostSlabBlocks } from './mmd-layout.ts';
import { blocksOf, CHUNKS_PER_SLAB, piecesOf, type Span } from './mmd-plan.ts';
import { type MmdWorkspace, placeMmdWorkspace } from './mmd-workspace.ts';
import { type IntersectionsKernel, loadKernel } from './search-kernel.ts';
import { BLOCK, blockBytes, QUERY_BYTES } from './search-shard.ts';

/** One slab of queries against one slab of targets, the same or a later one. */
export interface MmdTask {
  readonly work: 'exact' | 'columns';
  readonly queries: number;
  readonly targets: number;
  /** exact: how many columns of the layout's `chosen` are summed. */
  readonly chosen: number;
}

/** Both triangles are in every sum: a task off the diagonal counts twice. Each array has a buffer of its own. */
export interface MmdPart {
  /** exact: a'Ka, float64 [kernels, chosen]; columns: a'Ca, float64 [kernels, columns] */
  readonly sums: Float64Array;
  /** exact: row sums of K, float64 [kernels, places of the slab]; of the targets only off the diagonal */
  readonly queryRows: Float64Array;
  readonly targetRows: Float64Array;
  /** columns: sum of |C|. float64 [kernels] */
  readonly magnitudes: Float64Array;
}

/** One thread's work on tiles. The same task gives the same bytes on any thread. */
export class MmdSweep {
  readonly #layout: MmdLayout;
  readonly #at: MmdWorkspace;
  readonly #intersections: IntersectionsKernel;
  readonly #kernel: MmdTileKernel;
  readonly #needsDistances: boolean;

  /** @param workspace address of the thread's own workspace */
  constructor(layout: MmdLayout, workspace: number) {
    this.#layout = layout;
    this.#at = placeMmdWorkspace(workspace, { ...layout, kernels: layout.kernels.length });
    this.#intersections = loadKernel('intersections', layout.memory, this.#at.stack);
    this.#kernel = loadMmdKernel(layout.memory, this.#at.stack);
    this.#needsDistances = layout.needsDistances;
    // `round_clusters` leaves these cleared; at first the memory may hold something else.
    if (layout.clustered) this.#clear(this.#at.clusterSums, layout.kernels.length * CHUNK * BLOCK);
  }

  run(task: MmdTask): MmdPart {
    return task.work === 'exact' ? this.#sumExactly(task) : this.#sumColumns(task);
  }

  #sumExactly({ queries, targets, chosen }: MmdTask): MmdPart {
    const { slabs, kernels, at: shared } = this.#layout;
    const { partial, chosenSums, querySums, targetSums, tile } = this.#at;
    const diagonal = queries === targets;
    const most = mostSlabBlocks(slabs) * BLOCK;
    this.#clear(querySums, kernels.length * most);
    this.#clear(targetSums, kernels.length * most);
    this.#clear(chosenSums, kernels.length * MOST_CHOSEN);
    const own = blocksOf(slabs[targets]);
    for (let block = own.start; block < own.end; block++) {
      for (let k = 0; k < kernels.length; k++) {
        this.#clear(partial + k * MOST_CHOSEN * BLOCK * 8, chosen * BLOCK);
      }
      for (const piece of piecesOf(slabs[queries])) {
        this.#loadTile(piece, block);
        for (const [k, kernel] of kernels.entries()) {
          this.#kernel.exact(
            tile,
            kernel,
            shared.chosen,
            chosen,
            partial + k * MOST_CHOSEN * BLOCK * 8,
            querySums + (k * most + (piece.block - blocksOf(slabs[queries]).start) * BLOCK) * 8,
            targetSums + (k * most + (block - own.start) * BLOCK) * 8,
          );
        }
      }
      for (let k = 0; k < kernels.length; k++) {
        const from = partial + k * MOST_CHOSEN * BLOCK * 8;
        const to = chosenSums + k * MOST_CHOSEN * 8;
        this.#kernel.gather(tile, shared.chosen, chosen, from, diagonal ? 1 : 2, to);
      }
    }
    const rowsOf = (address: number, { start, end }: Span) =>
      this.#take(address, kernels.length, most, end - start);
    return {
      sums: this.#take(chosenSums, kernels.length, MOST_CHOSEN, chosen),
      queryRows: rowsOf(querySums, slabs[queries]),
      // On the diagonal each pair was met from both sides, so the queries' sums are whole.
      targetRows: diagonal ? new Float64Array() : rowsOf(targetSums, slabs[targets]),
      magnitudes: new Float64Array(),
    };
  }

  #sumColumns({ queries, targets }: MmdTask): MmdPart {
    const { kernels, columns, chunks, memory } = this.#layout;
    const { columnSums } = this.#at;
    this.#clear(columnSums, kernels.length * columns * 2);
    const magnitudes = new Float64Array(kernels.length);
    const end = Math.min(chunks.length, (queries + 1) * CHUNKS_PER_SLAB);
    for (let chunk = queries * CHUNKS_PER_SLAB; chunk < end; chunk++) {
      if (this.#layout.clustered) this.#clusterChunk(chunk, targets, magnitudes);
      else this.#rowChunk(chunk, targets, magnitudes);
    }
    const pairs = new Float64Array(memory.buffer, columnSums, kernels.length * columns * 2);
    const sums = new Float64Array(kernels.length * columns);
    for (let i = 0; i < sums.length; i++) sums[i] = pairs[2 * i] + pairs[2 * i + 1];
    return { sums, queryRows: new Float64Array(), targetRows: new Float64Array(), magnitudes };
  }

  /** Every row is its own unit: the slab of targets is one block, and the chunk one piece. */
  #rowChunk(chunk: number, targets: number, magnitudes: Float64Array): void {
    const [piece] = piecesOf(this.#layout.chunks[chunk]);
    this.#loadTile(piece, targets);
    for (const [k, kernel] of this.#layout.kernels.entries()) {
      const from = this.#terms(k, piece.block);
      const to = this.#terms(k, targets);
      const magnitude = this.#kernel.centre(this.#at.tile, kernel, from, to, this.#at.centred);
      magnitudes[k] += magnitude * (piece.block === targets ? 1 : 2);
      this.#multiply(k, chunk, targets);
    }
  }

  #clusterChunk(chunk: number, targets: number, magnitudes: Float64Array): void {
    const { kernels, chunks, slabs } = this.#layout;
    const { tile, clusterSums, centred } = this.#at;
    const sumsOf = (k: number) => clusterSums + k * CHUNK * BLOCK * 8;
    const own = blocksOf(slabs[targets]);
    for (let block = own.start; block < own.end; block++) {
      for (const piece of piecesOf(chunks[chunk])) {
        this.#loadTile(piece, block);
        for (const [k, kernel] of kernels.entries()) {
          const from = this.#terms(k, piece.block);
          const to = this.#terms(k, block);
          const units = [chunk * CHUNK, targets * BLOCK] as const;
          this.#kernel.centre_clusters(tile, kernel, from, to, ...units, sumsOf(k));
        }
      }
    }
    const diagonal = Math.floor(chunk / CHUNKS_PER_SLAB) === targets;
    for (let k = 0; k < kernels.length; k++) {
      magnitudes[k] += this.#kernel.round_clusters(sumsOf(k), centred) * (diagonal ? 1 : 2);
      this.#multiply(k, chunk, targets);
    }
  }

  /** Columns' sums over the centred tile; on the diagonal only targets of this chunk (once) and later ones (twice). */
  #multiply(k: number, chunk: number, targets: number): void {
    const { columns, at } = this.#layout;
    const { centred, tables, columnSums } = this.#at;
    const chunkBytes = columns * LABEL_BYTES;
    const queryLabels = at.labels + chunk * chunkBytes;
    const targetLabels = at.labels + targets * CHUNKS_PER_SLAB * chunkBytes;
    const sums = columnSums + k * columns * 16;
    const add = (from: number, to: number, weight: number) =>
      this.#kernel.multiply(centred, from, to, weight, queryLabels, targetLabels, columns, tables, sums);
    const own = Math.max(0, chunk - targets * CHUNKS_PER_SLAB);
    const later = ((own + 1) * CHUNK) / LANES;
    if (Math.floor(chunk / CHUNKS_PER_SLAB) === targets) {
      add((own * CHUNK) / LANES, later, 1);
      add(later, BLOCK / LANES, 2);
    } else {
      add(0, BLOCK / LANES, 2);
    }
  }

  /** Writes the Tile struct, counts shared bits, and where a kernel needs them squared distances. */
  #loadTile(piece: { block: number; first: number; count: number }, block: number): void {
    const { memory, at, bits, queries, columns, dimensions } = this.#layout;
    const { tile, counts, distances, row, planes } = this.#at;
    const struct = (of: number) => at.structs + of * BLOCK_STRUCT_BYTES;
    const fields = [struct(piece.block), piece.first, piece.count, struct(block)];
    fields.push(counts, distances, row, at.labels, columns);
    new Uint32Array(memory.buffer, tile, fields.length).set(fields);
    const target = at.blocks + block * blockBytes(bits);
    const first = queries[piece.block] + piece.first * QUERY_BYTES;
    this.#intersections.intersect(target, first, piece.count, counts, planes);
    if (this.#needsDistances) this.#kernel.distances(tile, dimensions, distances);
  }

  /** Address of the centring terms of a block. */
  #terms(k: number, block: number): number {
    return this.#layout.at.terms + (k * this.#layout.blockCount + block) * BLOCK * 8;
  }

  #clear(address: number, count: number): void {
    new Float64Array(this.#layout.memory.buffer, address, count).fill(0);
  }

  /** The first `width` of each of `rows` rows. */
  #take(address: number, rows: number, stride: number, width: number): Float64Array {
    const all = new Float64Array(this.#layout.memory.buffer, address, rows * stride);
    const out = new Float64Array(rows * width);
    for (let i = 0; i < rows; i++) out.set(all.subarray(i * stride, i * stride + width), i * width);
    return out;
  }
}
