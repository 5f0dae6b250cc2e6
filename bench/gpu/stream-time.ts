import type { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import type { DeviceMemory } from '../../src/native/cuda.ts';

/** Device time of what `enqueue` puts on the stream, in milliseconds, once it is done. To be called in `exclusive`. */
export async function timeOnStream(device: CudaDevice, enqueue: () => void): Promise<number> {
  using before = device.context.createEvent();
  using after = device.context.createEvent();
  device.stream.record(before);
  enqueue();
  device.stream.record(after);
  await device.stream.synchronize();
  return after.millisecondsSince(before);
}

/** The memory's bytes, in memory of their own. To be called in `exclusive`. */
export async function readBytes(device: CudaDevice, from: DeviceMemory): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(from.sizeBytes);
  await device.read(from, 0, bytes);
  return bytes;
}
