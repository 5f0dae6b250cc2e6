/** A provider of ONNX Runtime, and which of its devices. */
export interface DeviceName {
  readonly provider: string;
  /** From 0, in the driver's order; only CUDA's provider can be told. */
  readonly ordinal: number;
}

/** Reads `cpu`, `webgpu`, `cuda` or `cuda:1`. Throws for a number behind another provider than cuda. */
export function parseDeviceName(device: string): DeviceName {
  const [, provider, ordinal] = /^(.*?)(?::(\d+))?$/.exec(device)!;
  if (ordinal !== undefined && provider !== 'cuda') {
    throw new Error(`${device} names a device by number, which only cuda can (cuda:${ordinal})`);
  }
  return { provider, ordinal: Number(ordinal ?? 0) };
}
