import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const kernels = new URL('../../kernels/', import.meta.url).pathname;
const [toolkit, , ...built] = readFileSync(join(kernels, 'BUILD-CUDA.txt'), 'utf8').trimEnd().split('\n');
const nvcc = process.env.NVCC ?? 'nvcc';

/** Most machines have no CUDA compiler; the kernels are committed for them. */
function hasSameCompiler(): boolean {
  try {
    return execFileSync(nvcc, ['--version'], { encoding: 'utf8' }).includes(toolkit);
  } catch {
    return false;
  }
}

test('each committed fatbin was made from the sources beside it', () => {
  const made = built.map((line) => line.split(' ')[0]);
  expect(made).toEqual(globSync('*/*.fatbin', { cwd: kernels }).sort());
  expect(made.map((name) => name.replace('.fatbin', '.cu'))).toEqual(
    globSync('*/*.cu', { cwd: kernels }).sort(),
  );
  for (const line of built) {
    const [name, sha256, ...sources] = line.split(' ');
    const hash = createHash('sha256');
    for (const source of sources) hash.update(readFileSync(join(kernels, source)));
    expect(hash.digest('hex'), `${name}: run npm run build:kernels`).toBe(sha256);
  }
});

test.skipIf(!hasSameCompiler())(
  `rebuilding gives the same bytes (needs nvcc, ${toolkit})`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
    try {
      execFileSync('bash', [join(kernels, 'build-cuda.sh'), folder], { stdio: 'pipe' });
      for (const line of built) {
        const [name] = line.split(' ');
        expect(readFileSync(join(folder, name)).equals(readFileSync(join(kernels, name))), name).toBe(true);
      }
      expect(existsSync(join(folder, 'BUILD-CUDA.txt'))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  600_000,
);
