import { AssayerError } from '../core/errors.ts';
import { type FingerprintBatch, paddedBytes } from './fingerprint-rows.ts';
import type { InputBytes } from './input-bytes.ts';

export interface NpyHead {
  readonly rows: number;
  /** Bytes of a fingerprint. */
  readonly width: number;
  /** Bytes before the first fingerprint. */
  readonly headBytes: number;
}

const MAGIC = '\x93NUMPY';

/**
 * The header of a `.npy` file of packed fingerprints, uint8 [rows, bytes] in C order.
 * @param head  the first bytes of the file, 64 KiB or all
 * @throws ERR_INPUT_FORMAT
 * @source NumPy enhancement proposal 1, "A simple file format for NumPy arrays"
 */
export function parseNpyHead(path: string, head: Buffer): NpyHead {
  const refuse = (problem: string) => new AssayerError('ERR_INPUT_FORMAT', { path, format: 'npy', problem });
  if (head.toString('latin1', 0, 6) !== MAGIC || head.length < 12)
    throw refuse('it does not begin as .npy does');
  const isFirst = head[6] === 1;
  const start = isFirst ? 10 : 12;
  const headBytes = start + (isFirst ? head.readUInt16LE(8) : head.readUInt32LE(8));
  const text = head.toString('utf8', start, headBytes);
  const dtype = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(\s*(\d+)\s*,\s*(\d+)\s*,?\s*\)/.exec(text);
  if (headBytes > head.length || !dtype || !order) throw refuse('its header cannot be read');
  if (!/^[|<>=]?u1$/.test(dtype)) {
    throw refuse(
      `its dtype is ${dtype}, not uint8; pack bits with numpy.packbits(x, axis=1, bitorder='little')`,
    );
  }
  if (order === 'True' || !shape) throw refuse('it is not a two-dimensional array in C order');
  const [rows, width] = [Number(shape[1]), Number(shape[2])];
  if (width === 0) throw refuse('its fingerprints have no bytes');
  return { rows, width, headBytes };
}

/**
 * The rows of a `.npy` file. `ids` gives the id of a row.
 * @throws ERR_INPUT_CORRUPT where the file is shorter or longer than its header says, and what InputBytes throws
 */
export async function* readNpy(
  bytes: InputBytes,
  { rows, width, headBytes }: NpyHead,
  batchRows: number,
  idOf: (row: number) => string,
  signal?: AbortSignal,
): AsyncGenerator<FingerprintBatch> {
  const rowBytes = paddedBytes(width * 8);
  const corrupt = () => {
    const problem = `it does not hold the ${rows} rows of ${width} bytes that its header promises`;
    return new AssayerError('ERR_INPUT_CORRUPT', { path: bytes.path, problem });
  };
  let toSkip = headBytes;
  let at = 0;
  let firstRow = 0;
  let batch = new Uint8Array(Math.min(batchRows, rows) * rowBytes);
  for await (const chunk of bytes.chunks(signal)) {
    let from = Math.min(toSkip, chunk.length);
    toSkip -= from;
    while (from < chunk.length) {
      const left = Math.min(batchRows, rows - firstRow) * width - at;
      if (left === 0) throw corrupt();
      const count = Math.min(width - (at % width), chunk.length - from);
      batch.set(chunk.subarray(from, from + count), Math.floor(at / width) * rowBytes + (at % width));
      at += count;
      from += count;
      if (count < left) continue;
      yield batchOf(batch, at / width);
    }
  }
  if (firstRow < rows) throw corrupt();

  function batchOf(fingerprints: Uint8Array, count: number): FingerprintBatch {
    const ids = Array.from({ length: count }, (_, i) => idOf(firstRow + i));
    const made = { count, firstRow, ids, fingerprints };
    firstRow += count;
    at = 0;
    batch = new Uint8Array(Math.min(batchRows, rows - firstRow) * rowBytes);
    return made;
  }
}
