import { AssayerError } from '../../core/errors.ts';
import { TANIMOTO } from '../../core/metric.ts';
import type { References, SearchIndex } from '../../core/ops.ts';
import {
  checkBins,
  checkK,
  checkReferences,
  checkThreshold,
  countRows,
  emptyNeighbors,
} from '../../core/search-arguments.ts';
import type { CudaDevice } from './cuda-device.ts';
import { orderHits } from './search-hits.ts';
import { SEARCH_LIMITS, type SearchLimits } from './search-limits.ts';
import { type Searched, searchHistogram, searchNearest } from './search-nearest.ts';
import { SearchRows } from './search-rows.ts';
import { searchWithin } from './search-within.ts';

/** Most device memory that one batch of queries takes for what it finds, also when more is free. */
const BATCH_BYTES = 2 ** 30;

export interface CudaSearchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Most device memory for references, which stream through it when there are more; what is free when not said. */
  readonly maxResidentBytes?: number;
  /** Most device memory for what one batch of queries finds. */
  readonly maxBatchBytes?: number;
  /** What tests set lower, to see seams in little data. */
  readonly limits?: Partial<SearchLimits>;
}

/**
 * Lays references out on the device for search; see kernels/nearest/search.h.
 * @throws ERR_USAGE, ERR_CANCELLED, ERR_OUT_OF_MEMORY, ERR_KERNELS_MISSING, ERR_GPU_ARCHITECTURE, ERR_GPU_CALL
 */
export async function createCudaSearchIndex(
  device: CudaDevice,
  references: References,
  options: CudaSearchOptions = {},
): Promise<SearchIndex> {
  const shape = checkReferences(references);
  const { signal, maxResidentBytes, maxBatchBytes } = options;
  const limits = { ...SEARCH_LIMITS, ...options.limits };
  return await device.exclusive(async () => {
    const rows = await SearchRows.create(device, references, shape, { signal, maxResidentBytes, limits });
    const free = Math.floor(device.context.memory().freeBytes / 2);
    const batchBytes = maxBatchBytes ?? Math.min(BATCH_BYTES, free);
    return new CudaSearchIndex({ device, rows, shape, batchBytes, limits });
  });
}

class CudaSearchIndex implements SearchIndex {
  readonly size: number;
  readonly bits: number;
  readonly rowBytes: number;
  readonly #searched: Searched;
  #closed = false;

  constructor(searched: Searched) {
    this.size = searched.shape.count;
    this.bits = searched.shape.bits;
    this.rowBytes = searched.shape.rowBytes;
    this.#searched = searched;
  }

  nearest: SearchIndex['nearest'] = async (queries, k, { metric = TANIMOTO, signal } = {}) => {
    checkK(k);
    const found = emptyNeighbors(countRows(queries, this.rowBytes), k);
    await this.#run(() => searchNearest(this.#searched, queries, k, metric, signal, found));
    return found;
  };

  within: SearchIndex['within'] = async (queries, threshold, { metric = TANIMOTO, signal } = {}) => {
    checkThreshold(threshold);
    const count = countRows(queries, this.rowBytes);
    const found = await this.#run(() => searchWithin(this.#searched, queries, threshold, metric, signal));
    return await orderHits(found ?? [], count, metric, signal);
  };

  nearestHistogram: SearchIndex['nearestHistogram'] = async (queries, bins, options = {}) => {
    checkBins(bins);
    countRows(queries, this.rowBytes);
    const { metric = TANIMOTO, signal } = options;
    const found = await this.#run(() => searchHistogram(this.#searched, queries, bins, metric, signal));
    return found ?? new Uint32Array(bins);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { device, rows } = this.#searched;
    await device.exclusive(async () => rows[Symbol.dispose]());
  }

  /** Has the device to itself; nothing is done where there is no reference. */
  async #run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#closed)
      throw new AssayerError('ERR_USAGE', { problem: 'This index was closed. Open it again.' });
    if (this.#searched.rows.live === 0) return undefined;
    return await this.#searched.device.exclusive(work);
  }
}
