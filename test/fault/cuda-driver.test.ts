import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { buildStub } from '../stub/build-stub.ts';
import { CheckRun, parameters } from '../stub/check-kernels.ts';
import { emptyFatbin, openStub } from '../stub/stub-driver.ts';

const { library, reason } = await buildStub({ operations: [], sources: ['test/stub/checks.cu'] });
if (!library) console.warn(`skipping faults of the CUDA driver: ${reason}`);
const folder = mkdtempSync(join(tmpdir(), 'assayer-cuda-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});

test('a driver that is not there is refused, and the message says who named it', () => {
  vi.stubEnv('ASSAYER_CUDA_LIBRARY', '');
  const refusal = (message: RegExp) =>
    expect.objectContaining({
      code: 'ERR_GPU_DRIVER_ABSENT',
      message: expect.stringMatching(message),
    });
  const library = '/nowhere/libcuda.so.1';
  expect(() => openCudaContext({ library })).toThrow(
    refusal(/: \/nowhere\/libcuda\.so\.1 cannot be loaded \(.*\)\. Install the driver/),
  );
  vi.stubEnv('ASSAYER_CUDA_LIBRARY', library);
  expect(() => openCudaContext()).toThrow(
    refusal(/: \/nowhere\/libcuda\.so\.1, which ASSAYER_CUDA_LIBRARY names, cannot be loaded/),
  );
});

describe.skipIf(!library)('the CUDA driver refuses', () => {
  const path = library!;
  const stub = library ? openStub(library) : null!;
  afterEach(() => stub.reset());
  const open = (ordinal = 0) => openCudaContext({ library: path, ordinal });

  // First: a library is kept once it was taken for good.
  test('a driver older than the kernels, with both versions', () => {
    stub.set('driver_version', 12040);
    expect(open).toThrow(
      expect.objectContaining({
        code: 'ERR_GPU_DRIVER_OLD',
        message: expect.stringContaining('it has CUDA 12.4, the kernels need CUDA 13.0 or later'),
      }),
    );
  });

  test.each([
    ['int cuDriverGetVersion(int *v) { *v = 13000; return 0; }', 'CUDA 13.0 without cuInit'],
    ['', 'no cuDriverGetVersion'],
  ])('a library that lacks entry points: %s', (extra, found) => {
    const source = join(folder, `old-${extra.length}.c`);
    const texts = 'int cuGetErrorName(int c, const char **t) { return 1; } ';
    writeFileSync(source, `${texts}${extra ? texts.replace('Name', 'String') : ''}${extra}`);
    execFileSync('cc', ['-shared', '-fPIC', source, '-o', `${source}.so`]);
    expect(() => openCudaContext({ library: `${source}.so` })).toThrow(
      expect.objectContaining({
        code: 'ERR_GPU_DRIVER_OLD',
        details: { found, needed: 'CUDA 13.0' },
      }),
    );
  });

  test('a machine without devices, and a device beyond the last', () => {
    stub.set('devices', 0);
    expect(open).toThrow(
      expect.objectContaining({ code: 'ERR_GPU_ABSENT', details: { ordinal: 0, count: 'none' } }),
    );
    stub.set('devices', 1);
    expect(() => open(1)).toThrow(
      expect.objectContaining({ code: 'ERR_GPU_ABSENT', details: { ordinal: 1, count: 'only number 0' } }),
    );
    stub.set('devices', 3);
    expect(() => open(3)).toThrow(
      expect.objectContaining({ details: { ordinal: 3, count: 'numbers 0 to 2' } }),
    );
    open(2)[Symbol.dispose]();
  });

  test("the toolkit's stand-in for a driver", () => {
    stub.fail('cuInit', 1, 34);
    expect(open).toThrow(expect.objectContaining({ code: 'ERR_GPU_DRIVER_ABSENT' }));
  });

  test('kernels that hold no code for the device, and names what they hold', () => {
    using context = open();
    expect(() => context.loadModule(emptyFatbin(['sm_80', 'sm_100a', 'compute_120']), 'nearest')).toThrow(
      expect.objectContaining({
        code: 'ERR_GPU_ARCHITECTURE',
        details: {
          module: 'nearest',
          device: 'Stub GPU',
          capability: '9.0',
          held: 'sm_80, sm_100a and PTX of compute_120',
          advice: expect.stringContaining('npm run build:kernels; other backends do the same'),
        },
      }),
    );
    for (const code of [209, 218, 221, 222, 223]) {
      stub.fail('cuModuleLoadData', 1, code);
      expect(() => context.loadModule(emptyFatbin(['sm_90']), 'mmd')).toThrow(
        expect.objectContaining({ code: 'ERR_GPU_ARCHITECTURE' }),
      );
      // A driver that loads code late looks for it only here.
      using module = context.loadModule(emptyFatbin(['sm_90']), 'mmd');
      stub.fail('cuModuleGetFunction', 1, code);
      expect(() => module.getFunction('check_add')).toThrow(
        expect.objectContaining({
          code: 'ERR_GPU_ARCHITECTURE',
          message: expect.stringMatching(/kernels of mmd cannot .* capability 9\.0: they hold sm_90\. In a/),
        }),
      );
    }
    for (const fits of ['sm_90', 'sm_90a', 'compute_80']) {
      context.loadModule(emptyFatbin([fits]), 'mmd')[Symbol.dispose]();
    }
  });

  test.each([
    [70, /capability 7\.0: .* before compute capability 7\.5 are not supported; other backends/],
    [75, /capability 7\.5: .* build them for it with npm run build:kernels/],
  ])('kernels for other devices, on one of compute capability %d / 10', (capability, message) => {
    stub.set('capability', capability);
    using context = open();
    expect(() => context.loadModule(emptyFatbin(['sm_80']), 'mmd')).toThrow(message);
  });

  test('an image that is no fatbin', () => {
    using context = open();
    expect(() => context.loadModule(new Uint8Array(64), 'mmd')).toThrow(
      expect.objectContaining({
        code: 'ERR_GPU_CALL',
        message: expect.stringContaining('cuModuleLoadData with CUDA_ERROR_INVALID_IMAGE (200: '),
      }),
    );
  });

  test('what does not fit in memory, with the purpose and the size', () => {
    using context = open();
    const { totalBytes } = context.memory();
    expect(() => context.allocate(totalBytes + 1, 'the references')).toThrow(
      expect.objectContaining({
        code: 'ERR_OUT_OF_MEMORY',
        retryable: true,
        details: { purpose: 'the references (device 0, Stub GPU)', sizeBytes: totalBytes + 1 },
      }),
    );
    stub.fail('cuMemHostAlloc', 1, 2);
    expect(() => context.allocatePinned(10, 'transfers')).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_MEMORY' }),
    );
  });

  test('a kernel that the module does not have', () => {
    using run = new CheckRun(path);
    expect(() => run.kernel('check_nothing')).toThrow(/the kernels of checks have no check_nothing/);
  });

  test.each([
    ['more threads than the bound', { blocks: 1, threads: 160, sharedBytes: 0 }, 'cuLaunchKernel'],
    ['no blocks', { blocks: 0, threads: 32, sharedBytes: 0 }, 'cuLaunchKernel'],
    ['too much shared memory', { blocks: 1, threads: 32, sharedBytes: 1 << 20 }, 'cuFuncSetAttribute'],
  ])('a launch with %s', (_, shape, call) => {
    using run = new CheckRun(path);
    const memory = run.device(4);
    const bytes = parameters([memory, memory, memory], [1]);
    expect(() => run.kernel('check_add').launch(run.stream, shape, bytes)).toThrow(
      expect.objectContaining({
        code: 'ERR_GPU_CALL',
        message: expect.stringMatching(new RegExp(`${call} with CUDA_ERROR_INVALID_VALUE .* is a defect`)),
      }),
    );
  });
});

/** Uses every entry point of the driver that can fail. */
async function useAll(path: string): Promise<void> {
  using run = new CheckRun(path);
  run.context.memory();
  const sum = run.upload(new Float32Array(4));
  const pinned = run.pinned(16);
  using event = run.context.createEvent();
  using later = run.context.createEvent();
  using other = run.context.createStream();
  run.stream.fill(sum, 0, 1, 0);
  run.stream.copy(sum, 0, sum, 8, 8);
  run.stream.record(event);
  other.wait(event);
  const kernel = run.kernel('check_add');
  kernel.residentBlocks(64, 50_000);
  kernel.launch(other, { blocks: 1, threads: 32, sharedBytes: 0 }, parameters([sum, sum, sum], [4]));
  other.record(later);
  while (!later.done()) await new Promise(setImmediate);
  later.millisecondsSince(event);
  run.stream.download(pinned, 0, sum, 0, 16);
  await run.stream.synchronize();
}

describe.skipIf(!library)('each failing call of the driver', () => {
  const path = library!;
  const stub = library ? openStub(library) : null!;
  afterEach(() => stub.reset());

  const CALLS = [
    ...['cuInit', 'cuDeviceGetCount', 'cuDeviceGet', 'cuDeviceGetName', 'cuDeviceTotalMem_v2'],
    ...['cuDeviceGetAttribute', 'cuDevicePrimaryCtxRetain', 'cuCtxSetCurrent', 'cuMemGetInfo_v2'],
    ...['cuMemAlloc_v2', 'cuMemHostAlloc', 'cuMemFree_v2', 'cuMemFreeHost', 'cuModuleLoadData'],
    ...['cuModuleGetFunction', 'cuModuleUnload', 'cuFuncSetAttribute', 'cuLaunchKernel'],
    ...[
      'cuOccupancyMaxActiveBlocksPerMultiprocessor',
      'cuStreamCreate',
      'cuStreamDestroy_v2',
      'cuStreamQuery',
    ],
    ...['cuStreamWaitEvent', 'cuEventCreate', 'cuEventDestroy_v2', 'cuEventRecord', 'cuEventQuery'],
    ...['cuEventElapsedTime', 'cuMemcpyHtoDAsync_v2', 'cuMemcpyDtoHAsync_v2', 'cuMemcpyDtoDAsync_v2'],
    ...['cuMemsetD8Async', 'cuDevicePrimaryCtxRelease_v2'],
  ];

  const RELEASES = [
    'cuMemFree_v2',
    'cuMemFreeHost',
    'cuModuleUnload',
    'cuStreamDestroy_v2',
    'cuEventDestroy_v2',
  ];
  const ALLOCATIONS = ['cuMemAlloc_v2', 'cuMemHostAlloc'];

  test('none is left out of this list', () => {
    const declared = readFileSync(new URL('../../src/native/cuda-library.ts', import.meta.url), 'utf8');
    const names = new Set(declared.match(/\bcu[A-Z]\w+(?=:)/g));
    for (const call of CALLS) names.delete(call);
    // The version is asked for once for each library; texts of codes cannot fail in a way that matters; a stream is
    // waited for without the event loop only where something is disposed of under way (next file).
    expect([...names].sort()).toEqual(
      ['cuDriverGetVersion', 'cuGetErrorName', 'cuGetErrorString', 'cuStreamSynchronize'].sort(),
    );
  });

  test('no call fails when none is made to', async () => {
    await useAll(path);
    expect(stub.problems()).toEqual([]);
  });

  test.each(CALLS)(
    '%s: is an error with its name, its code and the device, and nothing is left open',
    async (call) => {
      stub.fail(call, 1, 46);
      const error = await useAll(path).then(
        () => null,
        (cause: unknown) => cause,
      );
      expect(error).toMatchObject({
        code: 'ERR_GPU_CALL',
        retryable: true,
        details: { call, name: 'CUDA_ERROR_DEVICE_UNAVAILABLE', number: 46 },
        message: expect.stringMatching(/on (device 0, Stub GPU|device 0|any device)\. Look at the device/),
      });
      // What refused to be given back is all that may be left.
      expect(stub.problems().length).toBe(RELEASES.includes(call) ? 1 : 0);
    },
  );

  test.each(CALLS)('%s: without memory for it, is an error that says so', async (call) => {
    stub.fail(call, 1, 2);
    const error = await useAll(path).then(
      () => null,
      (cause: unknown) => cause,
    );
    const message = ALLOCATIONS.includes(call)
      ? /^Not enough memory for a check \(.*\): \d+ bytes were asked for\./
      : new RegExp(
          `^Not enough memory for ${call} of the NVIDIA driver \\((device 0, Stub GPU|device 0|any device)\\): ` +
            'an unknown number of bytes were asked for\\.',
        );
    expect(error).toMatchObject({
      code: 'ERR_OUT_OF_MEMORY',
      retryable: true,
      message: expect.stringMatching(message),
    });
    expect(stub.problems().length).toBe(RELEASES.includes(call) ? 1 : 0);
  });
});
