import { afterEach, describe, expect, test } from 'vitest';
import { buildStub } from '../stub/build-stub.ts';
import { BUGS, type Bug, CheckRun, parameters, sumIsRight } from '../stub/check-kernels.ts';
import { openStub } from '../stub/stub-driver.ts';

const { library, reason } = await buildStub({ operations: [], sources: ['test/stub/checks.cu'] });
if (!library) console.warn(`skipping tests of the emulator: ${reason}`);
const checked = await buildStub({ operations: [], sources: ['test/stub/checks.cu'], races: true });

/** What it says when it looks at each access, whatever the order of threads. */
const RACES: Partial<Record<Bug, RegExp>> = {
  'missing barrier':
    /it reads byte \d+ of shared memory, (which no thread wrote|thread \d+ of this block wrote it, and no)/,
  'missing warp barrier':
    /a race: it (reads|writes) byte \d+ of shared memory, thread \d+ of this block (read|wrote) it, and no/,
  'overwritten too early':
    /a race: it (reads|writes) byte \d+ of shared memory, thread \d+ of this block (read|wrote) it/,
  'plain update':
    /a race: it (reads|writes) byte \d+ of the memory at its page, thread 0 of another block (read|wrote) it/,
};

/** What the emulator says of a bug; null for those that only show as another answer under some order of threads. */
const FOUND: Partial<Record<Bug, RegExp | null>> = {
  'missing barrier': null,
  'missing warp barrier': null,
  'missing wait': null,
  'wait for too few groups': null,
  'group never committed': /ended with copies that it never waited for/,
  'divergent collective': /the warp diverged: (any_lane|ballot_lanes)/,
  'collective at two places': /threads meet at different places: shuffle at line/,
  'different barriers':
    /deadlock; of the threads of this block 64 sync_block \(line \d+\), 32 sync_block|different places/,
  'ended before the barrier':
    /deadlock; of the threads of this block 1 at the end, 96 sync_block .*, 31 sync_warp/,
  'past shared memory': /illegal address|past the end of shared memory/,
  'before shared memory': /before the start of shared memory/,
  'copy past shared memory': /a copy to offset 4608 of 4608 bytes of shared memory/,
  'copy from nowhere': /a copy from 0x[0-9a-f]+, no memory/,
  'misaligned copy': /not aligned to 16 bytes/,
  'stale shared memory': /illegal address/,
  'read nowhere': /illegal address 0x40/,
  'ended with a copy under way': /ended with copies that it never waited for/,
  'lost update': null,
};
const SEEDS = 12;

function entriesOf<T>(record: Partial<Record<Bug, T>>): [Bug, T][] {
  return Object.entries(record) as [Bug, T][];
}

test('each bug that is planted is looked for', () => {
  expect([...new Set(['none', ...Object.keys(FOUND), ...Object.keys(RACES)])].sort()).toEqual(
    [...BUGS].sort(),
  );
});

describe.skipIf(!library)('the emulator of CUDA threads', () => {
  const path = library!;
  afterEach(() => library && openStub(path).reset());

  test('a kernel without a bug gives the same answer under every order of threads and blocks', async () => {
    const stub = openStub(path);
    for (let seed = 0; seed < SEEDS; seed++) {
      stub.set('seed', seed);
      expect(await sumIsRight(path, 'none', 5)).toBe(true);
    }
    expect(stub.problems()).toEqual([]);
  });

  test.each(entriesOf(FOUND))('finds in a kernel: %s', async (bug, message) => {
    const stub = openStub(path);
    let found = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      stub.reset();
      stub.set('seed', seed);
      if (message) {
        await expect(sumIsRight(path, bug, 5)).rejects.toMatchObject({
          code: 'ERR_GPU_CALL',
          message: expect.stringMatching(message),
        });
        found++;
      } else {
        found += (await sumIsRight(path, bug, 5)) ? 0 : 1;
      }
    }
    expect(found).toBeGreaterThan(0);
  });

  describe('that looks at each access', () => {
    const path = checked.library!;
    const stub = checked.library ? openStub(checked.library) : null!;
    afterEach(() => stub.reset());

    test.each(entriesOf(RACES))('finds whatever the order: %s', async (bug, message) => {
      for (let seed = 0; seed < SEEDS; seed++) {
        stub.reset();
        stub.set('seed', seed);
        await expect(sumIsRight(path, bug, 5)).rejects.toThrow(message);
      }
    });

    test('finds nothing where there is nothing', async () => {
      for (let seed = 0; seed < SEEDS; seed++) {
        stub.set('seed', seed);
        expect(await sumIsRight(path, 'none', 5)).toBe(true);
      }
    });
  });

  test('matrix instructions multiply what their fragments hold', async () => {
    using run = new CheckRun(path);
    const words = Uint32Array.from({ length: 24 * 8 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 0);
    // Halves between 1 and 2 in place of the bits, so that no product is infinite.
    const halves = words.map((word) => 0x3c003c00 | (word & 0x01ff01ff));
    const results: Float64Array[] = [];
    for (const source of [words, halves]) {
      const a = run.upload(source.slice(0, 128));
      const b = run.upload(source.slice(128));
      const out = [0, 1, 2, 3].map(() => run.device(4 * 128));
      run
        .kernel('check_tiles')
        .launch(run.stream, { blocks: 1, threads: 32, sharedBytes: 0 }, parameters([a, b, ...out]));
      for (const [i, memory] of out.entries()) {
        const bytes = await run.download(memory);
        results.push(Float64Array.from(i < 3 ? new Int32Array(bytes) : new Float32Array(bytes)));
      }
    }
    const tile = (cell: (row: number, column: number, i: number) => number) =>
      Float64Array.from({ length: 128 }, (_, at) => cell(at >> 3, at & 7, 2 * (at >> 6) + (at & 1)));
    const shared = (row: number, column: number) => {
      let count = 0;
      for (let word = 0; word < 8; word++) {
        for (let both = words[8 * row + word] & words[128 + 8 * column + word]; both; both &= both - 1)
          count++;
      }
      return count;
    };
    const bytesOf = new Int8Array(words.buffer);
    const dot = (row: number, column: number) => {
      let sum = 0;
      for (let k = 0; k < 32; k++) sum += bytesOf[32 * row + k] * bytesOf[512 + 32 * column + k];
      return sum;
    };
    const half = (i: number) => 1 + ((halves[i >> 1] >> (16 * (i & 1))) & 0x3ff) / 1024;
    const dotOfHalves = (row: number, column: number) => {
      let sum = 0;
      for (let k = 0; k < 16; k++) sum += half(16 * row + k) * half(256 + 16 * column + k);
      return Math.fround(sum);
    };
    const bits = tile((row, column, i) => 1000 * (i + 1) + shared(row, column));
    expect(results[0]).toEqual(bits);
    expect(results[1]).toEqual(bits);
    expect(results[2]).toEqual(tile(dot));
    expect(results[7]).toEqual(tile(dotOfHalves));
  });

  test('halves, quotients, products and shuffles are those of the device', async () => {
    using run = new CheckRun(path);
    const special = [0, 1, 65504, 65519, 65520, 1e9, 2 ** -14, 2 ** -24, 2 ** -25, 3 * 2 ** -26, 1 / 3, 0.1];
    const x = Float32Array.from({ length: 64 }, (_, i) => special[i] ?? Math.fround(i ** 3 / 777));
    const memories = [256, 256, 256, 512, 256].map((sizeBytes) => run.device(sizeBytes));
    run
      .kernel('check_numbers')
      .launch(
        run.stream,
        { blocks: 1, threads: 64, sharedBytes: 0 },
        parameters([run.upload(x), ...memories]),
      );
    const outputs: ArrayBuffer[] = [];
    for (const memory of memories) outputs.push(await run.download(memory));
    const packed = new Float16Array(outputs[0]);
    expect([...packed].filter((_, i) => i % 2 === 0)).toEqual([...new Float16Array(x)]);
    expect([...packed].filter((_, i) => i % 2 === 1)).toEqual(
      [...new Float16Array(x)].map((value) => -value),
    );
    const words = new Uint32Array(outputs[1]);
    words.forEach((word, i) => {
      expect(word).toBe(Number((BigInt(Math.imul(i, 2654435761) >>> 0) * 0xdeadbeefn) >> 32n));
    });
    const divided = new Float32Array(outputs[2]);
    const off = [...divided].map((value, i) => Math.abs(value - x[i] / 3) / Math.max(x[i] / 3, 1e-30));
    expect(Math.max(...off)).toBeLessThan(3 * 2 ** -23);
    // The emulator uses what the device is allowed: a kernel must not need exact quotients.
    expect(off.some((error) => error > 2 ** -23)).toBe(true);
    const warpSum = (from: number) => x.subarray(from, from + 32).reduce((sum, value) => sum + value, 0);
    new Float64Array(outputs[3]).forEach((sum, i) => {
      expect(sum).toBeCloseTo(warpSum(i & 32), 3);
    });
    new Int32Array(outputs[4]).forEach((value, i) => {
      expect(value).toBe((i & 32) + 5 + (i ^ 1) + 11 + 1);
    });
  });
});
