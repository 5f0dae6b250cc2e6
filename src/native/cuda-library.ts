import koffi, { type LibraryHandle } from 'koffi';
import { AssayerError, describeCause } from '../core/errors.ts';

/** The fatbins come from CUDA 13.0; an older driver does not know their code. */
const NEEDED_VERSION = 13_000;

/** What the driver must answer before anything else is asked of it. */
const FIRST_CALLS = {
  cuDriverGetVersion: 'int cuDriverGetVersion(int *version)',
  cuGetErrorName: 'int cuGetErrorName(int code, uint64_t *text)',
  cuGetErrorString: 'int cuGetErrorString(int code, uint64_t *text)',
} as const;

/** Handles and device addresses are 64-bit numbers; what the driver writes goes to a typed array. */
const CALLS = {
  ...FIRST_CALLS,
  cuInit: 'int cuInit(uint flags)',
  cuDeviceGetCount: 'int cuDeviceGetCount(int *count)',
  cuDeviceGet: 'int cuDeviceGet(int *device, int ordinal)',
  cuDeviceGetName: 'int cuDeviceGetName(uint8_t *name, int size, int device)',
  cuDeviceGetAttribute: 'int cuDeviceGetAttribute(int *value, int attribute, int device)',
  cuDeviceTotalMem_v2: 'int cuDeviceTotalMem_v2(uint64_t *bytes, int device)',
  cuDevicePrimaryCtxRetain: 'int cuDevicePrimaryCtxRetain(uint64_t *context, int device)',
  cuDevicePrimaryCtxRelease_v2: 'int cuDevicePrimaryCtxRelease_v2(int device)',
  cuCtxSetCurrent: 'int cuCtxSetCurrent(uint64_t context)',
  cuModuleLoadData: 'int cuModuleLoadData(uint64_t *module, void *image)',
  cuModuleUnload: 'int cuModuleUnload(uint64_t module)',
  cuModuleGetFunction: 'int cuModuleGetFunction(uint64_t *function, uint64_t module, const char *name)',
  cuFuncSetAttribute: 'int cuFuncSetAttribute(uint64_t function, int attribute, int value)',
  cuOccupancyMaxActiveBlocksPerMultiprocessor:
    'int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, uint64_t function, int threads, size_t shared)',
  cuMemGetInfo_v2: 'int cuMemGetInfo_v2(uint64_t *free, uint64_t *total)',
  cuMemAlloc_v2: 'int cuMemAlloc_v2(uint64_t *address, size_t bytes)',
  cuMemFree_v2: 'int cuMemFree_v2(uint64_t address)',
  cuMemHostAlloc: 'int cuMemHostAlloc(uint64_t *address, size_t bytes, uint flags)',
  cuMemFreeHost: 'int cuMemFreeHost(uint64_t address)',
  cuMemcpyHtoDAsync_v2: 'int cuMemcpyHtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, uint64_t stream)',
  cuMemcpyDtoHAsync_v2: 'int cuMemcpyDtoHAsync_v2(uint64_t to, uint64_t from, size_t bytes, uint64_t stream)',
  cuMemcpyDtoDAsync_v2: 'int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, uint64_t stream)',
  cuMemsetD8Async: 'int cuMemsetD8Async(uint64_t to, uint8_t byte, size_t bytes, uint64_t stream)',
  cuStreamCreate: 'int cuStreamCreate(uint64_t *stream, uint flags)',
  cuStreamDestroy_v2: 'int cuStreamDestroy_v2(uint64_t stream)',
  cuStreamQuery: 'int cuStreamQuery(uint64_t stream)',
  cuStreamSynchronize: 'int cuStreamSynchronize(uint64_t stream)',
  cuStreamWaitEvent: 'int cuStreamWaitEvent(uint64_t stream, uint64_t event, uint flags)',
  cuEventCreate: 'int cuEventCreate(uint64_t *event, uint flags)',
  cuEventDestroy_v2: 'int cuEventDestroy_v2(uint64_t event)',
  cuEventRecord: 'int cuEventRecord(uint64_t event, uint64_t stream)',
  cuEventQuery: 'int cuEventQuery(uint64_t event)',
  cuEventElapsedTime: 'int cuEventElapsedTime(float *milliseconds, uint64_t from, uint64_t to)',
  cuLaunchKernel:
    'int cuLaunchKernel(uint64_t function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, ' +
    'uint sharedBytes, uint64_t stream, void *parameters, void *extra)',
} as const;

export type CudaCall = keyof typeof CALLS;
export type CudaArgument = number | bigint | string | ArrayBufferView | null;
type Bound = (...args: CudaArgument[]) => number;

/** The driver's library: its entry points by name, each returning the driver's code, 0 for success. */
export interface CudaLibrary {
  readonly path: string;
  /** 13000 for CUDA 13.0. */
  readonly driverVersion: number;
  call(name: CudaCall, ...args: CudaArgument[]): number;
}

/** The driver's library by its name on this system, unless ASSAYER_CUDA_LIBRARY gives another path. */
function systemLibrary(): string {
  return process.env.ASSAYER_CUDA_LIBRARY || (process.platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1');
}

const loaded = new Map<string, CudaLibrary>();

/**
 * Loads the driver's library once for each path, and finds all its entry points.
 * @throws ERR_GPU_DRIVER_ABSENT, ERR_GPU_DRIVER_OLD
 */
export function loadCudaLibrary(path: string = systemLibrary()): CudaLibrary {
  const known = loaded.get(path);
  if (known) return known;
  const handle = openLibrary(path);
  const bound = new Map<string, Bound>();
  const version = new Int32Array(1);
  const bindAll = (calls: Readonly<Record<string, string>>) => {
    for (const [name, declaration] of Object.entries(calls)) {
      bound.set(name, bind(handle, name, declaration, version[0]));
    }
  };
  bindAll(FIRST_CALLS);
  const call = (name: CudaCall, ...args: CudaArgument[]) => bound.get(name)!(...args);
  const code = call('cuDriverGetVersion', version);
  if (code !== 0) {
    throw absent(path, `it answers ${code} when asked for its version`);
  }
  if (version[0] < NEEDED_VERSION) throw tooOld(describeVersion(version[0]));
  bindAll(CALLS);
  const library: CudaLibrary = { path, driverVersion: version[0], call };
  loaded.set(path, library);
  return library;
}

function openLibrary(path: string): LibraryHandle {
  try {
    return koffi.load(path);
  } catch (cause) {
    throw absent(path, describeCause(cause).replace(/^Failed to load shared library: /, ''), cause);
  }
}

function bind(handle: LibraryHandle, name: string, declaration: string, version: number): Bound {
  try {
    return handle.func(declaration);
  } catch (cause) {
    throw tooOld(version ? `${describeVersion(version)} without ${name}` : `no ${name}`, cause);
  }
}

function absent(library: string, problem: string, cause?: unknown): AssayerError {
  if (process.env.ASSAYER_CUDA_LIBRARY === library) {
    library = `${library}, which ASSAYER_CUDA_LIBRARY names,`;
  }
  return new AssayerError('ERR_GPU_DRIVER_ABSENT', { library, problem }, { cause });
}

function tooOld(found: string, cause?: unknown): AssayerError {
  return new AssayerError(
    'ERR_GPU_DRIVER_OLD',
    { found, needed: describeVersion(NEEDED_VERSION) },
    { cause },
  );
}

function describeVersion(version: number): string {
  return `CUDA ${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

/** The driver's name of a code, and what it says that the code means. */
export function describeCode(library: CudaLibrary, code: number): { name: string; meaning: string } {
  const text = new BigUint64Array(1);
  const ask = (name: 'cuGetErrorName' | 'cuGetErrorString') =>
    library.call(name, code, text) === 0 && text[0] !== 0n ? koffi.decode.string(text[0]) : 'unknown';
  return { name: ask('cuGetErrorName'), meaning: ask('cuGetErrorString') };
}

/** Memory that the driver gave to the process, as bytes. */
export function viewMemory(address: bigint, sizeBytes: number): Uint8Array {
  return new Uint8Array(koffi.view(address, sizeBytes));
}

/** Where bytes lie, for structures that point to them. The caller keeps `bytes` alive. */
export function addressOf(bytes: Uint8Array): bigint {
  return koffi.address(bytes);
}
