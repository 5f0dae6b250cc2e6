import { readFileSync } from 'node:fs';
import { AssayerError } from '../../core/errors.ts';
import type {
  CudaContext,
  CudaDeviceInfo,
  CudaEvent,
  CudaFunction,
  CudaModule,
  CudaStream,
  DeviceMemory,
  PinnedMemory,
} from '../../native/cuda.ts';

/** One half of the pinned memory that data passes through on the way to the device and back. */
const STAGE_BYTES = 32 * 2 ** 20;

/**
 * A device with what the operations on it share: kernels by name, transfers, and one turn after the other. It owns the
 * context that it is given.
 */
export class CudaDevice implements AsyncDisposable {
  readonly context: CudaContext;
  readonly stream: CudaStream;
  readonly #modules = new Map<string, CudaModule>();
  /** By operation, then by name. */
  readonly #kernels = new Map<string, Map<string, CudaFunction>>();
  readonly #resources = new DisposableStack();
  readonly #stages: readonly { readonly memory: PinnedMemory; readonly done: CudaEvent }[];
  #turn: Promise<unknown> = Promise.resolve();
  #isOpen = true;

  constructor(context: CudaContext, { stageBytes = STAGE_BYTES }: { readonly stageBytes?: number } = {}) {
    using made = new DisposableStack();
    this.context = made.use(context);
    this.stream = made.use(context.createStream());
    this.#stages = [0, 1].map(() => ({
      memory: made.use(context.allocatePinned(stageBytes, 'transfers')),
      done: made.use(context.createEvent()),
    }));
    this.#resources = made.move();
  }

  get info(): CudaDeviceInfo {
    return this.context.device;
  }

  /** True when every further use fails: the driver lost the device, or this was disposed of. */
  get lost(): boolean {
    return !this.#isOpen || this.context.lost;
  }

  /** A kernel of an operation, by name; looked up in the driver once, as it is asked for at each launch. @throws as load */
  kernel(operation: string, name: string): CudaFunction {
    const known = this.#kernels.get(operation) ?? new Map<string, CudaFunction>();
    this.#kernels.set(operation, known);
    const kernel = known.get(name) ?? this.load(operation).getFunction(name);
    known.set(name, kernel);
    return kernel;
  }

  /**
   * The kernels in kernels/<operation>/<operation>.fatbin; read once.
   * @throws ERR_KERNELS_MISSING, ERR_GPU_ARCHITECTURE, ERR_OUT_OF_MEMORY, ERR_GPU_CALL
   */
  load(operation: string): CudaModule {
    const loaded = this.#modules.get(operation);
    if (loaded) return loaded;
    const module = this.#resources.use(this.context.loadModule(readFatbin(operation), operation));
    this.#modules.set(operation, module);
    return module;
  }

  /** Runs work when all that was asked for before has ended: the stream and the stages serve one call at a time. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  /** Device memory with these bytes in it. To be called within `exclusive`, as all below. @throws ERR_OUT_OF_MEMORY */
  async upload(from: ArrayBufferView, purpose: string): Promise<DeviceMemory> {
    const bytes = asBytes(from);
    const memory = this.context.allocate(Math.max(bytes.length, 1), purpose);
    try {
      await this.write(memory, 0, bytes);
      return memory;
    } catch (cause) {
      memory[Symbol.dispose]();
      throw cause;
    }
  }

  /** Copies bytes to the device; they may be changed when this resolves, and later work of the stream sees them. */
  async write(to: DeviceMemory, offset: number, from: ArrayBufferView): Promise<void> {
    const bytes = asBytes(from);
    const size = this.#stages[0].memory.bytes.length;
    for (let at = 0, turn = 0; at < bytes.length; at += size, turn ^= 1) {
      const part = bytes.subarray(at, at + size);
      const { memory, done } = this.#stages[turn];
      await done.wait();
      memory.bytes.set(part);
      this.stream.upload(to, offset + at, memory, 0, part.length);
      this.stream.record(done);
    }
    await Promise.all(this.#stages.map(({ done }) => done.wait()));
  }

  /** Copies from the device what the stream's work so far has made. */
  async read(from: DeviceMemory, offset: number, into: ArrayBufferView): Promise<void> {
    const bytes = asBytes(into);
    const size = this.#stages[0].memory.bytes.length;
    const parts: { readonly at: number; readonly length: number }[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      parts.push({ at, length: Math.min(size, bytes.length - at) });
    }
    for (let i = 0; i <= parts.length; i++) {
      if (i < parts.length) {
        const { memory, done } = this.#stages[i & 1];
        this.stream.download(memory, 0, from, offset + parts[i].at, parts[i].length);
        this.stream.record(done);
      }
      if (i === 0) continue;
      const { memory, done } = this.#stages[(i - 1) & 1];
      await done.wait();
      bytes.set(memory.bytes.subarray(0, parts[i - 1].length), parts[i - 1].at);
    }
  }

  /** When all that was asked for before has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    await this.exclusive(async () => this.#resources.dispose());
  }
}

function asBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function readFatbin(operation: string): Uint8Array {
  const url = new URL(`../../../kernels/${operation}/${operation}.fatbin`, import.meta.url);
  try {
    return readFileSync(url);
  } catch (cause) {
    throw new AssayerError('ERR_KERNELS_MISSING', { operation, path: url.pathname }, { cause });
  }
}
