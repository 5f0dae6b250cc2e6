import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SIZES } from '../../bench/gpu/sizes.ts';
import { archive, largestFiles, stage } from '../../bench/gpu/stage.ts';
import { buildStub, type StubBuild, type StubOptions } from '../stub/build-stub.ts';

const root = new URL('../..', import.meta.url).pathname;
let folder: string;
let packed: string;
let stub: StubBuild;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bench-gpu-'));
  packed = stage(root, join(folder, 'packed'), 'abc1234');
  stub = await buildStub();
  if (!stub.library) console.warn(`skipping the emulated GPU bench: ${stub.reason}`);
  // All kernels are compiled where nobody did so before.
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the bench as its own process, with nothing of this one's environment: no PATH either. */
function runBench(
  library: string,
  args: readonly string[],
  run = [process.execPath, `${root}/bench/gpu.ts`],
) {
  const env = { ASSAYER_CUDA_LIBRARY: library };
  const [program, ...first] = run;
  const tiny = ['--sizes', 'tiny', '--python', '/nowhere/python'];
  return spawnSync(program, [...first, ...tiny, ...args], { cwd: tmpdir(), env, encoding: 'utf8' });
}
const runPacked = (library: string, args: readonly string[]) =>
  runBench(library, args, ['/bin/sh', join(packed, 'bench-gpu')]);

function readResults(out: string): Record<string, Record<string, unknown>> {
  const device = join(out, 'stub-gpu');
  return Object.fromEntries(
    readdirSync(device).map((name) => [
      basename(name, '.json'),
      JSON.parse(readFileSync(join(device, name), 'utf8')) as Record<string, unknown>,
    ]),
  );
}

/** Precisions of the benchmark's network that the CPU provider is asked for. */
const NETWORKS = 4;

describe('the archive for a bare machine', () => {
  test('holds what runs on Linux x64 and nothing else', () => {
    const names = largestFiles(packed, Number.POSITIVE_INFINITY).map(({ path }) => path);
    const strays =
      /\.(dll|dylib|pdb|map|test\.ts|npy)$|node_modules.*\.d\.ts$|arm64|win32|darwin|musl|\.git\//;
    expect(names.filter((name) => strays.test(name))).toEqual([]);
    expect(names).toContain('kernels/nearest/nearest.fatbin');
    expect(names).toContain('kernels/probe/wgmma.fatbin');
  });

  test('is the same bytes when it is packed again', () => {
    const again = stage(root, join(folder, 'again'), 'abc1234');
    const hashes = [packed, again].map((from) => {
      const tar = join(folder, 'archive.tar');
      archive(from, tar);
      return execFileSync('sha256sum', [tar], { encoding: 'utf8' }).slice(0, 64);
    });
    rmSync(again, { recursive: true });
    expect(hashes[0]).toBe(hashes[1]);
  });

  test('runs without Node, npm or ../shared, and says when there is no driver', () => {
    const { status, stderr } = runPacked('/nowhere/libcuda.so.1', []);
    expect(status).toBe(1);
    expect(stderr).toContain('ERR_GPU_DRIVER_ABSENT');
  });

  test('lists its options and their defaults, and has no stack trace for a wrong one', () => {
    const help = runPacked('/nowhere/libcuda.so.1', ['--help']);
    expect(help.status).toBe(0);
    for (const name of ['sizes', 'quick', 'seed', 'minutes', 'python', 'out']) {
      expect(help.stdout).toMatch(new RegExp(`^  --${name}\\b.* {2}\\S`, 'm'));
    }
    expect(help.stdout).toContain('(default: 8.5)');
    const wrong = [['--nonsense'], ['--seed'], ['stray'], ['--seed', '-1'], ['--sizes', 'toString']];
    for (const args of wrong) {
      const { status, stderr } = runPacked('/nowhere/libcuda.so.1', args);
      expect(status, stderr).toBe(2);
      expect(stderr).toMatch(/^ERR_USAGE: [^\n]+\n$/);
    }
  });

  test('is packed by a command that refuses what it does not know, too', () => {
    const pack = (...args: string[]) =>
      spawnSync(process.execPath, [`${root}/bench/gpu/pack.ts`, ...args], { encoding: 'utf8' });
    expect(pack('--help').stdout).toContain('--out FILE');
    const { status, stderr } = pack('--outt', 'x');
    expect(stderr).toBe("ERR_USAGE: Unknown option '--outt'. See --help.\n");
    expect(status).toBe(2);
  });

  test('runs the bench from end to end on an emulated device, and marks what it writes', ({ skip }) => {
    if (!stub.library) return skip();
    const out = join(folder, 'results');
    const { status, stdout, stderr } = runPacked(stub.library, ['--out', out, '--seed', '3']);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('EMULATED');
    expect(stderr).toContain('0 wrong');
    const results = readResults(out);
    expect(Object.keys(results).sort()).toEqual(
      ['checks', 'limits', 'onnx-runtime', 'pairs', 'peers', 'probes', 'search'].map((name) => `gpu-${name}`),
    );
    for (const result of Object.values(results)) {
      expect(result).toMatchObject({ emulated: true, seed: 3, machine: { commit: 'abc1234' } });
    }
    expect(results['gpu-checks']).toMatchObject({ passed: true, memory: { missing: 0 } });
    const { checks } = results['gpu-checks'] as { checks: { operation: string }[] };
    for (const operation of ['search', 'intersections', 'mmd']) {
      const number = checks.filter((check) => check.operation === operation).length;
      expect(number, operation).toBeGreaterThan(SIZES.tiny.checks.rounds);
    }
    expect(results['gpu-limits']).toMatchObject({ wgmma: { absent: 'not emulated' } });
    // The CPU provider shows that ONNX Runtime itself travelled; aims are a GPU's.
    const { figures } = results['gpu-onnx-runtime'] as {
      figures: { provider: string; rate?: number; aim?: object }[];
    };
    const models = globSync('models/*/*/model.onnx', { cwd: root }).length;
    const onCpu = figures.filter(({ provider, rate }) => provider === 'cpu' && rate !== undefined);
    expect(onCpu).toHaveLength(models + NETWORKS);
    expect(figures.filter(({ provider, aim }) => provider === 'cpu' && aim !== undefined)).toEqual([]);
  });
});

describe('on an emulated device', () => {
  test('results are refused a place in bench/results', ({ skip }) => {
    if (!stub.library) return skip();
    const { status, stderr } = runBench(stub.library, []);
    expect(status).toBe(2);
    expect(stderr).toContain('Name another folder with --out');
  });

  const runMutant = async (options: StubOptions) => {
    const { library } = await buildStub(options);
    return runBench(library!, ['--out', join(folder, 'mutant')]);
  };

  test('an instruction that reads its registers otherwise stops the bench before anything else', async ({
    skip,
  }) => {
    if (!stub.library) return skip();
    const second = (row: string) =>
      `sum += (double)emulator::from_half(a[2 + ${row}] >> shift) * emulator::from_half(b[5] >> shift);`;
    const change = { file: 'test/stub/emulator.h', from: second('(i >> 1)'), to: second('(i & 1)') };
    const { status, stderr } = await runMutant({ operations: ['probe'], change });
    expect(status).toBe(1);
    expect(stderr).toMatch(/fragment_halves: row \d+, k \d+ of A with column \d of B should change lane/);
    expect(stderr).not.toContain('checks:');
  });

  test('a kernel that counts wrongly is found, and is not timed', async ({ skip }) => {
    if (!stub.library) return skip();
    const change = {
      file: 'kernels/intersections/intersections.cu',
      from: 'count_bits(query[i] & target[j])',
      to: 'count_bits(query[i] & target[j] & ~1u)',
    };
    const { status, stdout, stderr } = await runMutant({ change });
    expect(status).toBe(1);
    expect(stderr).toContain('WRONG: intersections');
    expect(stdout).toMatch(/intersections +skipped: its answers were wrong/);
  });
});
