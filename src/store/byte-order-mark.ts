/** The bytes without a leading UTF-8 byte order mark; a view, not a copy. */
export function withoutMark(buffer: Buffer): Buffer {
  const marked = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf;
  return marked ? buffer.subarray(3) : buffer;
}
