import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { type CudaArgument, type CudaCall, loadCudaLibrary } from '../../src/native/cuda-library.ts';
import { buildStub } from '../stub/build-stub.ts';
import { CheckRun, parameters } from '../stub/check-kernels.ts';
import { emptyFatbin, openStub } from '../stub/stub-driver.ts';

const { library, reason } = await buildStub({ operations: [], sources: ['test/stub/checks.cu'] });
if (!library) console.warn(`skipping lifetimes of the CUDA driver: ${reason}`);

describe.skipIf(!library)('what is made through the CUDA driver', () => {
  const path = library!;
  const stub = library ? openStub(library) : null!;
  afterEach(() => stub.reset());
  const unusable = expect.objectContaining({
    code: 'ERR_INTERNAL',
    message: expect.stringMatching(/was used after it was disposed of/),
  });

  test('is given back once, however often it is disposed of', () => {
    using run = new CheckRun(path);
    const things: [Disposable, string][] = [
      [run.context.allocate(5, 'a test'), 'cuMemFree_v2'],
      [run.context.allocatePinned(5, 'a test'), 'cuMemFreeHost'],
      [run.context.createEvent(), 'cuEventDestroy_v2'],
      [run.context.createStream(), 'cuStreamDestroy_v2'],
      [run.context.loadModule(emptyFatbin(['sm_90']), 'checks'), 'cuModuleUnload'],
      [openCudaContext({ library: path }), 'cuDevicePrimaryCtxRelease_v2'],
    ];
    for (const [thing, call] of things) {
      thing[Symbol.dispose]();
      thing[Symbol.dispose]();
      expect(stub.calls(call)).toBe(1);
    }
    expect(stub.problems()).toEqual([]);
  });

  test('cannot be used after it was disposed of', () => {
    using run = new CheckRun(path);
    const memory = run.context.allocate(4, 'a test');
    const pinned = run.context.allocatePinned(4, 'a test');
    const event = run.context.createEvent();
    const stream = run.context.createStream();
    const module = run.context.loadModule(emptyFatbin(['sm_90']), 'checks');
    const kernel = module.getFunction('check_add');
    const alive = run.device(4);
    const alivePinned = run.pinned(4);
    for (const thing of [memory, pinned, event, stream, module]) thing[Symbol.dispose]();
    const bytes = parameters([alive, alive, alive], [1]);
    const shape = { blocks: 1, threads: 32, sharedBytes: 0 };
    const uses = [
      () => memory.address,
      () => run.stream.fill(memory, 0, 1, 0),
      () => run.stream.upload(alive, 0, pinned, 0, 0),
      () => run.stream.download(pinned, 0, alive, 0, 0),
      () => run.stream.record(event),
      () => run.stream.wait(event),
      () => event.done(),
      () => stream.fill(alive, 0, 1, 0),
      () => stream.upload(alive, 0, alivePinned, 0, 4),
      () => kernel.launch(stream, shape, bytes),
      () => kernel.launch(run.stream, shape, bytes),
      () => kernel.residentBlocks(32, 0),
      () => module.getFunction('check_add'),
    ];
    for (const use of uses) expect(use).toThrow(unusable);
    expect(pinned.bytes.length).toBe(0);
    expect(stub.problems()).toEqual([]);
  });

  test('cannot be made in a context that was disposed of', () => {
    const context = openCudaContext({ library: path });
    context[Symbol.dispose]();
    const uses = [
      () => context.memory(),
      () => context.allocate(1, 'a test'),
      () => context.allocatePinned(1, 'a test'),
      () => context.createStream(),
      () => context.createEvent(),
      () => context.loadModule(emptyFatbin(['sm_90']), 'checks'),
    ];
    for (const use of uses) expect(use).toThrow(unusable);
  });

  test('is listed where its context goes before it, and goes with it', () => {
    const context = openCudaContext({ library: path });
    const memory = context.allocate(1000, 'the references');
    context.allocatePinned(10, 'transfers');
    context.createStream();
    context.createEvent();
    context.loadModule(emptyFatbin(['sm_90']), 'nearest');
    expect(() => context[Symbol.dispose]()).toThrow(
      expect.objectContaining({
        code: 'ERR_INTERNAL',
        message: expect.stringContaining(
          'the context of device 0, Stub GPU was disposed of before device memory for the references (1000 bytes), ' +
            'pinned memory for transfers (10 bytes), a stream, an event, the kernels of nearest',
        ),
      }),
    );
    expect(stub.problems()).toEqual([]);
    memory[Symbol.dispose]();
    expect(stub.calls('cuMemFree_v2')).toBe(1);
  });

  test.each([
    [8, 1],
    [0, 9],
    [-1, 1],
    [0.5, 1],
    [0, -1],
    [0, Number.NaN],
  ])('takes no bytes outside it: from %d, %d of 8', (offset, sizeBytes) => {
    using run = new CheckRun(path);
    const memory = run.device(8);
    const large = run.device(100);
    const pinned = run.pinned(8);
    const largePinned = run.pinned(100);
    const { stream } = run;
    const outside =
      /bytes from offset .* on are not within (device|pinned) memory for a check \((8|100) bytes\)/;
    expect(() => stream.fill(memory, offset, sizeBytes, 0)).toThrow(outside);
    expect(() => stream.copy(memory, offset, large, 0, sizeBytes)).toThrow(outside);
    expect(() => stream.copy(large, 0, memory, offset, sizeBytes)).toThrow(outside);
    expect(() => stream.upload(memory, offset, largePinned, 0, sizeBytes)).toThrow(outside);
    expect(() => stream.upload(large, 0, pinned, offset, sizeBytes)).toThrow(outside);
    expect(() => stream.download(pinned, offset, large, 0, sizeBytes)).toThrow(outside);
    expect(() => stream.download(largePinned, 0, memory, offset, sizeBytes)).toThrow(outside);
  });

  test('is freed only when work that uses it has ended', () => {
    using run = new CheckRun(path);
    const memory = run.context.allocate(4, 'a test');
    run.stream.fill(memory, 0, 4, 1);
    memory[Symbol.dispose]();
    expect(stub.calls('cuStreamSynchronize')).toBe(1);
    expect(stub.problems()).toEqual([]);
  });

  test('is lost with a kernel that faults: the first call says so, later ones repeat it, disposal is quiet', async () => {
    const run = new CheckRun(path);
    const memory = run.device(400);
    const bytes = parameters([memory, memory, 64n], [100]);
    run.kernel('check_add').launch(run.stream, { blocks: 1, threads: 128, sharedBytes: 0 }, bytes);
    await expect(run.stream.synchronize()).rejects.toMatchObject({
      code: 'ERR_GPU_CALL',
      details: { call: 'cuEventQuery', name: 'CUDA_ERROR_ILLEGAL_ADDRESS', number: 700 },
      message: expect.stringMatching(
        /kernel check_add, block 0, thread \d+: illegal address 0x[0-9a-f]+\) on device 0, Stub GPU\. The device's context is lost: start the process again\.$/,
      ),
    });
    expect(() => run.context.memory()).toThrow(
      expect.objectContaining({
        code: 'ERR_GPU_CALL',
        message: expect.stringMatching(/in cuMemGetInfo_v2 with .* is lost since cuEventQuery: start/),
      }),
    );
    expect(stub.calls('cuMemGetInfo_v2')).toBe(0);
    expect(() => run[Symbol.dispose]()).not.toThrow();
  });
});

describe.skipIf(!library)('the stub driver finds', () => {
  const path = library!;
  const stub = library ? openStub(library) : null!;
  afterEach(() => stub.reset());
  /** A call past the checks of src/native: the driver's code. */
  const call = (name: CudaCall, ...args: CudaArgument[]) => loadCudaLibrary(path).call(name, ...args);

  test('memory that is freed twice, or was never allocated', () => {
    using run = new CheckRun(path);
    const memory = run.context.allocate(4, 'a test');
    const { address } = memory;
    memory[Symbol.dispose]();
    expect(call('cuMemFree_v2', address)).toBe(1);
    expect(call('cuMemFree_v2', 4096n)).toBe(1);
    expect(call('cuMemFreeHost', run.device(1).address)).toBe(1);
    expect(stub.problems()).toEqual([
      'cuMemFree_v2: device memory freed twice',
      'cuMemFree_v2: that was never allocated',
      'cuMemFreeHost: that was never allocated',
    ]);
  });

  test('copies past the end, from the wrong kind of memory, and to what is freed', () => {
    using run = new CheckRun(path);
    const stream = (run.stream as unknown as { handle: bigint }).handle;
    const { address } = run.device(16);
    const host = (run.pinned(16) as unknown as { handle: bigint }).handle;
    const freed = run.context.allocate(16, 'a test');
    const freedAt = freed.address;
    freed[Symbol.dispose]();
    expect(call('cuMemcpyHtoDAsync_v2', address + 8n, host, 9, stream)).toBe(1);
    expect(call('cuMemcpyDtoHAsync_v2', host, host, 4, stream)).toBe(1);
    expect(call('cuMemsetD8Async', freedAt, 0, 4, stream)).toBe(1);
    expect(stub.problems()).toEqual([
      'cuMemcpyHtoDAsync_v2: its target goes past the end of device memory of 16 bytes',
      'cuMemcpyDtoHAsync_v2: its source is no device memory',
      'cuMemsetD8Async: its target is freed device memory',
    ]);
  });

  test('memory that is freed while work waits that uses it', () => {
    using run = new CheckRun(path);
    const pinned = run.pinned(16);
    const memory = run.device(16);
    run.stream.upload(memory, 0, pinned, 0, 16);
    expect(call('cuMemFreeHost', (pinned as unknown as { handle: bigint }).handle)).toBe(0);
    expect(call('cuStreamSynchronize', (run.stream as unknown as { handle: bigint }).handle)).toBe(0);
    expect(stub.problems()).toEqual([
      'pinned memory of 16 bytes freed while work that uses it waits',
      'cuMemcpyHtoDAsync_v2: its source is freed pinned memory',
    ]);
    stub.reset();
    expect(() => run[Symbol.dispose]()).toThrow();
  });

  test('a launch with freed memory among its parameters', () => {
    using run = new CheckRun(path);
    const memory = run.context.allocate(16, 'a test');
    const bytes = parameters([memory, memory, memory], [0]);
    memory[Symbol.dispose]();
    run.kernel('check_add').launch(run.stream, { blocks: 1, threads: 32, sharedBytes: 0 }, bytes);
    expect(stub.problems()[0]).toBe('launch of check_add: its parameter at byte 0 points to freed memory');
  });

  test('a kernel that writes past the end of memory, by a little or by much', async () => {
    {
      using run = new CheckRun(path);
      const sum = run.device(12);
      const bytes = parameters([run.device(16), run.device(16), sum], [4]);
      run.kernel('check_add').launch(run.stream, { blocks: 1, threads: 32, sharedBytes: 0 }, bytes);
      await run.stream.synchronize();
    }
    expect(stub.problems()).toEqual(['write past the end of device memory of 12 bytes']);
    stub.reset();
    using run = new CheckRun(path);
    const bytes = parameters([run.device(512), run.device(512), run.device(16)], [128]);
    run.kernel('check_add').launch(run.stream, { blocks: 1, threads: 128, sharedBytes: 0 }, bytes);
    await expect(run.stream.synchronize()).rejects.toThrow(/illegal address/);
  });

  test('events, streams and modules that are used after they were given back', () => {
    using run = new CheckRun(path);
    const out = new BigUint64Array(1);
    expect(call('cuStreamCreate', out, 0)).toBe(0);
    const stream = out[0];
    expect(call('cuEventCreate', out, 0)).toBe(0);
    const event = out[0];
    expect(call('cuModuleLoadData', out, emptyFatbin(['sm_90']))).toBe(0);
    const module = out[0];
    expect(call('cuModuleGetFunction', out, module, 'check_add')).toBe(0);
    expect(call('cuModuleUnload', module)).toBe(0);
    expect(call('cuFuncSetAttribute', out[0], 8, 1)).toBe(400);
    expect(call('cuEventDestroy_v2', event)).toBe(0);
    expect(call('cuEventRecord', event, stream)).toBe(400);
    expect(call('cuStreamDestroy_v2', stream)).toBe(0);
    expect(call('cuStreamQuery', stream)).toBe(400);
    expect(call('cuModuleUnload', module)).toBe(400);
    expect(stub.problems()).toEqual([
      'cuFuncSetAttribute: the module of check_add is unloaded',
      'cuEventRecord: the event is destroyed',
      'cuStreamQuery: the stream is destroyed',
      'cuModuleUnload: unloaded twice',
    ]);
    run.context.memory();
  });

  test('in a process of its own: the library and the device from the environment, and what was never closed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'assayer-cuda-'));
    try {
      const log = join(folder, 'log.txt');
      const driver = new URL('../../src/native/cuda-driver.ts', import.meta.url).href;
      const program = `
        const { openCudaContext } = await import(${JSON.stringify(driver)});
        const context = openCudaContext();
        console.log(context.device.computeCapability);
        context.allocate(77, 'a test');
        try { context.createEvent(); } catch (cause) { console.log(cause.details.number); }`;
      const environment = {
        ASSAYER_CUDA_LIBRARY: path,
        ASSAYER_STUB: 'capability=75',
        ASSAYER_STUB_FAIL: 'cuEventCreate:1:999',
        ASSAYER_STUB_LOG: log,
      };
      const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        env: { ...process.env, ...environment },
      });
      expect(run.stdout).toBe('75\n999\n');
      expect(readFileSync(log, 'utf8')).toBe(
        'leak: the context is still retained at the end of the process\nleak: device memory of 77 bytes\n',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
