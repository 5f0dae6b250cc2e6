import { AssayerError } from '../core/errors.ts';
import type {
  CudaContext,
  CudaDeviceInfo,
  CudaEvent,
  CudaModule,
  CudaStream,
  DeviceMemory,
  OpenCudaContext,
  PinnedMemory,
} from './cuda.ts';
import { CudaCalls, checkCode } from './cuda-calls.ts';
import { ATTRIBUTE, CUDA } from './cuda-codes.ts';
import { type CudaArgument, type CudaCall, type CudaLibrary, loadCudaLibrary } from './cuda-library.ts';
import { DriverDeviceMemory, DriverPinnedMemory } from './cuda-memory.ts';
import { DriverModule } from './cuda-module.ts';
import { DriverEvent, DriverStream } from './cuda-stream.ts';

/**
 * Opens a device through the CUDA driver: libcuda.so.1, nvcuda.dll on Windows, or the library that `library` or the
 * environment's ASSAYER_CUDA_LIBRARY names. The device's primary context is shared with whatever else in the process
 * uses it.
 * @throws ERR_GPU_DRIVER_ABSENT, ERR_GPU_DRIVER_OLD, ERR_GPU_ABSENT, ERR_OUT_OF_MEMORY, ERR_GPU_CALL
 */
export const openCudaContext: OpenCudaContext = ({ ordinal = 0, library: path } = {}) => {
  const library = loadCudaLibrary(path);
  const count = countDevices(library);
  if (ordinal >= count) throw noDevice(ordinal, count);
  const { handle, info } = describeDevice(library, ordinal);
  const context = new BigUint64Array(1);
  const device = `device ${ordinal}, ${info.name}`;
  checkCode(
    library,
    'cuDevicePrimaryCtxRetain',
    library.call('cuDevicePrimaryCtxRetain', context, handle),
    device,
  );
  return new DriverContext(new CudaCalls(library, device, context[0]), info, handle);
};

function noDevice(ordinal: number, count: number): AssayerError {
  const shown = count === 0 ? 'none' : count === 1 ? 'only number 0' : `numbers 0 to ${count - 1}`;
  return new AssayerError('ERR_GPU_ABSENT', { ordinal, count: shown });
}

/** @throws as openCudaContext */
function countDevices(library: CudaLibrary): number {
  const code = library.call('cuInit', 0);
  if (code === CUDA.NO_DEVICE) return 0;
  if (code === CUDA.STUB_LIBRARY) {
    throw new AssayerError('ERR_GPU_DRIVER_ABSENT', {
      library: library.path,
      problem: "it is the CUDA toolkit's stand-in for a driver",
    });
  }
  checkCode(library, 'cuInit', code, 'any device');
  const count = new Int32Array(1);
  const counted = library.call('cuDeviceGetCount', count);
  if (counted === CUDA.NO_DEVICE) return 0;
  checkCode(library, 'cuDeviceGetCount', counted, 'any device');
  return count[0];
}

function describeDevice(
  library: CudaLibrary,
  ordinal: number,
): { readonly handle: number; readonly info: CudaDeviceInfo } {
  const run = (call: CudaCall, ...args: CudaArgument[]) =>
    checkCode(library, call, library.call(call, ...args), `device ${ordinal}`);
  const number = new Int32Array(1);
  const name = new Uint8Array(256);
  const memoryBytes = new BigUint64Array(1);
  run('cuDeviceGet', number, ordinal);
  const handle = number[0];
  run('cuDeviceGetName', name, name.length, handle);
  run('cuDeviceTotalMem_v2', memoryBytes, handle);
  const attribute = (which: number) => {
    run('cuDeviceGetAttribute', number, which, handle);
    return number[0];
  };
  const info: CudaDeviceInfo = {
    ordinal,
    name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
    computeCapability: 10 * attribute(ATTRIBUTE.CAPABILITY_MAJOR) + attribute(ATTRIBUTE.CAPABILITY_MINOR),
    multiprocessors: attribute(ATTRIBUTE.MULTIPROCESSORS),
    sharedBytesPerBlock: attribute(ATTRIBUTE.SHARED_BYTES_PER_BLOCK_OPT_IN),
    memoryBytes: Number(memoryBytes[0]),
    clockKHz: attribute(ATTRIBUTE.CLOCK_KHZ),
    driverVersion: library.driverVersion,
  };
  return { handle, info };
}

class DriverContext implements CudaContext {
  readonly device: CudaDeviceInfo;
  readonly #calls: CudaCalls;
  readonly #deviceHandle: number;
  #isOpen = true;

  constructor(calls: CudaCalls, device: CudaDeviceInfo, deviceHandle: number) {
    this.#calls = calls;
    this.device = device;
    this.#deviceHandle = deviceHandle;
  }

  get lost(): boolean {
    return !this.#isOpen || this.#calls.lost;
  }

  memory(): { readonly freeBytes: number; readonly totalBytes: number } {
    const free = new BigUint64Array(1);
    const total = new BigUint64Array(1);
    this.#opened.run('cuMemGetInfo_v2', free, total);
    return { freeBytes: Number(free[0]), totalBytes: Number(total[0]) };
  }

  loadModule(image: Uint8Array, name: string): CudaModule {
    return new DriverModule(this.#opened, this.device, image, name);
  }

  allocate(sizeBytes: number, purpose: string): DeviceMemory {
    return new DriverDeviceMemory(this.#opened, sizeBytes, purpose);
  }

  allocatePinned(sizeBytes: number, purpose: string): PinnedMemory {
    return new DriverPinnedMemory(this.#opened, sizeBytes, purpose);
  }

  createStream(): CudaStream {
    return new DriverStream(this.#opened);
  }

  createEvent(): CudaEvent {
    return new DriverEvent(this.#opened);
  }

  get #opened(): CudaCalls {
    if (this.#isOpen) return this.#calls;
    throw new AssayerError('ERR_INTERNAL', {
      problem: `the context of ${this.#calls.device} was used after it was disposed of`,
    });
  }

  /** @throws ERR_INTERNAL that names what was left open in it, now closed; ERR_GPU_CALL */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const left = [...this.#calls.open];
    const closing = new DisposableStack();
    closing.defer(() => this.#release());
    for (const resource of left) closing.use(resource);
    closing.dispose();
    if (left.length === 0) return;
    throw new AssayerError('ERR_INTERNAL', {
      problem: `the context of ${this.#calls.device} was disposed of before ${left.map(({ what }) => what).join(', ')}`,
    });
  }

  #release(): void {
    const { library, device, lost } = this.#calls;
    const code = library.call('cuDevicePrimaryCtxRelease_v2', this.#deviceHandle);
    // The failure that lost the context was thrown where it was met; the driver only repeats it here.
    if (!lost) checkCode(library, 'cuDevicePrimaryCtxRelease_v2', code, device);
  }
}
