import type { CudaDevice } from './cuda-device.ts';
import { onMatrixUnits } from './search-plan.ts';

/** How searches are cut into pieces. None of it changes what they find. */
export interface SearchLimits {
  /** Most tiles of references that are put together at a time on their way to the device. */
  readonly tilesAtOnce: number;
  /** Most tiles of one chunk in device memory: kernels count rows in 32 bits with a sign. */
  readonly tilesOfChunk: number;
  /** Most queries of a batch, whatever the memory. */
  readonly queriesAtOnce: number;
  /** Longest lists that the device merges and sorts, for which each query has one warp and in the end one thread. */
  readonly longestOnDevice: number;
  /** Most pairs of a query and a reference that one launch looks at; by the device when not said. */
  readonly pairsAtOnce?: number;
}

export const SEARCH_LIMITS: SearchLimits = {
  tilesAtOnce: 1024,
  tilesOfChunk: 2 ** 25 - 1,
  queriesAtOnce: 32_768,
  longestOnDevice: 1024,
};

/**
 * Pairs of 2,048 bits that a multiprocessor looks at in well under a second, by the peak rates of slow devices: some 10^9 a
 * second on matrix units and 10^8 without, where most pairs fall short. The watchdog of a display ends what takes two.
 */
const MATRIX_PAIRS = 2 ** 28;
const WORD_PAIRS = 2 ** 25;
const PAIR_BYTES = 256;
/** How much longer a pair takes when every one may enter a list that is long. */
const LONG_LIST_COST = 64;

/** Most pairs of one launch, so that a slow device ends it soon, and a call can be cancelled between. */
export function pairsOfLaunch(
  device: CudaDevice,
  limits: SearchLimits,
  { paddedBytes, queries, k }: { readonly paddedBytes: number; readonly queries: number; readonly k: number },
): number {
  if (limits.pairsAtOnce !== undefined) return limits.pairsAtOnce;
  const pairs = onMatrixUnits(device, paddedBytes, queries) ? MATRIX_PAIRS : WORD_PAIRS;
  const cost = Math.max(paddedBytes / PAIR_BYTES, 1) * (k > limits.longestOnDevice ? LONG_LIST_COST : 1);
  return (pairs / cost) * device.info.multiprocessors;
}
