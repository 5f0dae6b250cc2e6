/** The driver's codes that mean something here (CUresult in cuda.h of the CUDA toolkit, 13.0). */
export const CUDA = {
  SUCCESS: 0,
  OUT_OF_MEMORY: 2,
  STUB_LIBRARY: 34,
  INSUFFICIENT_DRIVER: 35,
  NO_DEVICE: 100,
  INVALID_DEVICE: 101,
  NO_BINARY_FOR_GPU: 209,
  INVALID_PTX: 218,
  JIT_COMPILER_NOT_FOUND: 221,
  UNSUPPORTED_PTX_VERSION: 222,
  JIT_COMPILATION_DISABLED: 223,
  NOT_FOUND: 500,
  NOT_READY: 600,
  SYSTEM_NOT_READY: 802,
} as const;

/** A module with nothing that this device runs, or only PTX that this driver cannot compile. */
export const WRONG_ARCHITECTURE: ReadonlySet<number> = new Set([
  CUDA.NO_BINARY_FOR_GPU,
  CUDA.INVALID_PTX,
  CUDA.JIT_COMPILER_NOT_FOUND,
  CUDA.UNSUPPORTED_PTX_VERSION,
  CUDA.JIT_COMPILATION_DISABLED,
]);

/**
 * After these the driver answers every later call of the process with the same code: deinitialized, uncorrectable
 * memory and link errors, contained fault, destroyed context, what a kernel can do wrong (illegal address, time-out,
 * assertion, stack, instruction, alignment, address space, program counter, launch failure, leaked tensor memory), the
 * end of a shared server's client, an external device, and 999, unknown, which the driver gives when it has lost track
 * of the device itself.
 */
export const CONTEXT_LOST: ReadonlySet<number> = new Set([
  4, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911, 999,
]);

/** Codes for calls that should never have been made so: wrong values, contexts, handles, names, or resources. */
export const MISUSE: ReadonlySet<number> = new Set([1, 3, 200, 201, 400, 500, 701]);

/** CUdevice_attribute */
export const ATTRIBUTE = {
  CLOCK_KHZ: 13,
  MULTIPROCESSORS: 16,
  CAPABILITY_MAJOR: 75,
  CAPABILITY_MINOR: 76,
  SHARED_BYTES_PER_BLOCK_OPT_IN: 97,
} as const;

/** CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES */
export const MAX_DYNAMIC_SHARED_BYTES = 8;

/** Dynamic shared memory that a block may have without asking (CUDA C++ programming guide, compute capabilities). */
export const SHARED_BYTES_WITHOUT_ASKING = 48 * 1024;

/** CU_STREAM_NON_BLOCKING: no order with the default stream. */
export const NON_BLOCKING = 1;
