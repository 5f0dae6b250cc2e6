import { setImmediate as nextTurn } from 'node:timers/promises';
import { AssayerError } from '../../core/errors.ts';
import { popcounts } from '../../core/fingerprint.ts';
import { type Metric, TANIMOTO, thresholdFraction } from '../../core/metric.ts';
import type { References, SearchIndex, SearchOptions } from '../../core/ops.ts';
import {
  checkBins,
  checkK,
  checkReferences,
  checkThreshold,
  countNearest,
  countRows,
  emptyNeighbors,
  type RowShape,
} from '../../core/search-arguments.ts';
import { BestReferences } from './best-references.ts';
import { collectNearest, collectWithin } from './collect-tile.ts';
import { withinMemory } from './device-memory.ts';
import { HitsWithin, joinHits } from './hits-within.ts';
import { liveRows, placeTile, type RowTile, sizeTiles } from './search-tiles.ts';
import { approximateSimilarity, SIMILARITY_ERROR } from './similarity.ts';
import type { Tensor, TensorEngine } from './tensor-engine.ts';
import { TileComparison } from './tile-comparison.ts';
import { unpackBits } from './unpack-bits.ts';

/** What is done with a tile of references and the queries from `first` to before `end`. */
type Visit = (comparison: TileComparison, tile: RowTile, first: number, end: number) => Promise<void>;

/** Puts references on the engine's device, packed. @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY */
export async function createTfjsIndex(
  engine: TensorEngine,
  references: References,
  tileBytes: number,
  signal?: AbortSignal,
): Promise<SearchIndex> {
  const shape = checkReferences(references);
  const sizes = sizeTiles(tileBytes, shape.bits);
  const rows = liveRows(shape.count, references.tombstones);
  const tiles: RowTile[] = [];
  try {
    await withinMemory(
      `${rows.length} references on TensorFlow.js`,
      rows.length * shape.bytes * 2,
      async () => {
        for (let first = 0; first < rows.length; first += sizes.targets) {
          if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
          const some = rows.subarray(first, first + sizes.targets);
          tiles.push(placeTile(engine, references.fingerprints, shape, some));
          await nextTurn();
        }
      },
    );
  } catch (cause) {
    for (const { words } of tiles) words.dispose();
    throw cause;
  }
  return new TfjsIndex(engine, shape, tiles, { tileBytes, queriesPerTile: sizes.queries });
}

class TfjsIndex implements SearchIndex {
  readonly size: number;
  readonly bits: number;
  readonly rowBytes: number;
  readonly #engine: TensorEngine;
  readonly #shape: RowShape;
  readonly #tiles: readonly RowTile[];
  readonly #live: number;
  readonly #limits: { readonly tileBytes: number; readonly queriesPerTile: number };
  /** Settles when the calls before have ended: the memory is for the tiles of one. */
  #before: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    engine: TensorEngine,
    shape: RowShape,
    tiles: readonly RowTile[],
    limits: { readonly tileBytes: number; readonly queriesPerTile: number },
  ) {
    this.size = shape.count;
    this.bits = shape.bits;
    this.rowBytes = shape.rowBytes;
    this.#engine = engine;
    this.#shape = shape;
    this.#tiles = tiles;
    this.#live = tiles.reduce((sum, { rows }) => sum + rows.length, 0);
    this.#limits = limits;
  }

  nearest: SearchIndex['nearest'] = async (queries, k, options = {}) => {
    checkK(k);
    const { metric = TANIMOTO } = options;
    const setBits = this.#countBits(queries);
    const found = emptyNeighbors(setBits.length, k);
    // More than there are references is never found, but would take room.
    const room = Math.min(k, this.#live);
    const best = Array.from(setBits, (bits) => new BestReferences(room, metric, bits));
    await this.#compareAll(queries, options, (comparison, tile, first, end) =>
      collectNearest(comparison, tile, best.slice(first, end), room),
    );
    for (const [q, references] of best.entries()) references.write(found, q, k);
    return found;
  };

  within: SearchIndex['within'] = async (queries, threshold, options = {}) => {
    checkThreshold(threshold);
    const { metric = TANIMOTO } = options;
    const hits = Array.from(this.#countBits(queries), (bits) => new HitsWithin(threshold, metric, bits));
    const { numerator, denominator } = thresholdFraction(metric, threshold);
    const least = (numerator / denominator) * (1 - 2 * SIMILARITY_ERROR);
    await this.#compareAll(queries, options, (comparison, tile, first, end) =>
      collectWithin(comparison, tile, hits.slice(first, end), least),
    );
    return joinHits(hits);
  };

  nearestHistogram: SearchIndex['nearestHistogram'] = async (queries, bins, options = {}) => {
    checkBins(bins);
    const found = await this.nearest(queries, 1, options);
    return countNearest(found, this.#countBits(queries), options.metric ?? TANIMOTO, bins);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#before;
    for (const { words } of this.#tiles) words.dispose();
  }

  #countBits(queries: Uint8Array): Uint16Array {
    countRows(queries, this.rowBytes);
    return popcounts(queries, this.rowBytes, this.#shape.bytes);
  }

  /** Visits every tile of references with every tile of queries; the references of each query in the order of rows. */
  #compareAll(queries: Uint8Array, options: SearchOptions, visit: Visit): Promise<void> {
    if (this.#closed)
      throw new AssayerError('ERR_USAGE', { problem: 'The index was closed. Make it again.' });
    const { tileBytes, queriesPerTile } = this.#limits;
    const run = this.#before.then(() =>
      withinMemory('a tile of a search on TensorFlow.js', tileBytes, async () => {
        const rows = Uint32Array.from({ length: countRows(queries, this.rowBytes) }, (_, row) => row);
        for (let first = 0; first < rows.length; first += queriesPerTile) {
          const some = rows.subarray(first, first + queriesPerTile);
          const tile = placeTile(this.#engine, queries, this.#shape, some);
          try {
            await this.#compareTile(tile, first, options, visit);
          } finally {
            tile.words.dispose();
          }
        }
      }),
    );
    this.#before = run.catch(() => undefined);
    return run;
  }

  async #compareTile(
    queries: RowTile,
    first: number,
    { metric = TANIMOTO, signal }: SearchOptions,
    visit: Visit,
  ): Promise<void> {
    const engine = this.#engine;
    const end = first + queries.rows.length;
    const bits = unpackBits(engine, queries.words);
    try {
      for (const tile of this.#tiles) {
        if (signal?.aborted) throw new AssayerError('ERR_CANCELLED', {});
        using comparison = compareTiles(engine, metric, bits, queries.setBits, tile);
        await visit(comparison, tile, first, end);
        await nextTurn();
      }
    } finally {
      bits.dispose();
    }
  }
}

/** @param bits  float32 [queries, bits] of 0 and 1, so that every product is an integer that float32 holds */
function compareTiles(
  engine: TensorEngine,
  metric: Metric,
  bits: Tensor,
  queryBits: Uint16Array,
  { words, setBits }: RowTile,
): TileComparison {
  const [shared, similarity] = engine.tidy(() => {
    const shared = engine.tidy(() => engine.matMul(bits, unpackBits(engine, words), false, true));
    const inQuery = engine.tensor(Float32Array.from(queryBits), [queryBits.length, 1], 'float32');
    const inTarget = engine.tensor(Float32Array.from(setBits), [1, setBits.length], 'float32');
    return [shared, approximateSimilarity(engine, metric, shared, inQuery, inTarget)];
  });
  return new TileComparison(engine, shared, similarity);
}
