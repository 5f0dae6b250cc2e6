import { AssayerError } from '../core/errors.ts';
import { CONTEXT_LOST, CUDA, MISUSE } from './cuda-codes.ts';
import { type CudaArgument, type CudaCall, type CudaLibrary, describeCode } from './cuda-library.ts';

/**
 * @throws ERR_OUT_OF_MEMORY where the driver had no memory for its own part of the call, which may be a context, a
 *   stream or a kernel's code; ERR_GPU_CALL for any other code but success
 */
export function checkCode(library: CudaLibrary, call: CudaCall, code: number, device: string): void {
  if (code === CUDA.SUCCESS) return;
  if (code === CUDA.OUT_OF_MEMORY) {
    // The driver does not say how much it wanted.
    throw new AssayerError('ERR_OUT_OF_MEMORY', {
      purpose: `${call} of the NVIDIA driver (${device})`,
      sizeBytes: 'an unknown number of',
    });
  }
  throw callError(library, call, code, device, adviceOn(code));
}

function adviceOn(code: number): string {
  if (MISUSE.has(code)) return 'This is a defect of Assayer; please report it.';
  if (code === CUDA.SYSTEM_NOT_READY) {
    return 'On a machine whose GPUs are joined by NVSwitch, start the service nvidia-fabricmanager, then try again.';
  }
  return 'Look at the device with nvidia-smi, then try again.';
}

function callError(
  library: CudaLibrary,
  call: CudaCall,
  code: number,
  device: string,
  advice: string,
): AssayerError {
  const { name, meaning } = describeCode(library, code);
  return new AssayerError('ERR_GPU_CALL', { call, name, number: code, meaning, device, advice });
}

/** Calls within the context of one device, each checked; and what was made in it and is still open. */
export class CudaCalls {
  readonly library: CudaLibrary;
  /** As errors name it: its ordinal and its name. */
  readonly device: string;
  readonly open = new Set<CudaResource>();
  readonly #context: bigint;
  #lost: { readonly call: CudaCall; readonly code: number } | null = null;

  constructor(library: CudaLibrary, device: string, context: bigint) {
    this.library = library;
    this.device = device;
    this.#context = context;
  }

  /** True when a failure ended all use of the device by this process. */
  get lost(): boolean {
    return this.#lost !== null;
  }

  /** @throws ERR_OUT_OF_MEMORY, ERR_GPU_CALL */
  run(call: CudaCall, ...args: CudaArgument[]): void {
    this.check(call, this.ask(call, ...args));
  }

  /** The driver's code, where some codes are answers; `check` is for the others. @throws ERR_OUT_OF_MEMORY, ERR_GPU_CALL */
  ask(call: CudaCall, ...args: CudaArgument[]): number {
    if (this.#lost) throw this.#lostError(call, this.#lost);
    // What else runs in this thread (an inference library, say) may have made another context current.
    this.check('cuCtxSetCurrent', this.library.call('cuCtxSetCurrent', this.#context));
    return this.library.call(call, ...args);
  }

  /** @throws ERR_OUT_OF_MEMORY, ERR_GPU_CALL */
  check(call: CudaCall, code: number): void {
    if (CONTEXT_LOST.has(code)) {
      this.#lost = { call, code };
      throw this.#lostError(call, this.#lost);
    }
    checkCode(this.library, call, code, this.device);
  }

  #lostError(call: CudaCall, first: { readonly call: CudaCall; readonly code: number }): AssayerError {
    const since = first.call === call ? '' : ` since ${first.call}`;
    const advice = `The device's context is lost${since}: start the process again.`;
    return callError(this.library, call, first.code, this.device, advice);
  }

  /** Waits, without a turn of the event loop, until no stream has work under way. @throws ERR_GPU_CALL */
  settle(): void {
    for (const resource of this.open) {
      if (resource.release !== 'cuStreamDestroy_v2') continue;
      const code = this.ask('cuStreamQuery', resource.handle);
      if (code === CUDA.NOT_READY) this.run('cuStreamSynchronize', resource.handle);
      else this.check('cuStreamQuery', code);
    }
  }
}

/** Something of the driver's that has to be given back. */
export abstract class CudaResource implements Disposable {
  readonly calls: CudaCalls;
  readonly release: CudaCall;
  /** As errors name it. */
  readonly what: string;
  readonly #handle: bigint;
  #isOpen = true;

  protected constructor(calls: CudaCalls, release: CudaCall, handle: bigint, what: string) {
    this.calls = calls;
    this.release = release;
    this.what = what;
    this.#handle = handle;
    calls.open.add(this);
  }

  /** @throws ERR_INTERNAL after disposal */
  get handle(): bigint {
    this.checkOpen();
    return this.#handle;
  }

  /** @throws ERR_INTERNAL after disposal */
  checkOpen(): void {
    if (this.#isOpen) return;
    throw new AssayerError('ERR_INTERNAL', { problem: `${this.what} was used after it was disposed of` });
  }

  /**
   * Gives it back, when the work under way has ended: with `using`, an error may come while the device still works
   * with it. On a lost context there is nothing to give back to.
   */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    const { calls } = this;
    try {
      if (!calls.lost) calls.settle();
    } finally {
      this.close();
      if (!calls.lost) calls.run(this.release, this.#handle);
    }
  }

  protected close(): void {
    this.#isOpen = false;
    this.calls.open.delete(this);
  }
}

/** An internal error where `sizeBytes` from `offset` on are not within a memory's bytes. */
export function checkRange(what: string, memoryBytes: number, offset: number, sizeBytes: number): void {
  const fits =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(sizeBytes) &&
    offset >= 0 &&
    sizeBytes >= 0 &&
    offset + sizeBytes <= memoryBytes;
  if (fits) return;
  throw new AssayerError('ERR_INTERNAL', {
    problem: `${sizeBytes} bytes from offset ${offset} on are not within ${what}`,
  });
}
