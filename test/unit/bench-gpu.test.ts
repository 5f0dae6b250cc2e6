import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requireSame, requireSameMmd } from '../../bench/gpu/checks.ts';
import type { DeviceFacts } from '../../bench/gpu/device-facts.ts';
import { makeAnalogues, realFingerprints, sha256OfRows } from '../../bench/gpu/fingerprints.ts';
import { FRAGMENT_KINDS, LANES, placeInA, placeInB, placeInD } from '../../bench/gpu/fragment-layout.ts';
import { limitsFrom } from '../../bench/gpu/limits.ts';
import { Results } from '../../bench/gpu/results.ts';
import { spotCheck } from '../../bench/gpu/spot-check.ts';
import { type GpuResults, gpuSection } from '../../bench/report-gpu.ts';
import { referenceBackend } from '../../src/backends/reference/backend.ts';
import { popcounts } from '../../src/core/fingerprint.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { SearchIndex } from '../../src/core/ops.ts';

const device = {
  ordinal: 0,
  name: 'Card 5',
  computeCapability: 90,
  multiprocessors: 132,
  sharedBytesPerBlock: 232_448,
  memoryBytes: 2 ** 37,
  clockKHz: 1_980_000,
  driverVersion: 13_000,
};
const facts: DeviceFacts = {
  device,
  emulated: false,
  nvidiaSmi: { absent: 'not here' },
  commit: 'abc1234',
  node: '24.0.0',
  platform: 'linux-x64',
  cpu: 'a processor',
  cores: 2,
  memoryGiB: 8,
};

describe('fragments of matrix instructions', () => {
  test.each(FRAGMENT_KINDS)('$kernel: every bit of every register holds one element', ({ elements }) => {
    const width = 32 / elements;
    const seen = new Set<string>();
    const put = ({ lane, register, shift }: { lane: number; register: number; shift: number }) => {
      expect(shift % width).toBe(0);
      seen.add(`${lane} ${register} ${shift}`);
    };
    for (let k = 0; k < 8 * elements; k++) {
      for (let row = 0; row < 16; row++) put(placeInA(elements, row, k));
      for (let column = 0; column < 8; column++) put(placeInB(elements, k, column));
    }
    expect(seen.size).toBe(LANES * 6 * elements);
  });

  test('elements stand where the PTX manual has them', () => {
    expect(placeInA(32, 9, 200)).toEqual({ lane: 6, register: 3, shift: 8 });
    expect(placeInA(4, 0, 17)).toEqual({ lane: 0, register: 2, shift: 8 });
    expect(placeInA(2, 15, 7)).toEqual({ lane: 31, register: 1, shift: 16 });
    expect(placeInB(32, 31, 7)).toEqual({ lane: 28, register: 4, shift: 31 });
    expect(placeInB(2, 8, 1)).toEqual({ lane: 4, register: 5, shift: 0 });
    expect(placeInD(0, 1)).toBe(1);
    expect(placeInD(8, 0)).toBe(2);
    expect(placeInD(15, 7)).toBe(127);
  });
});

describe('inputs', () => {
  const real = realFingerprints();

  test('real fingerprints are thousands, and no two are the same', () => {
    const rows = Array.from({ length: real.length / 256 }, (_, i) =>
      Buffer.from(real.subarray(i * 256, (i + 1) * 256)).toString('hex'),
    );
    expect(rows.length).toBeGreaterThan(10_000);
    expect(new Set(rows).size).toBe(rows.length);
  });

  test('analogues depend on the seed alone, and set about as many bits as real compounds', () => {
    const made = makeAnalogues(real, 4000, 3);
    expect(Buffer.compare(makeAnalogues(real, 4000, 3), made)).toBe(0);
    expect(Buffer.compare(makeAnalogues(real, 4000, 4), made)).not.toBe(0);
    const mean = (rows: Uint8Array) => popcounts(rows, 256).reduce((a, b) => a + b, 0) / (rows.length / 256);
    // A bit that is taken and was kept already is not made up for.
    expect(mean(made) / mean(real)).toBeGreaterThan(0.9);
    expect(mean(made) / mean(real)).toBeLessThanOrEqual(1);
  });

  test('the hash of rows is the hash of their bytes', () => {
    const rows = makeAnalogues(real, 5, 1);
    expect(sha256OfRows(rows)).toBe(sha256(rows));
  });
});

describe('checks', () => {
  test('a difference is said with its place', () => {
    const expected = { indexes: Uint32Array.of(1, 2, 3), unions: Uint16Array.of(4) };
    expect(() => requireSame(structuredClone(expected), expected, 'k 3')).not.toThrow();
    const found = { ...expected, indexes: Uint32Array.of(1, 9, 3) };
    expect(() => requireSame(found, expected, 'k 3')).toThrow('k 3: indexes[1] is 9, not 2');
  });

  test('an MMD that is off by more than promised, or counts otherwise, is refused', () => {
    const result = (values: number[], exceedances: number[]) => ({
      values: Float64Array.from(values),
      exceedances: Uint32Array.from(exceedances),
      p: Float64Array.from(exceedances, (count) => (1 + count) / 3),
    });
    const expected = result([0.5, 0.1, 0.6], [1]);
    expect(requireSameMmd(result([0.5, 0.100_001, 0.6], [1]), expected, 1).permuted).toBeCloseTo(1e-6);
    expect(() => requireSameMmd(result([0.5 + 1e-11, 0.1, 0.6], [1]), expected, 1)).toThrow('column 0');
    expect(() => requireSameMmd(result([0.5, 0.1002, 0.6], [1]), expected, 1)).toThrow('column 1');
    expect(() => requireSameMmd(result([0.5, Number.NaN, 0.6], [1]), expected, 1)).toThrow('column 1');
    expect(() => requireSameMmd(result([0.5, 0.1, 0.6], [2]), expected, 1)).toThrow('exceedances');
  });

  test('a spot check counts every pair, and sees one wrong neighbour of one query', async () => {
    const rows = makeAnalogues(realFingerprints(), 900, 8);
    const queries = rows.slice(0, 7 * 256);
    const references = { fingerprints: rows, bits: 2048 };
    await using index = await referenceBackend.ops.search!(references);
    const ask = (asked: SearchIndex) =>
      spotCheck(asked, references, popcounts(rows, 256), queries, 7, referenceBackend);
    expect(await ask(index)).toBeUndefined();
    const wrong: SearchIndex = Object.assign(Object.create(index) as SearchIndex, {
      nearest: async () => {
        const found = await index.nearest(queries, 10);
        found.indexes[5 * 10 + 9]++;
        return found;
      },
    });
    expect(await ask(wrong)).toMatch(/^query 5, place 9: /);
  });
});

test('limits follow from rates: pairs by the fastest instruction in use, one query by copy bandwidth', () => {
  const rate = (perSecond: number, counted: string) => ({
    counted,
    perSecond,
    perClockPerMultiprocessor: 1,
    clockMHz: 1,
    blocks: 1,
    milliseconds: [1],
    clocks: [1],
  });
  const bandwidth = Object.fromEntries(
    ['copy', 'read', 'fill', 'upload', 'download'].map((what) => [
      what,
      { what, sizeBytes: 1, bytesPerSecond: 2560, milliseconds: [1] },
    ]),
  );
  const rates = {
    bits: rate(1e6, 'bits'),
    bytes: rate(2e6, 'bytes'),
    counts: rate(64e6, 'counts'),
    halves: rate(10, 'halves'),
    wgmma: rate(1e6, 'wgmma'),
  };
  const limits = limitsFrom(rates, bandwidth);
  expect(limits.pairsBy).toEqual({ bits: 16e6, bytes: 4e6, wgmma: 1024e6, counts: 1e6 });
  expect(limits.pairs).toEqual({ value: 16e6, from: 'bits' });
  expect(limits.fingerprintsRead.value).toBe(10);
  expect(limits.halfProducts?.value).toBe(20_480);
  const { counts } = rates;
  expect(limitsFrom({ counts }, bandwidth).pairs).toEqual({ value: 1e6, from: 'counts' });
});

describe('results', () => {
  test('an emulated device never comes to stand among the measured ones', () => {
    const emulated = { ...facts, emulated: true };
    expect(() => new Results(emulated, 1)).toThrow('is emulated');
    const below = new URL('../../bench/results/here', import.meta.url).pathname;
    expect(() => new Results(emulated, 1, below)).toThrow('is emulated');
    const pairs = { emulated: true, measuredAt: '2026-01-02T00:00:00Z', machine: facts, figures: [] };
    expect(() => gpuSection({ 'gpu-pairs': pairs })).toThrow('emulated');
  });

  test('a file names the device, the commit, the seed and whether it was emulated', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gpu-results-'));
    try {
      const path = new Results(facts, 42, folder).write('gpu-pairs', { figures: [] });
      expect(path).toBe(join(folder, 'card-5', 'gpu-pairs.json'));
      const { emulated, ...rest } = facts;
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
        emulated,
        seed: 42,
        machine: rest,
        figures: [],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a section shows figures beside limits and aims, and what was skipped or refused', () => {
    const common = { emulated: false, measuredAt: '2026-01-02T00:00:00Z', machine: facts };
    const results: GpuResults = {
      'gpu-checks': { ...common, passed: true, checks: [1, 2, 3], memory: { missing: 0 } },
      'gpu-search': {
        ...common,
        figures: [
          {
            name: '10 nearest',
            unit: 'pairs/s',
            amount: 1,
            by: 'kernels',
            rate: 1.5e12,
            share: 0.75,
            kernelMilliseconds: 2,
            wallMilliseconds: 3,
            aim: { text: 'at least 1e12 pairs/s', reached: true },
            runs: [],
          },
          { name: 'MMD', skipped: 'too large' },
        ],
      },
      'gpu-onnx-runtime': {
        ...common,
        figures: [{ what: 'everything', provider: 'cuda', refused: 'no library' }],
      },
      'gpu-peers': { ...common, peers: [{ peer: 'cupy', what: '10 nearest', absent: 'no module' }] },
    };
    const text = gpuSection(results);
    expect(text).toContain('## Card 5');
    expect(text).toContain("3 comparisons with the processor's answers: all right");
    expect(text).toContain('| 10 nearest | 1.50e+12 pairs/s | 2 | 3 | 75 % | at least 1e12 pairs/s: yes |');
    expect(text).toContain('skipped: too large');
    expect(text).toContain('refused: no library');
    expect(text).toContain('absent: no module');
    expect(gpuSection({ 'gpu-search': results['gpu-search']! })).toContain('stopped before its checks');
  });
});
