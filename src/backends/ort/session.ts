import ort from 'onnxruntime-node';
import { describeCause } from '../../core/errors.ts';

// A provider that is not there is logged as an error on standard error; the reason reaches the caller anyway.
ort.env.logLevel = 'fatal';

/**
 * A session on one provider. Loading folds the constant part of the graph. Throws what ONNX Runtime throws, and where
 * WebGPU has no Vulkan to stand on: its provider would tell that on standard error, too.
 */
export async function createSession(
  model: Uint8Array,
  provider: string,
  threads: number,
): Promise<ort.InferenceSession> {
  if (provider === 'webgpu' && process.platform === 'linux') requireLibrary('libvulkan.so.1');
  return ort.InferenceSession.create(model, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
  });
}

/** Throws when the dynamic loader finds no such library; one that it finds is let go again, as it is no addon. */
function requireLibrary(name: string): void {
  try {
    process.dlopen({ exports: {} }, name);
  } catch (cause) {
    if (describeCause(cause).includes('cannot open shared object file')) {
      throw new Error(`${name} cannot be loaded`, { cause });
    }
  }
}
