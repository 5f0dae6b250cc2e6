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
 * Pairs of rows of one launch, where a wave of blocks has fewer: by arithmetic some 6 ms on an H200 and a third of a
 * second on small cards, which may have a display to serve.
 */
const LAUNCH_PAIRS = 2 ** 32;

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
  /** @param firstBlock  which block the first of the part is */
  parameters(firstBlock: number): Uint8Array;
}

/** @throws ERR_CANCELLED */
export async function launchPairs(
  device: CudaDevice,
  { kernel, blocks, threads, sharedBytes, pairsPerBlock, parameters }: PairsLaunch,
  signal: AbortSignal | undefined,
): Promise<void> {
  const wave = device.info.multiprocessors * Math.max(1, kernel.residentBlocks(threads, sharedBytes));
  const part = Math.max(wave, Math.floor(LAUNCH_PAIRS / pairsPerBlock));
  for (let first = 0; first < blocks; first += part) {
    throwIfCancelled(signal);
    const launch = { blocks: Math.min(part, blocks - first), threads, sharedBytes };
    kernel.launch(device.stream, launch, parameters(first));
    await device.stream.synchronize();
  }
}
