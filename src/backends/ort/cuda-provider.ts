import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadProblem } from './load-library.ts';

/** The provider's two files; the npm package leaves them out, scripts/ort-cuda.sh puts them there. */
const PROVIDER_FILES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'];
const DRIVER = 'libcuda.so.1';
/** What libonnxruntime_providers_cuda.so 1.30 is linked to (`readelf -d`) besides the driver. */
const CUDA_LIBRARIES = ['libcudart.so.13', 'libcublasLt.so.13', 'libcublas.so.13', 'libcurand.so.10'];
const READ_MORE = 'see docs/onnx-runtime-gpu.md';

/**
 * Why ONNX Runtime could not load its CUDA provider, which it tells nobody: "Failed to load shared library" is all that
 * reaches the caller, whatever is missing.
 * @param folder   of ONNX Runtime's library; where it looks for providers
 * @param problem  why a library cannot be loaded by the dynamic loader; undefined when it can
 */
export function whyCudaProviderIsAbsent(
  folder: string = libraryFolder(),
  problem: (library: string) => string | undefined = loadProblem,
): string {
  if (problem(DRIVER)) {
    return `there is no NVIDIA driver (${DRIVER} cannot be loaded): install one, or start the container with --gpus all`;
  }
  const missing = PROVIDER_FILES.find((file) => !existsSync(join(folder, file)));
  if (missing) {
    return `this installation has no CUDA provider (${missing} is not in ${folder}): run scripts/ort-cuda.sh, ${READ_MORE}`;
  }
  const absent = CUDA_LIBRARIES.filter((library) => problem(library));
  if (absent.length > 0) {
    return `CUDA 13's ${absent.join(', ')} cannot be loaded: install them and name their folder in LD_LIBRARY_PATH, ${READ_MORE}`;
  }
  return `the CUDA provider in ${folder} cannot be loaded: it may be of another version than ONNX Runtime, ${READ_MORE}`;
}

/** Folder of the package's native library on this system. */
export function libraryFolder(): string {
  const entry = fileURLToPath(import.meta.resolve('onnxruntime-node'));
  return join(dirname(entry), '..', 'bin', 'napi-v6', process.platform, process.arch);
}
