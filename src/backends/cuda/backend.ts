import type { Backend } from '../../core/backend.ts';
import { openCudaContext } from '../../native/cuda-driver.ts';
import { CudaDevice } from './cuda-device.ts';
import { cudaIntersections } from './intersections.ts';
import { cudaMmd, MMD_CAPABILITY } from './mmd.ts';
import { createCudaSearchIndex } from './search-index.ts';

export interface CudaBackendOptions {
  /** Which device, from 0; the first when not said. */
  readonly ordinal?: number;
  /** Path of the driver library; the system's when not said. */
  readonly library?: string;
}

/**
 * Operations by own kernels on an NVIDIA GPU (kernels/<operation>/<operation>.cu), through the driver alone.
 * @throws ERR_GPU_DRIVER_ABSENT, ERR_GPU_DRIVER_OLD, ERR_GPU_ABSENT, ERR_GPU_ARCHITECTURE, ERR_KERNELS_MISSING,
 *         ERR_OUT_OF_MEMORY, ERR_GPU_CALL
 */
export async function createCudaBackend(options: CudaBackendOptions = {}): Promise<Backend> {
  const device = new CudaDevice(openCudaContext(options));
  try {
    // A module that this device cannot run is a reason to refuse now, not in the middle of an operation.
    for (const operation of ['nearest', 'within', 'intersections']) device.load(operation);
  } catch (cause) {
    await device[Symbol.asyncDispose]();
    throw cause;
  }
  const { name, multiprocessors, memoryBytes, computeCapability, driverVersion } = device.info;
  const gibibytes = (memoryBytes / 2 ** 30).toFixed(0);
  return {
    name: 'cuda',
    device: `${name} (compute capability ${(computeCapability / 10).toFixed(1)}, ${multiprocessors} multiprocessors, ${gibibytes} GiB; driver for CUDA ${(driverVersion / 1000).toFixed(1)})`,
    ops: {
      search: (references, searchOptions) => createCudaSearchIndex(device, references, searchOptions),
      intersections: (queries, targets, { signal } = {}) =>
        cudaIntersections(device, queries, targets, signal),
      ...(computeCapability >= MMD_CAPABILITY && {
        mmd: (input, { signal } = {}) => cudaMmd(device, input, signal),
      }),
    },
    get lost() {
      return device.lost;
    },
    close: () => device[Symbol.asyncDispose](),
  };
}
