import type { DeviceMemory } from '../../native/cuda.ts';
import type { CudaDevice } from './cuda-device.ts';

/** Device memory of one call. It is freed when nothing on the device uses it any more, also where the call fails. */
export class DeviceScope implements AsyncDisposable {
  readonly #device: CudaDevice;
  readonly #held = new DisposableStack();

  constructor(device: CudaDevice) {
    this.#device = device;
  }

  /** @throws ERR_OUT_OF_MEMORY */
  allocate(sizeBytes: number, purpose: string): DeviceMemory {
    return this.#held.use(this.#device.context.allocate(Math.max(sizeBytes, 1), purpose));
  }

  /** @throws ERR_OUT_OF_MEMORY */
  async upload(from: ArrayBufferView, purpose: string): Promise<DeviceMemory> {
    return this.#held.use(await this.#device.upload(from, purpose));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Where the device has failed, the call that found out has thrown already.
    await this.#device.stream.synchronize().catch(() => undefined);
    this.#held.dispose();
  }
}
