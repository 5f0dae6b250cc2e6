import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real WASM, worker threads and files: slow on two shared cores, but never endless.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // ONNX Runtime crashes in worker threads (onnxruntime issues 20084, 24486), so every test file is a process.
    pool: 'forks',
  },
});
