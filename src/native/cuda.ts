/**
 * The CUDA driver API as this project uses it; cuda-driver.ts fills it. Every call is checked: a failure is an
 * AssayerError that names the call, the driver's code and the device, or ERR_OUT_OF_MEMORY. Addresses are bigint, sizes bytes.
 */

/** A device as the driver describes it. */
export interface CudaDeviceInfo {
  readonly ordinal: number;
  readonly name: string;
  /** As in sm_90: 90. */
  readonly computeCapability: number;
  readonly multiprocessors: number;
  /** Dynamic shared memory that one block may ask for, with the opt-in. */
  readonly sharedBytesPerBlock: number;
  readonly memoryBytes: number;
  readonly clockKHz: number;
  /** As the driver gives it: 13000 for CUDA 13.0. */
  readonly driverVersion: number;
}

/** Device memory. Using it after disposal throws. */
export interface DeviceMemory extends Disposable {
  readonly address: bigint;
  readonly sizeBytes: number;
}

/** Host memory that the device copies from and to without a detour. `bytes` must not be used after disposal. */
export interface PinnedMemory extends Disposable {
  readonly bytes: Uint8Array;
}

export interface CudaEvent extends Disposable {
  /** True when the work before it is done. */
  done(): boolean;
  /** Waits for the work before it without blocking the event loop. */
  wait(): Promise<void>;
  /** Device time between two events that are done. */
  millisecondsSince(earlier: CudaEvent): number;
}

/** Work in order; every method but `synchronize` returns before the work is done. */
export interface CudaStream extends Disposable {
  upload(to: DeviceMemory, toOffset: number, from: PinnedMemory, fromOffset: number, sizeBytes: number): void;
  download(
    to: PinnedMemory,
    toOffset: number,
    from: DeviceMemory,
    fromOffset: number,
    sizeBytes: number,
  ): void;
  copy(to: DeviceMemory, toOffset: number, from: DeviceMemory, fromOffset: number, sizeBytes: number): void;
  fill(memory: DeviceMemory, offset: number, sizeBytes: number, byte: number): void;
  record(event: CudaEvent): void;
  /** Later work of this stream waits for the event. */
  wait(event: CudaEvent): void;
  /** Waits for all work so far without blocking the event loop. */
  synchronize(): Promise<void>;
}

export interface Launch {
  readonly blocks: number;
  readonly threads: number;
  /** Dynamic shared memory of a block. */
  readonly sharedBytes: number;
}

export interface CudaFunction {
  readonly name: string;
  /** Blocks of this shape that one multiprocessor holds at a time. */
  residentBlocks(threads: number, sharedBytes: number): number;
  /** @param parameters the bytes of the kernel's parameter struct; copied before this returns */
  launch(stream: CudaStream, launch: Launch, parameters: Uint8Array): void;
}

export interface CudaModule extends Disposable {
  getFunction(name: string): CudaFunction;
}

/** The primary context of one device. All that was made from it must be disposed of first. */
export interface CudaContext extends Disposable {
  readonly device: CudaDeviceInfo;
  /** True when every further use fails: after a failure that ended all use of the device by this process, or disposal. */
  readonly lost: boolean;
  memory(): { readonly freeBytes: number; readonly totalBytes: number };
  /**
   * @param image  a fatbin
   * @param name   what it is called in errors
   * @throws ERR_GPU_ARCHITECTURE where it holds nothing for this device; a driver that loads code late tells so in
   *   getFunction
   */
  loadModule(image: Uint8Array, name: string): CudaModule;
  /** @throws ERR_OUT_OF_MEMORY with the purpose */
  allocate(sizeBytes: number, purpose: string): DeviceMemory;
  allocatePinned(sizeBytes: number, purpose: string): PinnedMemory;
  createStream(): CudaStream;
  createEvent(): CudaEvent;
}

/** Opens a device. @throws ERR_GPU_DRIVER_ABSENT, ERR_GPU_DRIVER_OLD, ERR_GPU_ABSENT, ERR_OUT_OF_MEMORY, ERR_GPU_CALL */
export type OpenCudaContext = (options?: {
  readonly ordinal?: number;
  /** Path of the driver library; the system's when not said. */
  readonly library?: string;
}) => CudaContext;
