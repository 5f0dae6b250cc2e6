import type { CudaContext, CudaFunction, DeviceMemory, PinnedMemory } from '../../src/native/cuda.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { emptyFatbin } from './stub-driver.ts';

/** The order of `enum Bug` in checks.cu. */
export const BUGS = [
  'none',
  'missing barrier',
  'missing warp barrier',
  'missing wait',
  'wait for too few groups',
  'group never committed',
  'divergent collective',
  'collective at two places',
  'different barriers',
  'ended before the barrier',
  'past shared memory',
  'before shared memory',
  'copy past shared memory',
  'copy from nowhere',
  'misaligned copy',
  'stale shared memory',
  'read nowhere',
  'ended with a copy under way',
  'lost update',
  'plain update',
  'overwritten too early',
] as const;
export type Bug = (typeof BUGS)[number];

const SUM_WORDS = 512;
const SUM_SHARED_BYTES = 2 * 4 * SUM_WORDS + 512;

/** A context of a stub driver with the kernels of checks.cu, and memory in it that goes when this is disposed of. */
export class CheckRun implements Disposable {
  readonly context: CudaContext;
  readonly stream;
  readonly #resources = new DisposableStack();
  readonly #module;

  constructor(library: string) {
    this.context = this.#resources.use(openCudaContext({ library }));
    this.#module = this.#resources.use(this.context.loadModule(emptyFatbin(['sm_90']), 'checks'));
    this.stream = this.#resources.use(this.context.createStream());
  }

  kernel(name: string): CudaFunction {
    return this.#module.getFunction(name);
  }

  device(sizeBytes: number): DeviceMemory {
    return this.#resources.use(this.context.allocate(sizeBytes, 'a check'));
  }

  pinned(sizeBytes: number): PinnedMemory {
    return this.#resources.use(this.context.allocatePinned(sizeBytes, 'a check'));
  }

  /** Device memory with these bytes, on their way. */
  upload(values: ArrayBufferView): DeviceMemory {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const memory = this.device(bytes.length);
    const pinned = this.pinned(bytes.length);
    pinned.bytes.set(bytes);
    this.stream.upload(memory, 0, pinned, 0, bytes.length);
    return memory;
  }

  /** What device memory holds when the work so far is done. */
  async download(memory: DeviceMemory): Promise<ArrayBuffer> {
    const pinned = this.pinned(memory.sizeBytes);
    this.stream.download(pinned, 0, memory, 0, memory.sizeBytes);
    await this.stream.synchronize();
    return pinned.bytes.slice().buffer;
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}

/** The bytes of a parameter struct: addresses, then 32-bit integers. */
export function parameters(addresses: readonly (DeviceMemory | bigint)[], integers: readonly number[] = []) {
  const bytes = new Uint8Array(8 * addresses.length + 8 * Math.ceil(integers.length / 2));
  const view = new DataView(bytes.buffer);
  addresses.forEach((at, i) => {
    view.setBigUint64(8 * i, typeof at === 'bigint' ? at : at.address, true);
  });
  integers.forEach((value, i) => {
    view.setInt32(8 * addresses.length + 4 * i, value, true);
  });
  return bytes;
}

/**
 * Runs check_sum with a planted bug.
 * @returns whether the sums are right
 * @throws ERR_GPU_CALL where the emulator finds the bug itself
 */
export async function sumIsRight(library: string, bug: Bug, blocks: number): Promise<boolean> {
  using run = new CheckRun(library);
  const values = Uint32Array.from({ length: blocks * SUM_WORDS }, (_, i) => (i * 2654435761) % 1000);
  const out = run.device(4 * blocks);
  const all = run.upload(new Uint32Array(1));
  const bytes = parameters([run.upload(values), out, all], [BUGS.indexOf(bug)]);
  run.kernel('check_sum').launch(run.stream, { blocks, threads: 128, sharedBytes: SUM_SHARED_BYTES }, bytes);
  const sums = new Uint32Array(await run.download(out));
  const [total] = new Uint32Array(await run.download(all));
  const expected = Array.from({ length: blocks }, (_, block) =>
    values.subarray(SUM_WORDS * block, SUM_WORDS * (block + 1)).reduce((sum, value) => sum + value, 0),
  );
  return (
    expected.every((sum, block) => sum === sums[block]) && total === expected.reduce((sum, x) => sum + x, 0)
  );
}
