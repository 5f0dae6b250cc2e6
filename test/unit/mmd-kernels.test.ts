import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const kernels = new URL('../../kernels/', import.meta.url).pathname;
const wanted = readFileSync(join(kernels, 'BUILD.txt'), 'utf8').split('\n')[0];
const found = compilerVersion();

/** Most machines have no compiler; the kernels are committed for them. */
function compilerVersion(): string | undefined {
  try {
    return execFileSync(process.env.CLANG ?? 'clang', ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    return undefined;
  }
}

test.skipIf(found !== wanted)('mmd.wasm and permutations.wasm are what their sources compile to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
  try {
    execFileSync('bash', [join(kernels, 'build.sh'), folder]);
    for (const file of ['mmd/mmd.wasm', 'permutations/permutations.wasm']) {
      const same = readFileSync(join(folder, file)).equals(readFileSync(join(kernels, file)));
      expect(same, file).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('mmd.wasm brings no data of its own, which would overwrite what threads share', () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const bytes = new Uint8Array(memory.buffer).fill(0xa5);
  const module = new WebAssembly.Module(readFileSync(join(kernels, 'mmd/mmd.wasm')));
  new WebAssembly.Instance(module, { env: { memory } });
  expect(bytes.every((byte) => byte === 0xa5)).toBe(true);
});
