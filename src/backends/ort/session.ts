import ort from 'onnxruntime-node';
import { describeCause } from '../../core/errors.ts';
import { whyCudaProviderIsAbsent } from './cuda-provider.ts';
import { parseDeviceName } from './device-name.ts';
import { hasGpu } from './gpu-file.ts';
import { loadProblem } from './load-library.ts';

// A provider that is not there is logged as an error on standard error; the reason reaches the caller anyway.
ort.env.logLevel = 'fatal';

/**
 * A session on one device. Loading folds the constant part of the graph. Throws what ONNX Runtime throws, and the reason
 * where it would keep that to itself.
 *
 * Of a provider's options only CUDA's device number and WebGPU's are passed on by onnxruntime-node 1.30: CUDA's memory limit,
 * arena strategy and TF32 switch are not (docs/onnx-runtime-gpu.md). So memory is bounded by what is computed at once, and
 * given back by releasing the session.
 * @param device  cpu, webgpu, cuda, or cuda:1 for another than the first
 */
export async function createSession(
  model: Uint8Array,
  device: string,
  threads: number,
): Promise<ort.InferenceSession> {
  const { provider, ordinal } = parseDeviceName(device);
  if (provider === 'webgpu') requireVulkan();
  if (provider === 'cuda') useFullFloat32();
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [describeProvider(provider, ordinal)],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      // Threads that wait in a loop for the next operator take a quarter of the processor for nothing.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  } catch (cause) {
    if (provider === 'cuda' && describeCause(cause).includes('Failed to load shared library')) {
      throw new Error(whyCudaProviderIsAbsent(), { cause });
    }
    throw cause;
  }
}

function describeProvider(provider: string, ordinal: number): ort.InferenceSession.ExecutionProviderConfig {
  if (provider === 'cuda') return { name: 'cuda', deviceId: ordinal };
  // Buffers go back after each run: a worker that waits for work holds the weights alone.
  if (provider === 'webgpu') return { name: 'webgpu', storageBufferCacheMode: 'lazyRelease' };
  return provider;
}

/** WebGPU stands on Vulkan here, and its provider would tell of its absence on standard error, too. */
function requireVulkan(): void {
  if (process.platform === 'linux' && loadProblem('libvulkan.so.1')) {
    const advice = hasGpu()
      ? ': install the Vulkan loader and the driver of the GPU'
      : ', and there is no GPU';
    throw new Error(`libvulkan.so.1 cannot be loaded${advice}`);
  }
}

/**
 * ONNX Runtime multiplies float32 in TF32 by default, 10 bits of mantissa, where 1e-5 relative is promised. Its own switch is
 * out of reach; cuBLAS reads this variable before any other setting, when its library is loaded.
 */
function useFullFloat32(): void {
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
}
