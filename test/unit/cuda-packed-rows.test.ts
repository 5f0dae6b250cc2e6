import { describe, expect, test } from 'vitest';
import { writeRows } from '../../src/backends/cuda/packed-rows.ts';
import { expectNoProblems, openDevice, whyNot } from './cuda-mmd-device.ts';

describe.skipIf(whyNot !== undefined)(`rows written to emulated CUDA ${whyNot ?? ''}`, () => {
  expectNoProblems();

  test.each([1, 64, 3 * 64, 7 * 64 + 5, 2 ** 20])('in pieces of %i bytes', async (pieceBytes) => {
    await using device = openDevice();
    using memory = device.context.allocate(12 * 64, 'rows');
    device.stream.fill(memory, 0, memory.sizeBytes, 0xa5);
    const fingerprints = Uint8Array.from({ length: 14 * 40 }, (_, i) => 1 + (i % 251));
    const shape = { count: 14, bits: 256, bytes: 32, rowBytes: 40 };
    await writeRows(device, { memory, rowBytes: 64 }, fingerprints, shape, 3, 10, pieceBytes);
    const found = new Uint8Array(12 * 64);
    await device.read(memory, 0, found);
    const expected = new Uint8Array(12 * 64).fill(0, 0, 10 * 64).fill(0xa5, 10 * 64);
    for (let row = 0; row < 10; row++) {
      expected.set(fingerprints.subarray((3 + row) * 40, (3 + row) * 40 + 32), row * 64);
    }
    expect(found).toEqual(expected);
  });
});
