import type { MmdKernel } from '../../core/mmd.ts';
import type { CudaFunction } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';
import { throwIfCancelled } from './sorted-rows.ts';

/**
 * `#define`s and enums of kernels/mmd: rows of a tile, threads of a block, label columns of a block and of an exact
 * pass.
 */
export const TILE = 32;
export const MOST_THREADS = 256;
export const COLUMNS = 128;
export const CHOSEN = 16;
/** In place of a column: every row. */
export const ALL_ROWS = -1;
/** Labels as halves and as bits and the terms of a tile, each twice. */
export const ESTIMATE_BYTES: number = 2 * (COLUMNS * TILE * 2 + COLUMNS * 4 + TILE * 8);

/**
 * Pairs of rows of one launch, of cost 1, where a wave of blocks has fewer: by arithmetic some 6 ms on an H200 and a
 * third of a second on small cards, which may have a display to serve.
 */
export const LAUNCH_PAIRS: number = 2 ** 32;

/** Dimensions of features that take as long as the rest of a pair. */
const DIMENSIONS_OF_COST_1 = 16;

/** What a pair of rows costs. */
export function featureCost({ kind }: MmdKernel, dimensions: number): number {
  return kind === 'rbf-features' ? 1 + dimensions / DIMENSIONS_OF_COST_1 : 1;
}

/** Compute capabilities with half as many float64 units as float32 units; others have one for 64. */
const FAST_FLOAT64 = new Set([80, 90, 100]);

/** How much longer float64 takes than where it is fast. */
export function float64Cost({ info }: CudaDevice): number {
  return FAST_FLOAT64.has(info.computeCapability) ? 1 : 32;
}

/** One thread for each of so many things. */
export function launchForEach(
  device: CudaDevice,
  name: string,
  things: number,
  parameters: Uint8Array,
): void {
  const launch = { blocks: Math.ceil(things / MOST_THREADS), threads: MOST_THREADS, sharedBytes: 0 };
  device.kernel('mmd', `mmd_${name}`).launch(device.stream, launch, parameters);
}

/** A launch that goes through pairs of rows; it is made in parts, so that it can be cancelled between them. */
export interface PairsLaunch {
  readonly kernel: CudaFunction;
  readonly blocks: number;
  readonly threads: number;
  readonly sharedBytes: number;
  readonly pairsPerBlock: number;
  /** Of a pair. */
  readonly cost: number;
  /** Pairs of one launch, of cost 1: LAUNCH_PAIRS, but for tests. */
  readonly mostPairs: number;
  /** @param firstBlock  which block the first of the part is */
  parameters(firstBlock: number): Uint8Array;
}

/** Whole waves at a time, and the next part in the queue before the one before it ends. @throws ERR_CANCELLED */
export async function launchPairs(
  device: CudaDevice,
  { kernel, blocks, threads, sharedBytes, pairsPerBlock, cost, mostPairs, parameters }: PairsLaunch,
  signal: AbortSignal | undefined,
): Promise<void> {
  const wave = device.info.multiprocessors * Math.max(1, kernel.residentBlocks(threads, sharedBytes));
  const part = wave * Math.max(1, Math.floor(mostPairs / (pairsPerBlock * cost * wave)));
  let launched = Promise.resolve();
  try {
    for (let first = 0; first < blocks; first += part) {
      throwIfCancelled(signal);
      const launch = { blocks: Math.min(part, blocks - first), threads, sharedBytes };
      kernel.launch(device.stream, launch, parameters(first));
      const before = launched;
      launched = device.stream.synchronize();
      await before;
    }
  } finally {
    await launched;
  }
}
