import { expect, test } from 'vitest';
import { createCudaSearchIndex } from '../../src/backends/cuda/search-index.ts';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { makeCase } from '../conformance/packed-case.ts';
import { buildStub } from '../stub/build-stub.ts';
import { openStubDevice } from './cuda-search-cases.ts';

const { library, reason } = await buildStub({ operations: ['nearest'], races: true });
if (!library) console.warn(`skipping races of search on CUDA: ${reason}`);

/** Lists of several blocks, one a little longer than what a warp takes in at a time. */
const { references, queries } = makeCase({
  name: 'merged under the eyes of the race detector',
  bits: 512,
  seed: 41,
  references: [{ make: 'random', count: 260, popcount: [20, 40] }],
  shuffle: true,
  queries: [{ make: 'random', count: 3, popcount: [20, 40] }],
});

test.skipIf(!library).each([75, 90])('search has no race, capability %i', async (capability) => {
  await using reference = await referenceBackend.ops.search!(references);
  await using stack = new AsyncDisposableStack();
  const { device, stub } = stack.use(openStubDevice(library!, { capability, multiprocessors: 3 }));
  const index = stack.use(await createCudaSearchIndex(device, references));
  for (const k of [5, 40]) {
    const found = await index.nearest(queries.fingerprints, k);
    expect(found).toEqual(await reference.nearest(queries.fingerprints, k));
  }
  await stack.disposeAsync();
  expect(stub.problems()).toEqual([]);
});
