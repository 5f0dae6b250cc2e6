import { refusalText } from './refusal.ts';
import { createSession } from './session.ts';

/** An ONNX model of one node, y = Identity(x), float32 [1]. */
const PROBE = Buffer.from(
  'CAgSB2Fzc2F5ZXI6PgoTCgF4EgF5GgF5IghJZGVudGl0eRIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAR',
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

/** Whether each named provider can run a model here, found by loading a tiny one on it. */
export async function listProviders(names: readonly string[]): Promise<ProviderStatus[]> {
  const statuses: ProviderStatus[] = [];
  for (const device of names) {
    try {
      const session = await createSession(PROBE, device, 1);
      await session.release();
      statuses.push({ device, usable: true, reason: TITLES[device] ?? `ONNX Runtime's ${device} provider` });
    } catch (cause) {
      statuses.push({ device, usable: false, reason: refusalText(cause) });
    }
  }
  return statuses;
}
