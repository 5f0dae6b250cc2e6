import { AssayerError } from '../core/errors.ts';
import type { CudaEvent, CudaStream, DeviceMemory, PinnedMemory } from './cuda.ts';
import { type CudaCalls, CudaResource, checkRange } from './cuda-calls.ts';
import { CUDA, NON_BLOCKING } from './cuda-codes.ts';
import { DriverDeviceMemory, DriverPinnedMemory } from './cuda-memory.ts';

/** Polls at every turn of the event loop before timers come in between. */
const EAGER_POLLS = 500;

export class DriverEvent extends CudaResource implements CudaEvent {
  constructor(calls: CudaCalls) {
    const event = new BigUint64Array(1);
    calls.run('cuEventCreate', event, 0);
    super(calls, 'cuEventDestroy_v2', event[0], 'an event');
  }

  done(): boolean {
    const code = this.calls.ask('cuEventQuery', this.handle);
    if (code === CUDA.NOT_READY) return false;
    this.calls.check('cuEventQuery', code);
    return true;
  }

  async wait(): Promise<void> {
    for (let polls = 0; !this.done(); polls++) {
      await new Promise<void>((resolve) => {
        if (polls < EAGER_POLLS) setImmediate(resolve);
        else setTimeout(resolve, 1);
      });
    }
  }

  millisecondsSince(earlier: CudaEvent): number {
    const milliseconds = new Float32Array(1);
    this.calls.run('cuEventElapsedTime', milliseconds, driverEvent(earlier).handle, this.handle);
    return milliseconds[0];
  }
}

export class DriverStream extends CudaResource implements CudaStream {
  constructor(calls: CudaCalls) {
    const stream = new BigUint64Array(1);
    calls.run('cuStreamCreate', stream, NON_BLOCKING);
    super(calls, 'cuStreamDestroy_v2', stream[0], 'a stream');
  }

  upload(
    to: DeviceMemory,
    toOffset: number,
    from: PinnedMemory,
    fromOffset: number,
    sizeBytes: number,
  ): void {
    const target = deviceAddress(to, toOffset, sizeBytes);
    const source = pinnedAddress(from, fromOffset, sizeBytes);
    if (sizeBytes > 0) this.calls.run('cuMemcpyHtoDAsync_v2', target, source, sizeBytes, this.handle);
  }

  download(
    to: PinnedMemory,
    toOffset: number,
    from: DeviceMemory,
    fromOffset: number,
    sizeBytes: number,
  ): void {
    const target = pinnedAddress(to, toOffset, sizeBytes);
    const source = deviceAddress(from, fromOffset, sizeBytes);
    if (sizeBytes > 0) this.calls.run('cuMemcpyDtoHAsync_v2', target, source, sizeBytes, this.handle);
  }

  copy(to: DeviceMemory, toOffset: number, from: DeviceMemory, fromOffset: number, sizeBytes: number): void {
    const target = deviceAddress(to, toOffset, sizeBytes);
    const source = deviceAddress(from, fromOffset, sizeBytes);
    if (sizeBytes > 0) this.calls.run('cuMemcpyDtoDAsync_v2', target, source, sizeBytes, this.handle);
  }

  fill(memory: DeviceMemory, offset: number, sizeBytes: number, byte: number): void {
    const target = deviceAddress(memory, offset, sizeBytes);
    if (sizeBytes > 0) this.calls.run('cuMemsetD8Async', target, byte, sizeBytes, this.handle);
  }

  record(event: CudaEvent): void {
    this.calls.run('cuEventRecord', driverEvent(event).handle, this.handle);
  }

  wait(event: CudaEvent): void {
    this.calls.run('cuStreamWaitEvent', this.handle, driverEvent(event).handle, 0);
  }

  async synchronize(): Promise<void> {
    using event = new DriverEvent(this.calls);
    this.record(event);
    await event.wait();
  }
}

function driverEvent(event: CudaEvent): DriverEvent {
  if (event instanceof DriverEvent) return event;
  throw new AssayerError('ERR_INTERNAL', { problem: 'an event of another driver was given to a stream' });
}

function deviceAddress(memory: DeviceMemory, offset: number, sizeBytes: number): bigint {
  const what = memory instanceof DriverDeviceMemory ? memory.what : 'device memory';
  checkRange(what, memory.sizeBytes, offset, sizeBytes);
  return memory.address + BigInt(offset);
}

function pinnedAddress(memory: PinnedMemory, offset: number, sizeBytes: number): bigint {
  if (!(memory instanceof DriverPinnedMemory)) {
    throw new AssayerError('ERR_INTERNAL', { problem: 'memory of another driver was given to a stream' });
  }
  const address = memory.handle;
  checkRange(memory.what, memory.bytes.length, offset, sizeBytes);
  return address + BigInt(offset);
}
