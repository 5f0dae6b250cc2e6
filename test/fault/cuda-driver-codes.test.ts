import { afterEach, describe, expect, test } from 'vitest';
import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openStub } from '../stub/stub-driver.ts';

const { library, reason } = await buildStub({ operations: [], sources: ['test/stub/checks.cu'] });
if (!library) console.warn(`skipping codes of the CUDA driver: ${reason}`);

/**
 * From cuda.h of CUDA 13.0: those of which it says that the process must be started again, then deinitialized,
 * uncorrectable errors of memory and links, a destroyed context, and unknown.
 */
const ENDS_ALL = new Set([
  ...[226, 700, 702, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911],
  ...[4, 214, 220, 709, 999],
]);

describe.skipIf(!library)('the codes of the CUDA driver', () => {
  const path = library!;
  const stub = library ? openStub(library) : null!;
  afterEach(() => stub.reset());

  test('those that end all use of the device, and no others, lose the context', () => {
    const lost: number[] = [];
    for (let code = 1; code <= 1000; code++) {
      stub.reset();
      const context = openCudaContext({ library: path });
      expect(context.lost).toBe(false);
      stub.fail('cuMemGetInfo_v2', 1, code);
      expect(() => context.memory()).toThrow();
      if (context.lost) {
        lost.push(code);
        expect(() => context.memory(), `after ${code}`).toThrow(/lost: start the process again\.$/);
        expect(stub.calls('cuMemGetInfo_v2')).toBe(1);
      } else if (code < 700 || code > 799) {
        // From 700 to 799 the stub repeats every code, as the driver does most of them.
        context.memory();
      }
      // A stub that lost the device says so once more when the context goes.
      try {
        context[Symbol.dispose]();
      } catch (cause) {
        expect(cause).toMatchObject({ code: 'ERR_GPU_CALL', details: { number: code } });
      }
      expect(context.lost).toBe(true);
    }
    expect(lost).toEqual([...ENDS_ALL].sort((a, b) => a - b));
  });

  test('a device is lost with its context, and is lost from when its disposal is asked for', async () => {
    const device = new CudaDevice(openCudaContext({ library: path }), { stageBytes: 16 });
    expect(device.lost).toBe(false);
    stub.fail('cuMemcpyHtoDAsync_v2', 1, 46);
    await expect(device.upload(new Uint8Array(4), 'a test')).rejects.toThrow(/DEVICE_UNAVAILABLE/);
    expect(device.lost).toBe(false);
    stub.fail('cuMemcpyHtoDAsync_v2', 1, 719);
    await expect(device.upload(new Uint8Array(4), 'a test')).rejects.toThrow(/LAUNCH_FAILED/);
    expect(device.lost).toBe(true);
    await device[Symbol.asyncDispose]();
    stub.reset();

    const other = new CudaDevice(openCudaContext({ library: path }), { stageBytes: 16 });
    const disposal = other[Symbol.asyncDispose]();
    expect(other.lost).toBe(true);
    await disposal;
    expect(other.context.lost).toBe(true);
    expect(stub.problems()).toEqual([]);
  });

  test('a machine whose links between GPUs are not up: the service that is missing is named', () => {
    stub.fail('cuInit', 1, 802);
    expect(() => openCudaContext({ library: path })).toThrow(
      /CUDA_ERROR_SYSTEM_NOT_READY \(802: .*\) on any device\. .* start the service nvidia-fabricmanager/,
    );
  });
});
