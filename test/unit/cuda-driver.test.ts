import { afterEach, describe, expect, test } from 'vitest';
import { openCudaContext } from '../../src/native/cuda-driver.ts';
import { describeFatbin } from '../../src/native/cuda-fatbin.ts';
import { buildStub } from '../stub/build-stub.ts';
import { CheckRun, parameters } from '../stub/check-kernels.ts';
import { emptyFatbin, openStub } from '../stub/stub-driver.ts';

const { library, reason } = await buildStub({ operations: [], sources: ['test/stub/checks.cu'] });
if (!library) console.warn(`skipping tests of the CUDA driver: ${reason}`);

describe.skipIf(!library)('the CUDA driver, on the stub', () => {
  const path = library!;
  const stub = library ? openStub(library) : null!;
  afterEach(() => {
    expect(stub.problems()).toEqual([]);
    stub.reset();
  });

  test('a device is described as the driver describes it', () => {
    stub.set('capability', 86);
    stub.set('memory_bytes', 6 * 2 ** 30);
    using context = openCudaContext({ library: path });
    expect(context.device).toEqual({
      ordinal: 0,
      name: 'Stub GPU',
      computeCapability: 86,
      multiprocessors: 2,
      sharedBytesPerBlock: 227 * 1024,
      memoryBytes: 6 * 2 ** 30,
      clockKHz: 1_000_000,
      driverVersion: 13000,
    });
  });

  test.each([
    [1, 0],
    [127, 0],
    [129, 1],
    [1000, 1],
  ])('a kernel adds %i numbers that were uploaded, and the sums come back (eager: %i)', async (n, eager) => {
    stub.set('eager', eager);
    using run = new CheckRun(path);
    const x = Float32Array.from({ length: n }, (_, i) => i);
    const sum = run.device(4 * n);
    const bytes = parameters([run.upload(x), run.upload(x.map((value) => 1000 * value)), sum], [n]);
    run
      .kernel('check_add')
      .launch(run.stream, { blocks: Math.ceil(n / 128), threads: 128, sharedBytes: 0 }, bytes);
    bytes.fill(255); // The launch has its own copy.
    expect(new Float32Array(await run.download(sum))).toEqual(x.map((value) => 1001 * value));
  });

  test('data that nobody waited for is not there yet', async () => {
    using run = new CheckRun(path);
    const memory = run.device(4);
    const pinned = run.pinned(4);
    const before = pinned.bytes.slice();
    run.stream.fill(memory, 0, 4, 7);
    run.stream.download(pinned, 0, memory, 0, 4);
    expect(pinned.bytes).toEqual(before);
    await run.stream.synchronize();
    expect([...pinned.bytes]).toEqual([7, 7, 7, 7]);
  });

  test('an upload takes the bytes that pinned memory holds when its turn comes', async () => {
    using run = new CheckRun(path);
    const memory = run.device(1);
    const pinned = run.pinned(1);
    pinned.bytes[0] = 1;
    run.stream.upload(memory, 0, pinned, 0, 1);
    pinned.bytes[0] = 2;
    expect([...new Uint8Array(await run.download(memory))]).toEqual([2]);
  });

  test('copies and fills reach the bytes that they name and no others', async () => {
    using run = new CheckRun(path);
    const from = run.upload(Uint8Array.from({ length: 9 }, (_, i) => i));
    const to = run.device(9);
    run.stream.fill(to, 0, 9, 0xff);
    run.stream.copy(to, 2, from, 5, 3);
    run.stream.fill(to, 8, 1, 0);
    run.stream.fill(to, 9, 0, 1);
    expect([...new Uint8Array(await run.download(to))]).toEqual([255, 255, 5, 6, 7, 255, 255, 255, 0]);
  });

  test('a stream that waits for an event of another sees its work', async () => {
    using run = new CheckRun(path);
    using other = run.context.createStream();
    using event = run.context.createEvent();
    const memory = run.device(1);
    other.fill(memory, 0, 1, 42);
    other.record(event);
    expect(event.done()).toBe(false);
    run.stream.wait(event);
    expect([...new Uint8Array(await run.download(memory))]).toEqual([42]);
    expect(event.done()).toBe(true);
  });

  test('a stream that does not wait for another does not see its work', async () => {
    using run = new CheckRun(path);
    using other = run.context.createStream();
    const memory = run.device(1);
    run.stream.fill(memory, 0, 1, 1);
    other.fill(memory, 0, 1, 42);
    expect([...new Uint8Array(await run.download(memory))]).toEqual([1]);
  });

  test('events give the time between them', async () => {
    using run = new CheckRun(path);
    const memory = run.device(1 << 20);
    using start = run.context.createEvent();
    using middle = run.context.createEvent();
    using end = run.context.createEvent();
    run.stream.record(start);
    run.stream.fill(memory, 0, 1, 0);
    run.stream.record(middle);
    run.stream.copy(memory, 0, memory, 1 << 19, 1 << 19);
    run.stream.record(end);
    await run.stream.synchronize();
    expect(end.millisecondsSince(start)).toBeGreaterThan(end.millisecondsSince(middle));
    expect(middle.millisecondsSince(start)).toBeGreaterThan(0);
  });

  test('waiting for a stream lets the event loop turn', async () => {
    using run = new CheckRun(path);
    run.stream.fill(run.device(1), 0, 1, 0);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await run.stream.synchronize();
    expect(turned).toBe(true);
    expect(stub.calls('cuStreamSynchronize')).toBe(0);
  });

  test('shared memory beyond 48 KB is asked for once, and more of it again', () => {
    stub.set('log', 1);
    using run = new CheckRun(path);
    const kernel = run.kernel('check_sum');
    const memory = run.device(2048);
    const bytes = parameters([memory, memory, memory], [0]);
    for (const sharedBytes of [48 << 10, 100_000, 90_000, 100_000, 200_000]) {
      kernel.launch(run.stream, { blocks: 1, threads: 128, sharedBytes }, bytes);
    }
    expect(stub.log().filter((line) => line.startsWith('cuFuncSetAttribute'))).toEqual([
      'cuFuncSetAttribute(8, 100000)',
      'cuFuncSetAttribute(8, 200000)',
    ]);
    expect(kernel.residentBlocks(128, 100_000)).toBe(2);
    expect(kernel.residentBlocks(128, 227 * 1024)).toBe(1);
  });

  test('all memory is free again when all is disposed of', () => {
    using context = openCudaContext({ library: path });
    const { freeBytes, totalBytes } = context.memory();
    expect(freeBytes).toBe(totalBytes);
    const memory = context.allocate(1000, 'a test');
    expect(context.memory().freeBytes).toBe(totalBytes - 1000);
    memory[Symbol.dispose]();
    expect(context.memory().freeBytes).toBe(totalBytes);
  });

  test('another context in the same thread does not disturb', async () => {
    using run = new CheckRun(path);
    const memory = run.device(1);
    run.stream.fill(memory, 0, 1, 5);
    // As an inference library of the same process would leave it.
    const { loadCudaLibrary } = await import('../../src/native/cuda-library.ts');
    loadCudaLibrary(path).call('cuCtxSetCurrent', 0);
    expect([...new Uint8Array(await run.download(memory))]).toEqual([5]);
  });
});

test('a fatbin names what it holds', () => {
  expect(describeFatbin(emptyFatbin(['sm_75', 'sm_90a', 'compute_120']))).toBe(
    'sm_75, sm_90a and PTX of compute_120',
  );
  expect(describeFatbin(emptyFatbin(['sm_80']))).toBe('sm_80');
  expect(describeFatbin(emptyFatbin([]))).toBe('nothing');
  expect(describeFatbin(new Uint8Array(5))).toBe('nothing that can be read');
});
