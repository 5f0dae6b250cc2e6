import { expect, test } from 'vitest';
import { createWasmBackend } from '../../src/backends/wasm/backend.ts';
import type { MmdInput } from '../../src/core/mmd.ts';

const workerUrl = new URL('../../src/workers/search.ts', import.meta.url);
const worker = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`);
const ROWS = 1100;
const input: MmdInput = {
  samples: { fingerprints: new Uint8Array(ROWS * 32), bits: 256 },
  labels: { observed: new Uint8Array(Math.ceil(ROWS / 8)).fill(255, 0, 50), permutations: 9, seed: 1 },
  kernels: [{ kind: 'tanimoto' }],
};
const onWorkers = (source: string, signal?: AbortSignal) => {
  const options = { workerUrl, mmdWorkerUrl: worker(source), threads: 2, mmdAloneBelow: 0 };
  return createWasmBackend(options).ops.mmd!(input, { ...(signal && { signal }) });
};

test.each([
  ['throws as it starts', "throw new Error('no such module')", /no such module/],
  [
    'throws at work',
    "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw new Error('trap'); });",
    /trap/,
  ],
  ['ends without an answer', 'setTimeout(() => process.exit(3), 50)', /ended with code 3/],
])('a thread that %s fails the call and says why', async (_, source, says) => {
  const running = onWorkers(source);
  await expect(running).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
  await expect(running).rejects.toThrow(says);
});
