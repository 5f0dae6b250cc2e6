import type { Backend } from '../../core/backend.ts';
import { AssayerError } from '../../core/errors.ts';
import type { MmdInput } from '../../core/mmd.ts';
import type { DrawColumns } from '../../core/mmd-labels.ts';
import { prepareMmd } from '../../core/mmd-problem.ts';
import type { Operations } from '../../core/ops.ts';
import type { Refusal } from '../../core/ports.ts';
import { parseDeviceName } from './device-name.ts';
import { hasGpu } from './gpu-file.ts';
import { createOrtMmd, estimateMmd } from './mmd.ts';
import { refusalText } from './refusal.ts';

export interface OrtBackendOptions {
  /** Devices to try, in order: cuda, cuda:1, webgpu; cpu only where the graphs themselves are of interest. */
  readonly providers: readonly string[];
  /** A backend's operation that is exact: for the columns that a verdict hangs on. */
  readonly exactMmd: Operations['mmd'];
  /** A faster way to the labels that core draws. */
  readonly draw?: DrawColumns;
  /** Memory of the device that one operation may take; 1 GiB when not said. */
  readonly memoryBytes?: number;
  /** Whether WebGPU may compute in software, on a machine without a GPU: slower than the processor without it. */
  readonly softwareToo?: boolean;
}

/** Two empty rows against two. */
const TRIAL: MmdInput = {
  samples: { fingerprints: new Uint8Array(4 * 32), bits: 256 },
  labels: { columns: Uint8Array.of(0b0011) },
  kernels: [{ kind: 'tanimoto' }],
};

/**
 * Drift statistics on a GPU through ONNX Runtime, where own kernels do not run. Nothing is held on the device between calls.
 * @throws ERR_NO_BACKEND with the reason of every device that refuses
 */
export async function createOrtBackend(options: OrtBackendOptions): Promise<Backend> {
  const { providers, exactMmd: exact, softwareToo, ...rest } = options;
  const refusals: Refusal[] = [];
  for (const device of providers) {
    try {
      if (parseDeviceName(device).provider === 'webgpu' && !softwareToo) requireGpu();
      // CUDA's provider looks for some of its libraries in the first run, so one is made now.
      await estimateMmd(prepareMmd(TRIAL), { device, threads: 1 });
      return { name: 'ort', device, ops: { mmd: createOrtMmd({ device, exact, threads: 1, ...rest }) } };
    } catch (cause) {
      refusals.push({ device, reason: refusalText(cause) });
    }
  }
  const reasons = refusals.map(({ device, reason }) => `${device}: ${reason}`).join('; ') || 'none was named';
  throw new AssayerError('ERR_NO_BACKEND', { operation: "ONNX Runtime's graphs", reasons });
}

/**
 * Vulkan also has drivers that compute on the processor (lavapipe, SwiftShader), often installed without anybody's asking;
 * ONNX Runtime does not tell which one it got.
 */
function requireGpu(): void {
  if (!hasGpu()) throw new Error('there is no GPU: WebGPU would compute in software');
}
