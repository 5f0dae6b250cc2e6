import { expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { type BackendSource, selectBackend } from '../../src/core/backend.ts';

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
  const selection = await selectBackend('search', [absent, partial, reference]);
  expect(selection.backend.name).toBe('reference');
  expect(selection.run).toBe(referenceBackend.ops.search);
  expect(selection.refusals).toEqual([
    { device: 'cuda', reason: 'libcuda.so.1 is not there' },
    { device: 'partial', reason: 'it has no search' },
  ]);
});

test('a backend is taken before later ones that could do it too', async () => {
  const selection = await selectBackend('intersections', [partial, reference]);
  expect(selection.backend.name).toBe('partial');
  expect(selection.refusals).toEqual([]);
});

test('an operation that no backend runs is an error with all reasons', async () => {
  await expect(selectBackend('search', [absent, partial])).rejects.toMatchObject({
    code: 'ERR_NO_BACKEND',
    message: 'No device can run search: cuda: libcuda.so.1 is not there; partial: it has no search.',
  });
  await expect(selectBackend('search', [])).rejects.toMatchObject({ code: 'ERR_NO_BACKEND' });
});

test('a backend is not opened for an operation that it does not offer', async () => {
  const unopened: BackendSource = { ...absent, name: 'ort', offers: ['mmd'] };
  const { refusals } = await selectBackend('search', [unopened, reference]);
  expect(refusals).toEqual([{ device: 'ort', reason: 'it has no search' }]);
  await expect(selectBackend('mmd', [unopened])).rejects.toThrow('libcuda.so.1 is not there');
});
