import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const kernels = new URL('../../kernels/', import.meta.url).pathname;
const THREADED = ['nearest', 'within', 'intersections'];

/** Numbers of the sections of a WebAssembly module. */
function sectionsOf(module: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < module.length; ) {
    ids.push(module[at++]);
    let size = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = module[at++];
      size |= (byte & 127) << shift;
      shift += 7;
    } while (byte & 128);
    at += size;
  }
  return ids;
}

test.each(THREADED)('%s.wasm holds no static data, which threads would share', (name) => {
  const CODE = 10;
  const DATA = 11;
  const sections = sectionsOf(readFileSync(join(kernels, name, `${name}.wasm`)));
  expect(sections).toContain(CODE);
  expect(sections).not.toContain(DATA);
});

describe('committed search kernels', () => {
  const wanted = readFileSync(join(kernels, 'BUILD.txt'), 'utf8').split('\n')[0];
  let found = 'no clang';
  try {
    found = execFileSync(process.env.CLANG ?? 'clang', ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    // Most machines have no compiler; the kernels are committed for them.
  }

  test.skipIf(found !== wanted)('are what their sources compile to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
    try {
      execFileSync('bash', [join(kernels, 'build.sh'), folder]);
      for (const name of THREADED) {
        const file = `${name}/${name}.wasm`;
        expect(
          Buffer.compare(readFileSync(join(folder, file)), readFileSync(join(kernels, file))),
          name,
        ).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
