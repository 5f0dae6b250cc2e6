import ort from 'onnxruntime-node';
import { parseDeviceName } from './device-name.ts';
import { refusalText } from './refusal.ts';
import { createSession } from './session.ts';

/**
 * An ONNX model of one node: x float32 [n, 2] -> ReduceSum over axis 1 -> y float32 [n]. Sums are in every graph of ours, and
 * CUDA's provider needs cuDNN for them, which it looks for in the first run.
 */
const PROBE = Buffer.from(
  'CAgSB2Fzc2F5ZXI6cgorCgF4CgRheGlzEgF5GgF5IglSZWR1Y2VTdW0qDwoIa2VlcGRpbXMYAKABAhIFcHJvYmUqFAgBEAdKCAEA' +
    'AAAAAAAAQgRheGlzWhQKAXgSDwoNCAESCQoDEgFuCgIIAmIQCgF5EgsKCQgBEgUKAxIBbkIECgAQEQ==',
  'base64',
);

/** What a provider is good for here. */
export interface ProviderStatus {
  readonly device: string;
  readonly usable: boolean;
  /** What it is, or why it cannot be used. */
  readonly reason: string;
}

const TITLES: Readonly<Record<string, string>> = {
  cpu: 'ONNX Runtime on the processor',
  cuda: 'ONNX Runtime on an NVIDIA GPU through CUDA',
  webgpu: 'ONNX Runtime on a GPU through WebGPU',
};

function titleOf(device: string): string {
  const { provider } = parseDeviceName(device);
  return TITLES[provider] ?? `ONNX Runtime's ${provider} provider`;
}

/** Whether each named provider can run a model here, found by running a tiny one on it. */
export async function listProviders(names: readonly string[]): Promise<ProviderStatus[]> {
  const statuses: ProviderStatus[] = [];
  for (const device of names) {
    try {
      const session = await createSession(PROBE, device, 1);
      try {
        await session.run({ x: new ort.Tensor('float32', Float32Array.of(1, 2), [1, 2]) });
      } finally {
        await session.release();
      }
      statuses.push({ device, usable: true, reason: titleOf(device) });
    } catch (cause) {
      statuses.push({ device, usable: false, reason: refusalText(cause) });
    }
  }
  return statuses;
}
