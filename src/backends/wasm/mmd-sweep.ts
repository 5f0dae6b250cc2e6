import { type BlockAddresses, blockAt, gatherBlock } from './mmd-gather.ts';
import { CHUNK, LABEL_BYTES, LANES, loadMmdKernel, type MmdTileKernel } from './mmd-kernel.ts';
import { type MmdLayout, mostSlabBlocks } from './mmd-layout.ts';
import { blocksOf, CHUNKS_PER_SLAB, piecesOf, type Span } from './mmd-plan.ts';
import { type MmdWorkspace, placeMmdWorkspace } from './mmd-workspace.ts';
import { type IntersectionsKernel, loadKernel } from './search-kernel.ts';
import { BLOCK, QUERY_BYTES } from './search-shard.ts';

/**
 * - sample: some rows against one slab of targets
 * - pairs: one slab of queries against one of targets, the same or a later one
 * - within: some rows against themselves
 */
export type MmdTask =
  | { readonly work: 'sample'; readonly places: Uint32Array; readonly targets: number }
  | { readonly work: 'within'; readonly places: Uint32Array }
  | {
      readonly work: 'pairs';
      readonly queries: number;
      readonly targets: number;
      /** How many columns of the layout's `chosen` are summed in float64. */
      readonly chosen: number;
      /** Whether every column is summed in float32 too. */
      readonly estimate: boolean;
    };

/**
 * Both triangles are in every sum: a task off the diagonal counts twice. Each array has a buffer of its own, and is empty where
 * the task does not ask for it.
 */
export interface MmdPart {
  /** a'Ka, float64 [kernels, chosen]; of a `within` the sum of its rows' matrix, [kernels, 1] */
  readonly within: Float64Array;
  /** Row sums of K, float64 [kernels, places of the slab]; of the targets only off the diagonal, or over the sample */
  readonly queryRows: Float64Array;
  readonly targetRows: Float64Array;
  /** a'Ca, float64 [kernels, columns] */
  readonly centred: Float64Array;
  /** Sum of |C|. float64 [kernels] */
  readonly magnitudes: Float64Array;
}

/** Query rows of one block. */
interface Piece {
  readonly block: number;
  readonly first: number;
  readonly count: number;
}

/** What a tile is added to beside sums of rows. */
interface Wanted {
  readonly chosen: number;
  /** Of what is added to the sums of chosen columns. */
  readonly weight: number;
  /** First of the units whose sums are wanted. */
  readonly units?: { readonly query: number; readonly target: number };
}

const NOTHING_ELSE: Wanted = { chosen: 0, weight: 1 };

function partOf(found: Partial<MmdPart>): MmdPart {
  const none = () => new Float64Array();
  return {
    within: none(),
    queryRows: none(),
    targetRows: none(),
    centred: none(),
    magnitudes: none(),
    ...found,
  };
}

/** One thread's work on tiles. The same task gives the same bytes on any thread. */
export class MmdSweep {
  readonly #layout: MmdLayout;
  readonly #at: MmdWorkspace;
  readonly #intersections: IntersectionsKernel;
  readonly #kernel: MmdTileKernel;
  /** Places of the largest slab, by which sums of rows of one kernel lie behind those of another. */
  readonly #stride: number;

  /** @param workspace address of the thread's own workspace */
  constructor(layout: MmdLayout, workspace: number) {
    this.#layout = layout;
    this.#at = placeMmdWorkspace(workspace, layout);
    this.#intersections = loadKernel('intersections', layout.memory, this.#at.stack);
    this.#kernel = loadMmdKernel(layout.memory, this.#at.stack);
    this.#stride = mostSlabBlocks(layout.slabs) * BLOCK;
    // `centre` leaves these cleared; at first the memory may hold something else.
    this.#clear(this.#at.unitSums, layout.kernels * CHUNK * BLOCK);
  }

  run(task: MmdTask): MmdPart {
    if (task.work === 'sample') return this.#sumSample(task);
    return task.work === 'within' ? this.#sumWithin(task) : this.#sumPairs(task);
  }

  #sumSample({ places, targets }: MmdTask & { work: 'sample' }): MmdPart {
    this.#clearRowSums();
    for (const place of places) {
      const first = place % BLOCK;
      const piece = { block: (place - first) / BLOCK, first, count: 1 };
      this.#addTiles([piece], targets, piece.block, NOTHING_ELSE);
    }
    return partOf({ targetRows: this.#takeRows(this.#at.targetSums, this.#layout.slabs[targets]) });
  }

  #sumPairs({ queries, targets, chosen, estimate }: MmdTask & { work: 'pairs' }): MmdPart {
    const { kernels, chunks, slabs, columns } = this.#layout;
    const { querySums, targetSums, within, columnSums } = this.#at;
    const weight = queries === targets ? 1 : 2;
    const firstBlock = blocksOf(slabs[queries]).start;
    const magnitudes = new Float64Array(kernels);
    this.#clearRowSums();
    this.#clear(within, kernels * chosen);
    this.#clear(columnSums, kernels * columns * 2);
    const end = Math.min(chunks.length, (queries + 1) * CHUNKS_PER_SLAB);
    for (let chunk = queries * CHUNKS_PER_SLAB; chunk < end; chunk++) {
      const units = { query: chunk * CHUNK, target: targets * BLOCK };
      const wanted = { chosen, weight, ...(estimate && { units }) };
      this.#addTiles([...piecesOf(chunks[chunk])], targets, firstBlock, wanted);
      for (let k = 0; estimate && k < kernels; k++) {
        magnitudes[k] += weight * this.#centre(k, units);
        this.#multiply(k, chunk, targets);
      }
    }
    return partOf({
      within: this.#take(within, chosen, chosen),
      queryRows: this.#takeRows(querySums, slabs[queries]),
      // On the diagonal each pair was met from both sides, so the queries' sums are whole.
      ...(queries < targets && { targetRows: this.#takeRows(targetSums, slabs[targets]) }),
      ...(estimate && { centred: this.#takeColumns(), magnitudes }),
    });
  }

  /** Rows of one column are few of all: copied to blocks of their own they need a part of a sweep. */
  #sumWithin({ places }: MmdTask & { work: 'within' }): MmdPart {
    const { gatheredQueries, gatheredTargets } = this.#at;
    const within = new Float64Array(this.#layout.kernels);
    for (let to = 0; to < places.length; to += BLOCK) {
      const targets = places.subarray(to, to + BLOCK);
      gatherBlock(this.#layout, targets, gatheredTargets);
      this.#addGathered(within, gatheredTargets, targets.length, 1);
      for (let from = 0; from < to; from += BLOCK) {
        gatherBlock(this.#layout, places.subarray(from, from + BLOCK), gatheredQueries);
        this.#addGathered(within, gatheredQueries, BLOCK, 2);
      }
    }
    return partOf({ within });
  }

  /** Adds, times weight, all values of a block's rows with the gathered targets. */
  #addGathered(within: Float64Array, queries: BlockAddresses, rows: number, weight: number): void {
    const { gatheredTargets, tile, sums, querySums, targetSums } = this.#at;
    this.#clearRowSums();
    this.#writeSums(querySums, targetSums, NOTHING_ELSE);
    for (const piece of piecesOf({ start: 0, end: rows })) {
      this.#loadTile(queries, piece, gatheredTargets);
      this.#kernel.add_pairs(tile, sums, 1);
    }
    const found = this.#take(querySums, this.#stride, rows);
    for (const [i, sum] of found.entries()) within[Math.floor(i / rows)] += weight * sum;
  }

  /** Centres and rounds one kernel's sums of units. @returns the sum of magnitudes */
  #centre(k: number, { query, target }: { query: number; target: number }): number {
    const { slabs, at } = this.#layout;
    const { unitSums, centred } = this.#at;
    const terms = at.terms + k * slabs.length * BLOCK * 8;
    return this.#kernel.centre(unitSums + k * CHUNK * BLOCK * 8, query, target, at.weights, terms, centred);
  }

  /** Tiles of query rows against a slab. @param firstBlock the block whose queries' sums come first */
  #addTiles(pieces: readonly Piece[], targets: number, firstBlock: number, wanted: Wanted): void {
    const { start, end } = blocksOf(this.#layout.slabs[targets]);
    const { tile, sums, querySums, targetSums } = this.#at;
    for (let block = start; block < end; block++) {
      for (const piece of pieces) {
        this.#loadTile(blockAt(this.#layout, piece.block), piece, blockAt(this.#layout, block));
        const queries = querySums + (piece.block - firstBlock) * BLOCK * 8;
        this.#writeSums(queries, targetSums + (block - start) * BLOCK * 8, wanted);
        this.#kernel.add_pairs(tile, sums, wanted.weight);
      }
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
  #loadTile(queries: BlockAddresses, { first, count }: Omit<Piece, 'block'>, targets: BlockAddresses): void {
    const { memory, at, dimensions, kernels, needsDistances } = this.#layout;
    const { tile, counts, distances, rows, runs, planes } = this.#at;
    const fields = [queries.struct, first, count, targets.struct];
    fields.push(counts, distances, at.kernels, kernels, rows, runs);
    new Uint32Array(memory.buffer, tile, fields.length).set(fields);
    const firstQuery = queries.queries + first * QUERY_BYTES;
    this.#intersections.intersect(targets.sliced, firstQuery, count, counts, planes);
    if (needsDistances) this.#kernel.distances(tile, dimensions, distances);
  }

  /** Writes the Sums struct. @param queries, targets addresses of the sums of the tile's first rows */
  #writeSums(queries: number, targets: number, { chosen, units }: Wanted): void {
    const { memory, at, columns } = this.#layout;
    const { sums, masks, within, unitSums } = this.#at;
    const fields = [queries, targets, this.#stride, at.labels, columns, at.chosen, chosen, masks, within];
    fields.push(units ? unitSums : 0, units?.query ?? 0, units?.target ?? 0);
    new Uint32Array(memory.buffer, sums, fields.length).set(fields);
  }

  #clearRowSums(): void {
    this.#clear(this.#at.querySums, this.#layout.kernels * this.#stride);
    this.#clear(this.#at.targetSums, this.#layout.kernels * this.#stride);
  }

  #clear(address: number, count: number): void {
    new Float64Array(this.#layout.memory.buffer, address, count).fill(0);
  }

  #takeRows(address: number, { start, end }: Span): Float64Array {
    return this.#take(address, this.#stride, end - start);
  }

  /** The first `width` of each kernel's sums, which lie `stride` apart. */
  #take(address: number, stride: number, width: number): Float64Array {
    const { memory, kernels } = this.#layout;
    const all = new Float64Array(memory.buffer, address, kernels * stride);
    const out = new Float64Array(kernels * width);
    for (let k = 0; k < kernels; k++) out.set(all.subarray(k * stride, k * stride + width), k * width);
    return out;
  }

  /** Columns' sums, which are in two halves. */
  #takeColumns(): Float64Array {
    const { memory, kernels, columns } = this.#layout;
    const halves = new Float64Array(memory.buffer, this.#at.columnSums, kernels * columns * 2);
    return Float64Array.from({ length: kernels * columns }, (_, i) => halves[2 * i] + halves[2 * i + 1]);
  }
}
