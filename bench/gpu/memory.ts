import type { Backend } from '../../src/core/backend.ts';
import { MORGAN_BITS } from '../../src/core/fingerprint.ts';
import type { CudaContext } from '../../src/native/cuda.ts';
import { makeAnalogues } from './fingerprints.ts';

/** Largest piece of memory that is poisoned at once. */
const PIECE_BYTES = 2 ** 30;
/** Bytes that no output is made of by chance, and no count, row or float is. */
const POISON = 0xa5;

/** Takes free device memory, fills it with 0xA5 and gives it back, so that what is allocated next holds no zeros. */
export async function poison(context: CudaContext, sizeBytes: number): Promise<void> {
  using taken = new DisposableStack();
  const stream = taken.use(context.createStream());
  let left = Math.min(sizeBytes, Math.floor(context.memory().freeBytes * 0.8));
  for (; left > 0; left -= PIECE_BYTES) {
    const memory = taken.use(context.allocate(Math.min(left, PIECE_BYTES), 'poison'));
    stream.fill(memory, 0, memory.sizeBytes, POISON);
  }
  await stream.synchronize();
}

export interface MemoryReturned {
  /** Free device memory in bytes: before the backend is opened, while it holds an index, and after it is closed. */
  readonly rounds: readonly { readonly before: number; readonly during: number; readonly after: number }[];
  /** Bytes missing after the last round; the first may leave behind what the driver sets up once. */
  readonly missing: number;
}

/**
 * Opens and closes the backend a few times, each time with an index and a search.
 * @param context  another one of the same device, which stays
 */
export async function checkMemoryReturned(
  context: CudaContext,
  open: () => Promise<Backend>,
  real: Uint8Array,
  references: number,
): Promise<MemoryReturned> {
  const rounds: { before: number; during: number; after: number }[] = [];
  const fingerprints = makeAnalogues(real, references, 9);
  for (let round = 0; round < 3; round++) {
    const before = context.memory().freeBytes;
    const backend = await open();
    let during: number;
    try {
      await using index = await backend.ops.search!({ fingerprints, bits: MORGAN_BITS });
      await index.nearest(fingerprints.subarray(0, MORGAN_BITS / 8), 3);
      during = context.memory().freeBytes;
    } finally {
      await backend.close?.();
    }
    rounds.push({ before, during, after: context.memory().freeBytes });
  }
  const last = rounds[rounds.length - 1];
  return { rounds, missing: last.before - last.after };
}
