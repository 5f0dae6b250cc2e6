import { afterEach, describe, expect, test, vi } from 'vitest';
import { CudaDevice } from '../../src/backends/cuda/cuda-device.ts';
import { packParameters } from '../../src/backends/cuda/parameters.ts';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openStub } from '../stub/stub-driver.ts';

const { library, reason } = await buildStub({ operations: ['permutations'] });
if (!library) console.warn(`skipping tests of a CUDA device: ${reason}`);

describe.skipIf(!library)('a CUDA device, on the stub', () => {
  const path = library!;
  const stub = library ? openStub(library) : null!;
  afterEach(() => {
    vi.restoreAllMocks();
    expect(stub.problems()).toEqual([]);
    stub.reset();
  });

  test('asks the driver for a kernel once, and again after it was refused', async () => {
    await using device = new CudaDevice(openCudaContext({ library: path }), { stageBytes: 16 });
    expect(() => device.kernel('permutations', 'permutations_nothing')).toThrow(
      /have no permutations_nothing/,
    );
    expect(() => device.kernel('permutations', 'permutations_nothing')).toThrow(
      /have no permutations_nothing/,
    );
    expect(stub.calls('cuModuleGetFunction')).toBe(2);
    const kernel = device.kernel('permutations', 'permutations_draw');
    expect(kernel.name).toBe('permutations_draw');
    expect(device.kernel('permutations', 'permutations_draw')).toBe(kernel);
    expect(stub.calls('cuModuleGetFunction')).toBe(3);
    expect(() => device.kernel('permutations', 'permutations_nothing')).toThrow(
      /have no permutations_nothing/,
    );
    expect(stub.calls('cuModuleLoadData')).toBe(1);
  });

  test('moves bytes through stages smaller than they are', async () => {
    await using device = new CudaDevice(openCudaContext({ library: path }), { stageBytes: 16 });
    for (const length of [0, 1, 16, 33, 100]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i + 1);
      using memory = await device.upload(bytes, 'a test');
      const back = new Uint8Array(length);
      await device.read(memory, 0, back);
      expect(back).toEqual(bytes);
    }
  });

  test('is waited for at every turn of the event loop at first, then by the millisecond', async () => {
    using context = openCudaContext({ library: path });
    using event = context.createEvent();
    let polls = 0;
    vi.spyOn(event, 'done').mockImplementation(() => ++polls > 520);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const turns = vi.spyOn(globalThis, 'setImmediate');
    await event.wait();
    expect(polls).toBe(521);
    expect(turns).toHaveBeenCalledTimes(500);
    expect(timers.mock.calls.map(([, milliseconds]) => milliseconds)).toEqual(Array(20).fill(1));
  });

  test('is waited for so by its transfers too', async () => {
    await using device = new CudaDevice(openCudaContext({ library: path }), { stageBytes: 16 });
    using event = device.context.createEvent();
    const waits = vi.spyOn(Object.getPrototypeOf(event), 'wait');
    using memory = await device.upload(new Uint8Array(40), 'a test');
    expect(waits).toHaveBeenCalledTimes(5);
    await device.read(memory, 0, new Uint8Array(40));
    expect(waits).toHaveBeenCalledTimes(8);
    await device.stream.synchronize();
    expect(waits).toHaveBeenCalledTimes(9);
  });
});

describe("a kernel's parameters", () => {
  test('are laid out as C++ lays them out', () => {
    const bytes = packParameters([{ int: -1 }, { double: 1.5 }, { address: null }, { int: 7 }]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    expect(bytes.length).toBe(32);
    expect(view.getInt32(0, true)).toBe(-1);
    expect(view.getFloat64(8, true)).toBe(1.5);
    expect(view.getBigUint64(16, true)).toBe(0n);
    expect(view.getInt32(24, true)).toBe(7);
  });

  test.each([-(2 ** 31), -1, 0, 2 ** 31, 2 ** 32 - 1])('take the integer %d', (int) => {
    const bytes = packParameters([{ int }]);
    expect(new DataView(bytes.buffer).getInt32(0, true)).toBe(int | 0);
  });

  test.each([-(2 ** 31) - 1, 2 ** 32, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuse %d, and name the field',
    (int) => {
      expect(() => packParameters([{ double: 0.5 }, { int: 1 }, { int }])).toThrow(
        expect.objectContaining({
          code: 'ERR_INTERNAL',
          message: expect.stringContaining(`field 2 of a kernel's parameters is ${int}`),
        }),
      );
    },
  );
});
