import { AssayerError } from '../core/errors.ts';
import { withoutMark } from './byte-order-mark.ts';
import type { InputBytes } from './input-bytes.ts';
import { LINE_LIMIT_BYTES } from './row-source.ts';

const LF = 10;
const CR = 13;

/**
 * The lines of a text, without their line feeds (LF or CR LF); bytes that are not UTF-8 become U+FFFD.
 * @returns the lines that end in each piece of the bytes; a last line need not end in a line feed
 * @throws ERR_INPUT_LINE_TOO_LONG, and what InputBytes throws
 */
export async function* readLines(bytes: InputBytes, signal?: AbortSignal): AsyncGenerator<string[]> {
  let carry: Buffer = Buffer.alloc(0);
  let count = 0;
  const textOf = (buffer: Buffer, from: number, to: number) => {
    if (to - from > LINE_LIMIT_BYTES) throw tooLong(bytes.path, count + 1);
    count++;
    const end = to > from && buffer[to - 1] === CR ? to - 1 : to;
    if (count > 1) return buffer.toString('utf8', from, end);
    return withoutMark(buffer.subarray(from, end)).toString('utf8');
  };
  for await (const chunk of bytes.chunks(signal)) {
    const buffer = carry.length ? Buffer.concat([carry, chunk]) : chunk;
    const lines: string[] = [];
    let at = 0;
    for (let feed = buffer.indexOf(LF, at); feed >= 0; feed = buffer.indexOf(LF, at)) {
      lines.push(textOf(buffer, at, feed));
      at = feed + 1;
    }
    carry = buffer.subarray(at);
    if (carry.length > LINE_LIMIT_BYTES) throw tooLong(bytes.path, count + 1);
    if (lines.length) yield lines;
  }
  if (carry.length) yield [textOf(carry, 0, carry.length)];
}

function tooLong(path: string, line: number): AssayerError {
  return new AssayerError('ERR_INPUT_LINE_TOO_LONG', { path, line, limitBytes: LINE_LIMIT_BYTES });
}
