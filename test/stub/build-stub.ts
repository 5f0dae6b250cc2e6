import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

export interface StubOptions {
  /** Operations whose kernels/<operation>/<operation>.cu is in the stub; all that there are when not said. */
  readonly operations?: readonly string[];
  /** More sources with kernels, by path in the repository. */
  readonly sources?: readonly string[];
  /** As in ASSAYER_MMA_BY_BYTES. */
  readonly defines?: readonly string[];
  /**
   * Whether each access to memory is checked for races (test/stub/races.cpp): many times slower. With the environment's
   * ASSAYER_STUB_RACES=1 every stub is built so.
   */
  readonly races?: boolean;
  /** A mutant: text of one source or header, which has to stand there once, replaced by another. */
  readonly change?: { readonly file: string; readonly from: string; readonly to: string };
}

export interface StubBuild {
  /** Path of the driver library; null where it cannot be built here. */
  readonly library: string | null;
  /** Why not. */
  readonly reason: string;
}

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;
const KEPT_MS = 24 * 3_600_000;
/** Files of `kernels` and `test/stub` that sources include. */
const SOURCE = /\.(cu|cuh|h|c|cpp)$/;
const DRIVER = ['test/stub/libcuda.c', 'test/stub/emulator-of-stub.cpp'];
/** Part of the name under which objects are kept: -march=native makes them for this processor. */
const machine = `${process.arch} ${cpus()[0]?.model}`;
const FLAGS = [
  '-O2',
  '-fPIC',
  '-fvisibility=hidden',
  '-U_FORTIFY_SOURCE',
  '-march=native',
  '-ffp-contract=off',
  '-fno-strict-aliasing',
];

/**
 * Builds the stub driver with these kernels in it, once: what was built lies in the system's folder for temporary files
 * under the hash of all that goes into it, for a day after its last use. Any number of processes may ask at once.
 * @throws where the compiler refuses a source, with what it says; where there is none and the environment's
 *   ASSAYER_REQUIRE_STUB is 1
 */
export async function buildStub(options: StubOptions = {}): Promise<StubBuild> {
  if (process.platform !== 'linux') return { library: null, reason: 'the emulator of kernels needs Linux' };
  const compilers = { c: process.env.CC || 'cc', cpp: process.env.CXX || 'c++' };
  const versions: string[] = [];
  for (const compiler of Object.values(compilers)) {
    try {
      versions.push((await run(compiler, ['--version'])).stdout);
    } catch {
      const reason = `there is no compiler ${compiler}`;
      if (process.env.ASSAYER_REQUIRE_STUB === '1') {
        throw new Error(`${reason}, and ASSAYER_REQUIRE_STUB asks for the emulator of kernels`);
      }
      return { library: null, reason };
    }
  }
  const cache = join(tmpdir(), `assayer-stub-${process.getuid?.() ?? 0}`);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const files = readFiles(options.change);
  const races = options.races ?? process.env.ASSAYER_STUB_RACES === '1';
  const driver = races ? [...DRIVER, 'test/stub/races.cpp'] : DRIVER;
  const sources = [...driver, ...kernelSources(options.operations, files), ...(options.sources ?? [])];
  const defines = [...(options.defines ?? []), ...(races ? ['EMULATOR_RACES'] : [])];
  const headers = [...files].filter(([path]) => path.endsWith('h')).flat();

  const tellVolatile = versions[1].includes('clang')
    ? ['-mllvm', '-tsan-distinguish-volatile']
    : ['--param', 'tsan-distinguish-volatile=1'];
  const objects: string[] = [];
  for (const source of sources) {
    const flags = [...FLAGS, ...defines.map((name) => `-D${name}`)];
    if (races && source.endsWith('.cu')) flags.push('-fsanitize=thread', ...tellVolatile);
    const setting = `${machine} ${versions.join()} ${flags.join(' ')}`;
    const text = files.get(source) ?? readFileSync(join(root, source), 'utf8');
    const object = join(cache, `${hash([setting, source, text, ...headers])}.o`);
    objects.push(object);
    await makeOnce(cache, object, async (folder, made) => {
      for (const [path, content] of new Map(files).set(source, text)) {
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        await writeFile(join(folder, path), content);
      }
      const language = source.endsWith('.c')
        ? [compilers.c, '-std=c11', '-D_GNU_SOURCE']
        : [compilers.cpp, '-std=c++17', '-x', 'c++'];
      const include = join(folder, 'test/stub');
      await run(language[0], [
        ...language.slice(1),
        ...flags,
        '-I',
        include,
        '-c',
        join(folder, source),
        '-o',
        made,
      ]);
    });
  }
  const library = join(cache, `${hash(objects.map((path) => basename(path)))}.so`);
  await makeOnce(cache, library, async (_, made) => {
    await run(compilers.cpp, ['-shared', '-Wl,-Bsymbolic', ...objects, '-o', made]);
  });
  return { library, reason: '' };
}

/** Texts of all that can be included or compiled, by path in the repository. */
function readFiles(change: StubOptions['change']): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of ['kernels', 'test/stub']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !SOURCE.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(root.length), readFileSync(path, 'utf8'));
    }
  }
  if (change) {
    const parts = files.get(change.file)?.split(change.from) ?? [];
    if (parts.length !== 2) {
      throw new Error(
        `${change.file} holds this ${Math.max(parts.length - 1, 0)} times, not once: ${change.from}`,
      );
    }
    files.set(change.file, parts.join(change.to));
  }
  return files;
}

function kernelSources(
  operations: readonly string[] | undefined,
  files: ReadonlyMap<string, string>,
): string[] {
  if (operations) return operations.map((name) => `kernels/${name}/${name}.cu`);
  return [...files.keys()].filter((path) => /^kernels\/([^/]+)\/\1\.cu$/.test(path)).sort();
}

/** Makes a file under a name of its own and then gives it its name: nobody sees a part of it. */
async function makeOnce(
  cache: string,
  path: string,
  make: (folder: string, made: string) => Promise<void>,
): Promise<void> {
  if (existsSync(path)) {
    utimesSync(path, new Date(), new Date());
    return;
  }
  for (const name of readdirSync(cache)) {
    const old = join(cache, name);
    const stat = statSync(old, { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > KEPT_MS) rmSync(old, { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(cache, 'build-'));
  try {
    const made = join(folder, 'made');
    await make(folder, made);
    await rename(made, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hash(parts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(`${part.length} `).update(part);
  return sum.digest('hex').slice(0, 32);
}
