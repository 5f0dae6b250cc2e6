import { createRequire } from 'node:module';
import { AssayerError, describeCause } from '../../core/errors.ts';
import type { TensorEngine } from './tensor-engine.ts';

const PACKAGE = '@tensorflow/tfjs-node-gpu';
// In a checkout npm passes over the package's own optional peer, unless it is asked for as another kind of dependency.
const NEEDS =
  ', in a checkout with --no-save --save-prod (needs CUDA 11 and cuDNN 8; see docs/tensorflow-js.md)';

/** What tfjs-node adds to the engine. */
interface TfjsNode extends TensorEngine {
  /** `isUsingGpuDevice`: whether the native library found a GPU. */
  backend(): { readonly isUsingGpuDevice?: boolean };
}

/** `require`, or what stands for it in a test. */
type Load = ((name: string) => unknown) & { resolve(name: string): string };

/**
 * Opens TensorFlow's native library with its GPU.
 * @throws ERR_TENSORFLOW where the package is absent, its native library does not load, or it has no GPU
 */
export function openNodeGpu(load: Load = createRequire(import.meta.url)): TensorEngine {
  const engine = loadTfjsNode(PACKAGE, load);
  if (engine.backend().isUsingGpuDevice !== true) {
    throw new AssayerError('ERR_TENSORFLOW', {
      problem: `${PACKAGE} finds no GPU`,
      advice:
        'It needs an NVIDIA driver, CUDA 11 and cuDNN 8 on the library path, and a GPU in CUDA_VISIBLE_DEVICES.',
    });
  }
  return engine;
}

/**
 * Loads tfjs-node, with or without a GPU.
 * @param name  package or path
 * @throws ERR_TENSORFLOW
 */
export function loadTfjsNode(name: string, load: Load): TfjsNode {
  try {
    load.resolve(name);
  } catch (cause) {
    const problem = `${name} is not installed`;
    throw new AssayerError(
      'ERR_TENSORFLOW',
      { problem, advice: `Install it with npm install ${name}${NEEDS}` },
      { cause },
    );
  }
  restoreUtil(load('node:util') as Record<string, unknown>);
  setTensorFlowDefaults(process.env);
  try {
    return load(name) as TfjsNode;
  } catch (cause) {
    const problem = `${name} does not load (${describeCause(cause)})`;
    const advice = `Build its native library with npm rebuild ${name}; it also needs CUDA 11 and cuDNN 8 on the library path.`;
    throw new AssayerError('ERR_TENSORFLOW', { problem, advice }, { cause });
  }
}

/**
 * Puts back what tfjs-node 4.22 calls and Node removed from `util` in version 23: isNullOrUndefined (in every operation) and
 * isArray, which is deprecated and next.
 */
function restoreUtil(util: Record<string, unknown>): void {
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

/** Read by TensorFlow and cuBLAS when they start; what the user set stays. */
function setTensorFlowDefaults(environment: NodeJS.ProcessEnv): void {
  // Otherwise TensorFlow takes all memory of the card for itself.
  environment.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  // Otherwise products round their float32 operands to 11 bits; MMD is promised within 1e-5.
  environment.NVIDIA_TF32_OVERRIDE ??= '0';
}
