import { AssayerError } from '../core/errors.ts';
import { type FingerprintBatch, hasStrayBits, packedBytes, paddedBytes } from './fingerprint-rows.ts';
import type { InputBytes } from './input-bytes.ts';
import { readLines } from './read-lines.ts';

export interface FpsHead {
  readonly bits: number;
  readonly type: string | null;
}

/**
 * What the header of an FPS file says; where it does not say the length, the first fingerprint does.
 * @throws ERR_INPUT_FORMAT, ERR_INPUT_EMPTY
 * @source chemfp, "The FPS fingerprint file format"
 */
export async function readFpsHead(bytes: InputBytes, signal?: AbortSignal): Promise<FpsHead> {
  const { path } = bytes;
  let stated: number | null = null;
  let type: string | null = null;
  let line = 0;
  for await (const lines of readLines(bytes, signal)) {
    for (const text of lines) {
      line++;
      if (!text.startsWith('#')) {
        const digits = text.split('\t', 1)[0].length;
        if (stated === null && digits % 2 !== 0) throw notFps(path, `line ${line}: an odd number of digits`);
        return { bits: stated ?? digits * 4, type };
      }
      const [, key, value] = /^#(num_bits|type)=(.*)$/.exec(text) ?? [];
      if (key === 'type') type = value;
      if (key === 'num_bits') {
        stated = Number(value);
        if (!Number.isInteger(stated) || stated < 1) throw notFps(path, `line ${line}: num_bits is ${value}`);
      }
    }
  }
  throw new AssayerError('ERR_INPUT_EMPTY', { path });
}

/**
 * The fingerprints of an FPS file: `hexadecimal TAB id` a line; bit 0 is the lowest of the first byte.
 * @throws ERR_INPUT_FORMAT, and what readLines throws
 */
export async function* readFps(
  bytes: InputBytes,
  bits: number,
  batchRows: number,
  signal?: AbortSignal,
): AsyncGenerator<FingerprintBatch> {
  const rowBytes = paddedBytes(bits);
  const digits = packedBytes(bits) * 2;
  let line = 0;
  let firstRow = 0;
  let ids: string[] = [];
  let fingerprints = Buffer.alloc(batchRows * rowBytes);
  const take = (): FingerprintBatch => {
    const batch = {
      count: ids.length,
      firstRow,
      ids,
      fingerprints: fingerprints.subarray(0, ids.length * rowBytes),
    };
    firstRow += ids.length;
    ids = [];
    fingerprints = Buffer.alloc(batchRows * rowBytes);
    return batch;
  };
  for await (const lines of readLines(bytes, signal)) {
    for (const text of lines) {
      line++;
      if (text.startsWith('#') || text === '') continue;
      const tab = text.indexOf('\t');
      const found = tab < 0 ? text.length : tab;
      if (found !== digits) {
        throw notFps(bytes.path, `line ${line}: ${found} digits, ${digits} belong to ${bits} bits`);
      }
      const at = ids.length * rowBytes;
      if (fingerprints.write(text.slice(0, found), at, 'hex') * 2 !== digits) {
        throw notFps(bytes.path, `line ${line}: not hexadecimal`);
      }
      if (hasStrayBits(fingerprints.subarray(at), bits)) {
        throw notFps(bytes.path, `line ${line}: a bit past ${bits} is set`);
      }
      const id = text.slice(tab + 1).split('\t', 1)[0];
      if (tab < 0 || id === '') throw notFps(bytes.path, `line ${line}: no id after the fingerprint`);
      ids.push(id);
      if (ids.length === batchRows) yield take();
    }
  }
  if (ids.length > 0) yield take();
}

function notFps(path: string, problem: string): AssayerError {
  return new AssayerError('ERR_INPUT_FORMAT', { path, format: 'FPS', problem });
}
