/** One field of a message. */
export interface Field {
  readonly number: number;
  /** Integers (exact below 2^53) and bytes; null for fields of 4 or 8 bytes, which nothing here reads. */
  readonly value: number | Uint8Array | null;
  /** The whole field as it stands in the file, key included: a view. */
  readonly raw: Uint8Array;
}

/**
 * Reads a protocol buffer message without loss: the fields' `raw`, joined, are the message.
 * @throws RangeError when the bytes are not a message
 */
export function* readFields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= message.length) break;
      const byte = message[at++];
      if (shift < 49) value += (byte & 127) * 2 ** shift;
      else if (byte < 128) return signed(message.subarray(at - shift / 7 - 1, at));
      if (byte < 128) return value;
    }
    throw new RangeError(`no number at byte ${at}`);
  };
  while (at < message.length) {
    const start = at;
    const key = varint();
    const wire = key % 8;
    const number = (key - wire) / 8;
    if (number === 0) throw new RangeError(`no field at byte ${start}`);
    if (wire === 0) {
      const value = varint();
      yield { number, value, raw: message.subarray(start, at) };
      continue;
    }
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : Number.NaN;
    if (!(length >= 0 && at + length <= message.length)) {
      throw new RangeError(`field ${number} at byte ${start} runs past the end`);
    }
    const value = wire === 2 ? message.subarray(at, at + length) : null;
    at += length;
    yield { number, value, raw: message.subarray(start, at) };
  }
}

/** A varint of 8 bytes and more as the int64 it stands for: negative numbers take all ten. */
function signed(bytes: Uint8Array): number {
  let value = 0n;
  bytes.forEach((byte, i) => {
    value += BigInt(byte & 127) << BigInt(7 * i);
  });
  return Number(BigInt.asIntN(64, value));
}

/** The bytes fields of this number. */
export function* messagesIn(message: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of readFields(message)) {
    if (field.number === number && field.value instanceof Uint8Array) yield field.value;
  }
}

/** The last integer field of this number, as protocol buffers want it read; undefined when there is none. */
export function integerIn(message: Uint8Array, number: number): number | undefined {
  let found: number | undefined;
  for (const field of readFields(message)) {
    if (field.number === number && typeof field.value === 'number') found = field.value;
  }
  return found;
}

/** The last text field of this number; '' when there is none. */
export function textIn(message: Uint8Array, number: number): string {
  let found: Uint8Array | undefined;
  for (const bytes of messagesIn(message, number)) found = bytes;
  return found ? new TextDecoder().decode(found) : '';
}

/** An integer field; not negative. */
export function integerField(number: number, value: number): Uint8Array {
  return Buffer.concat([varintBytes(number * 8), varintBytes(value)]);
}

/** A field of bytes, text, or a nested message given as its parts. */
export function bytesField(number: number, value: Uint8Array | string | readonly Uint8Array[]): Uint8Array {
  const body = value instanceof Uint8Array ? value : bodyOf(value);
  return Buffer.concat([varintBytes(number * 8 + 2), varintBytes(body.length), body]);
}

function bodyOf(value: string | readonly Uint8Array[]): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.concat(value);
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
