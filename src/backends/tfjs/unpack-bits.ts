import type { RowShape } from '../../core/search-arguments.ts';
import type { Tensor, TensorEngine } from './tensor-engine.ts';

/** Bits of one packed value; float32 holds every integer of so many bits, and 256 bits are a whole number of them. */
const WORD_BITS = 16;
/** Arrays as large as the result that are alive at most while bits are unpacked. */
export const UNPACK_COPIES = 4;

/**
 * Bits 16 to a float32 value, an integer. A pair of bytes is a word, the first its low half.
 * @param bytes  uint8 [rows, wordsPerRow * 2]
 * @returns float32 [rows, wordsPerRow, 1]
 */
export function packWords(engine: TensorEngine, bytes: Uint8Array, rows: number): Tensor {
  const words = new Float32Array(bytes.length / 2);
  for (let i = 0; i < words.length; i++) words[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
  return engine.tensor(words, [rows, words.length / rows, 1], 'float32');
}

/**
 * Bits as 0 and 1, exact: bit k of x is floor(x / 2^k) - 2 floor(x / 2^(k + 1)), and division by a power of two is exact.
 * @param words  of `packWords`
 * @returns float32 [rows, wordsPerRow * 16]
 */
export function unpackBits(engine: TensorEngine, words: Tensor): Tensor {
  const [rows, wordsPerRow] = words.shape;
  return engine.tidy(() => {
    const twiceRest = engine.tidy(() => engine.mul(2, shiftRight(engine, words, 1)));
    const bits = engine.sub(shiftRight(engine, words, 0), twiceRest);
    return engine.reshape(bits, [rows, wordsPerRow * WORD_BITS]);
  });
}

/** floor(words / 2^(k + by)) for each k of 0..15. */
function shiftRight(engine: TensorEngine, words: Tensor, by: number): Tensor {
  const scales = Float32Array.from({ length: WORD_BITS }, (_, k) => 2 ** -(k + by));
  return engine.tidy(() => engine.floor(engine.mul(words, engine.tensor(scales, [WORD_BITS], 'float32'))));
}

/** Rows without the bytes behind them that are not compared. @param rows which; uint8 [rows.length, bytes] is returned */
export function gatherRows(
  fingerprints: Uint8Array,
  { bytes, rowBytes }: RowShape,
  rows: ArrayLike<number>,
): Uint8Array {
  const gathered = new Uint8Array(rows.length * bytes);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i] * rowBytes;
    gathered.set(fingerprints.subarray(start, start + bytes), i * bytes);
  }
  return gathered;
}
