import type { ExportedRows } from './fingerprint-export.ts';
import { packedBytes, paddedBytes } from './fingerprint-rows.ts';
import { requirePlain } from './fps-writer.ts';
import type { ByteSink } from './hashed-file.ts';

/** The array's first byte lies at a multiple of this. */
const ALIGNMENT_BYTES = 64;

/**
 * Writes fingerprints as a `.npy` file, uint8 [rows, packedBytes(bits)], and their ids, one a line.
 * @throws Error where an id holds a line break
 * @source NumPy enhancement proposal 1, "A simple file format for NumPy arrays", version 1.0
 */
export async function writeNpy(
  array: ByteSink,
  idLines: ByteSink,
  { bits, rows, batches }: Pick<ExportedRows, 'bits' | 'rows' | 'batches'>,
): Promise<void> {
  const [width, rowBytes] = [packedBytes(bits), paddedBytes(bits)];
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const length = Math.ceil((10 + text.length + 1) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES - 10;
  const head = Buffer.alloc(10 + length, ' ');
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(length, 8);
  head.write(text, 10);
  head[head.length - 1] = 10;
  await array.write(head);
  for await (const { count, ids, fingerprints } of batches()) {
    const packed = new Uint8Array(count * width);
    for (let i = 0; i < count; i++) {
      requirePlain(ids[i], /[\r\n]/, 'a list of ids');
      packed.set(fingerprints.subarray(i * rowBytes, i * rowBytes + width), i * width);
    }
    await array.write(packed);
    await idLines.write(Buffer.from(ids.map((id) => `${id}\n`).join('')));
  }
}
