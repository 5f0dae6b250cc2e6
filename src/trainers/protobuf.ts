/** Writes protocol buffer messages, field by field in the order given, so equal calls give equal bytes. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  /** A non-negative integer field. */
  integer(field: number, value: number): this {
    this.#parts.push(varint(field << 3), varint(value));
    return this;
  }

  /** A field of bytes, UTF-8 text, or a nested message. */
  bytes(field: number, value: Uint8Array | string | MessageWriter): this {
    const body =
      typeof value === 'string'
        ? new TextEncoder().encode(value)
        : value instanceof MessageWriter
          ? value.finish()
          : value;
    this.#parts.push(varint((field << 3) | 2), varint(body.length), body);
    return this;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/**
 * Reads the integer and byte fields of a message; 32 and 64-bit fields are passed over.
 * @throws RangeError when the bytes are not a message
 */
export function* readFields(message: Uint8Array): Generator<[field: number, value: number | Uint8Array]> {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= message.length || scale > 2 ** 63) throw new RangeError(`no number at byte ${at}`);
      const byte = message[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = number();
    const wire = key % 8;
    const field = (key - wire) / 8;
    if (wire === 0) {
      yield [field, number()];
      continue;
    }
    const length = wire === 2 ? number() : wire === 5 ? 4 : wire === 1 ? 8 : Number.NaN;
    if (!(at + length <= message.length)) throw new RangeError(`field ${field} runs past the end`);
    if (wire === 2) yield [field, message.subarray(at, at + length)];
    at += length;
  }
}
