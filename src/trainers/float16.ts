/// <reference lib="esnext.float16" />

/** Bits of numbers rounded to IEEE 754 half precision (nearest, ties to even), uint16 [n]. */
export function toFloat16Bits(values: ArrayLike<number>): Uint16Array {
  return new Uint16Array(Float16Array.from(values).buffer);
}

/** Numbers rounded to half precision, float64 [n]: what a model that stores halves will read back. */
export function roundToFloat16(values: Float64Array): Float64Array {
  return values.map(Math.f16round);
}
