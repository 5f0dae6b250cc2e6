const FRAME_MAGIC = 0x184d2204;
/** A byte of a match's length stands for 255 bytes at most. */
const MOST_EXPANSION = 255;

/**
 * Decodes one LZ4 frame, the default compression of Arrow files written by pyarrow; checksums are skipped.
 *
 *     magic 4 | flags 1 | block size 1 | content size 8? | dictionary id 4? | header checksum 1 | blocks | 0 4 | checksum 4?
 *
 * @param length  bytes that the content must have
 * @returns a new array with the content
 * @throws RangeError or Error on damaged data, and as soon as there is more content than `length`
 * @source LZ4 frame format 1.6.4 and block format, github.com/lz4/lz4/tree/dev/doc
 */
export function decodeLz4Frame(data: Uint8Array, length: number): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(0, true) !== FRAME_MAGIC) throw new Error('not an LZ4 frame');
  const flags = view.getUint8(4);
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  if (flags & 0x01) throw new Error('LZ4 frame needs a dictionary');
  let at = 6 + (hasContentSize ? 8 : 0) + 1;
  if (length > data.length * MOST_EXPANSION)
    throw new RangeError(`LZ4 frame is too short for ${length} bytes`);
  const sink = new Content(length);
  for (;;) {
    const header = view.getUint32(at, true);
    at += 4;
    if (header === 0) return sink.whole();
    const size = header & 0x7fffffff;
    if (at + size > data.length) throw new RangeError('LZ4 block runs past the end');
    const block = data.subarray(at, at + size);
    if (header >>> 31) sink.append(block, 0, size);
    else decodeBlock(block, sink);
    at += size + (hasBlockChecksum ? 4 : 0);
  }
}

/** Blocks may refer back into earlier blocks of the frame, so all go into one buffer. */
class Content {
  readonly #buffer: Uint8Array;
  length = 0;

  constructor(length: number) {
    this.#buffer = new Uint8Array(length);
  }

  #requireRoom(more: number): void {
    if (this.length + more > this.#buffer.length) throw new RangeError('LZ4 content is longer than stated');
  }

  append(source: Uint8Array, from: number, count: number): void {
    if (from + count > source.length) throw new RangeError('LZ4 literals run past the block');
    this.#requireRoom(count);
    this.#buffer.set(source.subarray(from, from + count), this.length);
    this.length += count;
  }

  /** Repeats `count` bytes from `distance` back; they may overlap what is being written. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.length) throw new RangeError('LZ4 match before the start');
    this.#requireRoom(count);
    const to = this.length;
    for (let i = 0; i < count; i++) this.#buffer[to + i] = this.#buffer[to + i - distance];
    this.length += count;
  }

  whole(): Uint8Array {
    if (this.length < this.#buffer.length) throw new RangeError('LZ4 content is shorter than stated');
    return this.#buffer;
  }
}

function decodeBlock(block: Uint8Array, sink: Content): void {
  let at = 0;
  const extended = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      let byte: number;
      do {
        if (at >= block.length) throw new RangeError('LZ4 length runs past the block');
        byte = block[at++];
        length += byte;
      } while (byte === 255);
    }
    return length;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = extended(token >> 4);
    sink.append(block, at, literals);
    at += literals;
    if (at >= block.length) return;
    if (at + 2 > block.length) throw new RangeError('LZ4 offset runs past the block');
    const distance = block[at] | (block[at + 1] << 8);
    at += 2;
    sink.repeat(distance, extended(token & 15) + 4);
  }
}
