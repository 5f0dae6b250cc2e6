import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { type Backend, type BackendSource, runOnFirst } from '../../src/core/backend.ts';
import { AssayerError } from '../../src/core/errors.ts';
import { OpenedBackends } from '../../src/core/opened-backends.ts';

const absent: BackendSource = {
  name: 'cuda',
  open: async () => {
    throw new Error('libcuda.so.1 is not there.');
  },
};
const partial: BackendSource = {
  name: 'partial',
  open: async () => ({ name: 'partial', ops: { intersections: referenceBackend.ops.intersections! } }),
};
const reference: BackendSource = { name: 'reference', open: async () => referenceBackend };

test('the first backend of the list that has the operation runs it, and every refusal keeps its reason', async () => {
  const answer = await runOnFirst('search', [absent, partial, reference], async (run) => run);
  expect(answer.backend.name).toBe('reference');
  expect(answer.result).toBe(referenceBackend.ops.search);
  expect(answer.refusals).toEqual([
    { device: 'cuda', reason: 'libcuda.so.1 is not there' },
    { device: 'partial', reason: 'it has no search' },
  ]);
});

test('a backend is taken before later ones that could do it too', async () => {
  const answer = await runOnFirst('intersections', [partial, reference], async (run) => run);
  expect(answer.backend.name).toBe('partial');
  expect(answer.refusals).toEqual([]);
});

test('an operation that no backend runs is an error with all reasons', async () => {
  await expect(runOnFirst('search', [absent, partial], async (run) => run)).rejects.toMatchObject({
    code: 'ERR_NO_BACKEND',
    message: 'No device can run search: cuda: libcuda.so.1 is not there; partial: it has no search.',
  });
  await expect(runOnFirst('search', [], async (run) => run)).rejects.toMatchObject({
    code: 'ERR_NO_BACKEND',
  });
});

test('a backend is not opened for an operation that it does not offer', async () => {
  const unopened: BackendSource = { ...absent, name: 'ort', offers: ['mmd'] };
  const { refusals } = await runOnFirst('search', [unopened, reference], async (run) => run);
  expect(refusals).toEqual([{ device: 'ort', reason: 'it has no search' }]);
  await expect(runOnFirst('mmd', [unopened], async (run) => run)).rejects.toThrow(
    'libcuda.so.1 is not there',
  );
});

const full = new AssayerError('ERR_OUT_OF_MEMORY', { purpose: 'references', sizeBytes: 1 });
const wrongCall = new AssayerError('ERR_USAGE', { problem: 'k is 0' });

/** Opens, and then fails in its operation. */
function failing(error: AssayerError, device?: string): BackendSource {
  const search = async () => {
    throw error;
  };
  return { name: 'cuda', open: async () => ({ name: 'cuda', ...(device && { device }), ops: { search } }) };
}
const references = { fingerprints: new Uint8Array(32), bits: 256 };

test.each([
  [full, 'Not enough memory'],
  [
    new AssayerError('ERR_GPU_CALL', {
      call: 'cuLaunchKernel',
      name: 'CUDA_ERROR_LAUNCH_FAILED',
      number: 719,
      meaning: 'it failed',
      device: 'a card',
      advice: '',
    }),
    'cuLaunchKernel',
  ],
])(
  'a device without room or that fails is passed over for the next backend, with its reason',
  async (error, reason) => {
    const sources = [failing(error, 'a card'), reference];
    const { result, backend, refusals } = await runOnFirst('search', sources, (run) => run(references));
    await using index = result;
    expect([index.size, backend.name]).toEqual([1, 'reference']);
    expect(refusals).toEqual([{ device: 'cuda', reason: expect.stringContaining(reason) }]);
  },
);

test('a wrong call, and want of memory on the processor, are errors and no reason to try the next', async () => {
  for (const [error, device] of [[wrongCall, 'a card'], [full]] as const) {
    const run = runOnFirst('search', [failing(error, device), reference], (search) => search(references));
    await expect(run).rejects.toBe(error);
  }
});

test('a backend with a device is opened once, after a failure again, and once lost or wrong is refused', async () => {
  const opened = new OpenedBackends(async () => referenceBackend);
  let opens = 0;
  const backend: Backend & { lost: boolean } = { name: 'cuda', ops: {}, lost: false };
  const open = async () => {
    if (opens++ === 0) throw new Error('busy');
    return backend;
  };
  await expect(opened.open('cuda', open)).rejects.toThrow('busy');
  expect(await opened.open('cuda', open)).toBe(backend);
  expect(await opened.open('cuda', open)).toBe(backend);
  expect(opens).toBe(2);
  const wrong: Backend = {
    name: 'ort',
    ops: { intersections: async () => new Uint16Array(80 * 300) },
  };
  await expect(opened.open('ort', async () => wrong)).rejects.toMatchObject({ code: 'ERR_BACKEND_WRONG' });
  backend.lost = true;
  await expect(opened.open('cuda', open)).rejects.toMatchObject({ code: 'ERR_BACKEND_LOST' });
});
