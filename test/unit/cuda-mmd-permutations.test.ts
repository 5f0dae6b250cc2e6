import { describe, expect, test } from 'vitest';
import { packParameters } from '../../src/backends/cuda/parameters.ts';
import { drawColumns } from '../../src/core/mmd-labels.ts';
import { philox, philoxKey } from '../../src/core/philox.ts';
import { expectNoProblems, openDevice, whyNot } from './cuda-mmd-device.ts';

interface Draw {
  readonly units: number;
  readonly inX: number;
  readonly seed: number;
  /** b of the first column. */
  readonly column: number;
  readonly count: number;
}

/** @returns labels as bytes, [count, ceil(units / 8)] */
async function drawOnDevice({ units, inX, seed, column, count }: Draw): Promise<Uint8Array> {
  await using device = openDevice();
  const [slot, stride] = [2, count + 5];
  const words = Math.ceil(units / 32);
  using labels = device.context.allocate(words * stride * 4, 'labels');
  device.stream.fill(labels, 0, labels.sizeBytes, 0xa5);
  const ints = [...philoxKey(seed), units, inX, column, slot, stride].map((int) => ({ int }));
  device
    .kernel('permutations', 'permutations_draw')
    .launch(
      device.stream,
      { blocks: count, threads: 256, sharedBytes: 9228 },
      packParameters([{ address: labels }, ...ints]),
    );
  const found = new Uint32Array(words * stride);
  await device.read(labels, 0, found);
  for (const [i, word] of found.entries()) {
    const drawn = i % stride >= slot && i % stride < slot + count;
    if (!drawn) expect(word, 'a word beside the columns').toBe(0xa5a5a5a5);
  }
  const bytes = Math.ceil(units / 8);
  return Uint8Array.from({ length: count * bytes }, (_, i) => {
    const at = i % bytes;
    return found[(at >> 2) * stride + slot + Math.floor(i / bytes)] >> (8 * (at & 3));
  });
}

function expectedBits({ units, inX, seed, column, count }: Draw): Uint8Array {
  const observed = new Uint8Array(Math.ceil(units / 8));
  const permutations = column + count - 1;
  const { bits, bytes } = drawColumns({ observed, permutations, seed }, units, inX);
  return bits.slice(column * bytes);
}

describe.skipIf(whyNot !== undefined)(`columns drawn on emulated CUDA ${whyNot ?? ''}`, () => {
  expectNoProblems();

  test.each([
    { units: 1, inX: 0, seed: 0, column: 1, count: 1 },
    { units: 1, inX: 1, seed: 1, column: 1, count: 2 },
    { units: 4, inX: 2, seed: 2, column: 1, count: 9 },
    { units: 31, inX: 31, seed: 3, column: 3, count: 2 },
    { units: 33, inX: 0, seed: 4, column: 1, count: 2 },
    { units: 1023, inX: 400, seed: 2 ** 53 - 1, column: 1, count: 3 },
    { units: 1025, inX: 1024, seed: 2 ** 32, column: 2, count: 2 },
    { units: 8193, inX: 1, seed: 6, column: 1, count: 2 },
    { units: 20_011, inX: 7000, seed: 7, column: 100, count: 2 },
  ])('$inX of $units units are those of core', async (draw) => {
    expect(await drawOnDevice(draw)).toEqual(expectedBits(draw));
  });

  test('of equal words at the threshold the first come first', async () => {
    const units = 200_000;
    const words = new Uint32Array(units);
    const key = philoxKey(11);
    for (let i = 0; i < units; i += 4) philox(Uint32Array.of(i >> 2, 1, 0, 0), key, words.subarray(i, i + 4));
    const sorted = words.slice().sort();
    const repeated = sorted.findIndex((word, i) => word === sorted[i + 1]);
    expect(repeated).toBeGreaterThan(0);
    // One of the two, then both.
    for (const inX of [repeated + 1, repeated + 2]) {
      const draw = { units, inX, seed: 11, column: 1, count: 1 };
      expect(await drawOnDevice(draw)).toEqual(expectedBits(draw));
    }
  });
});
