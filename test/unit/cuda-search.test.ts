import { describe, expect, test } from 'vitest';
import type { CudaSearchOptions } from '../../src/backends/cuda/search-index.ts';
import { buildStub } from '../stub/build-stub.ts';
import { expectAsReference, openStubDevice, SEARCH_CASES } from './cuda-search-cases.ts';

const operations = ['nearest', 'within'];
const { library, reason } = await buildStub({ operations });
const byBytes = await buildStub({ operations, defines: ['ASSAYER_MMA_BY_BYTES'] });
if (!library) console.warn(`skipping tests of search on CUDA: ${reason}`);

interface Form {
  readonly form: string;
  readonly library?: string | null;
  readonly settings?: Parameters<typeof openStubDevice>[1];
  readonly options?: CudaSearchOptions;
}

const FORMS: readonly Form[] = [
  { form: 'one-bit matrix units' },
  { form: 'matrix units for bytes', library: byBytes.library, settings: { capability: 120, seed: 2 } },
  {
    form: 'no matrix units, one multiprocessor',
    settings: { capability: 75, shared_bytes: 64 << 10, multiprocessors: 1, seed: 3 },
  },
  {
    form: 'little shared memory, one multiprocessor',
    settings: { capability: 89, shared_bytes: 99 << 10, multiprocessors: 1, seed: 4 },
  },
  { form: 'seven multiprocessors', settings: { multiprocessors: 7, seed: 5 } },
  {
    form: 'references that stream, batches of few queries',
    settings: { seed: 6 },
    options: { maxResidentBytes: 60_000, maxBatchBytes: 40_000 },
  },
];

describe.skipIf(!library)('search on CUDA finds what the reference finds', () => {
  describe.each(FORMS)('$form', ({ library: own, settings, options }) => {
    test.each(SEARCH_CASES.map((recipe) => [recipe.name, recipe] as const))('%s', async (_, recipe) => {
      const opened = openStubDevice(own ?? library!, settings);
      await using stack = new AsyncDisposableStack();
      stack.use(opened);
      await expectAsReference(opened.device, recipe, options);
      await stack.disposeAsync();
      expect(opened.stub.problems()).toEqual([]);
    });
  });
});
