import { AssayerError } from '../core/errors.ts';
import type { DeviceMemory, PinnedMemory } from './cuda.ts';
import { type CudaCalls, CudaResource } from './cuda-calls.ts';
import { CUDA } from './cuda-codes.ts';
import { viewMemory } from './cuda-library.ts';

type Allocation = 'cuMemAlloc_v2' | 'cuMemHostAlloc';

/** @throws ERR_OUT_OF_MEMORY with the purpose */
function allocate(calls: CudaCalls, call: Allocation, sizeBytes: number, purpose: string): bigint {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
    throw new AssayerError('ERR_INTERNAL', { problem: `${sizeBytes} bytes were asked for, for ${purpose}` });
  }
  const address = new BigUint64Array(1);
  const code =
    call === 'cuMemAlloc_v2' ? calls.ask(call, address, sizeBytes) : calls.ask(call, address, sizeBytes, 0);
  if (code === CUDA.OUT_OF_MEMORY) {
    const place = call === 'cuMemAlloc_v2' ? calls.device : 'memory pinned for the GPU';
    throw new AssayerError('ERR_OUT_OF_MEMORY', { purpose: `${purpose} (${place})`, sizeBytes });
  }
  calls.check(call, code);
  return address[0];
}

export class DriverDeviceMemory extends CudaResource implements DeviceMemory {
  readonly sizeBytes: number;

  constructor(calls: CudaCalls, sizeBytes: number, purpose: string) {
    const address = allocate(calls, 'cuMemAlloc_v2', sizeBytes, purpose);
    super(calls, 'cuMemFree_v2', address, `device memory for ${purpose} (${sizeBytes} bytes)`);
    this.sizeBytes = sizeBytes;
  }

  get address(): bigint {
    return this.handle;
  }
}

export class DriverPinnedMemory extends CudaResource implements PinnedMemory {
  readonly #bytes: Uint8Array;

  constructor(calls: CudaCalls, sizeBytes: number, purpose: string) {
    const address = allocate(calls, 'cuMemHostAlloc', sizeBytes, purpose);
    super(calls, 'cuMemFreeHost', address, `pinned memory for ${purpose} (${sizeBytes} bytes)`);
    this.#bytes = viewMemory(address, sizeBytes);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Detaches `bytes`: whoever still holds them sees none, and not memory of somebody else. */
  protected override close(): void {
    super.close();
    (this.#bytes.buffer as ArrayBuffer).transfer();
  }
}
