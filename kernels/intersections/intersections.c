/* Shared bits of every query with every target, by the counters of ../nearest/bit-sliced.h. */
#include "../nearest/bit-sliced.h"
#define EXPORT(name) __attribute__((export_name(#name)))
#include "../nearest/build.h"

/* One byte for each of 16 lanes: bits of the counters `from` .. `to` - 1 of lanes 16 g .. 16 g + 15. */
INLINE V counter_bytes(const V *planes, int from, int to, int g) {
  const V bit = wasm_i8x16_const(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const uint8_t *bytes = (const uint8_t *)planes + 2 * g;
  V out = wasm_i32x4_const_splat(0);
#pragma clang loop unroll(full)
  for (int i = from; i < to; i++) {
    V both = wasm_i8x16_shuffle(wasm_v128_load8_splat(bytes + 16 * i), wasm_v128_load8_splat(bytes + 16 * i + 1), 0,
                                0, 0, 0, 0, 0, 0, 0, 16, 16, 16, 16, 16, 16, 16, 16);
    V set = wasm_i8x16_eq(wasm_v128_and(both, bit), bit);
    out = wasm_v128_or(out, wasm_v128_and(set, wasm_i8x16_splat((char)(1u << (i - from)))));
  }
  return out;
}

/* out = base - counter for 16 lanes; counters of `width` planes. */
INLINE void write_lanes(const V *planes, int g, uint32_t base, const int width, uint16_t *out) {
  V low = counter_bytes(planes, 0, width < 8 ? width : 8, g);
  V a = wasm_u16x8_extend_low_u8x16(low), b = wasm_u16x8_extend_high_u8x16(low);
  if (width > 8) {
    V high = counter_bytes(planes, 8, width, g);
    a = wasm_v128_or(a, wasm_i16x8_shl(wasm_u16x8_extend_low_u8x16(high), 8));
    b = wasm_v128_or(b, wasm_i16x8_shl(wasm_u16x8_extend_high_u8x16(high), 8));
  }
  wasm_v128_store(out, wasm_i16x8_sub(wasm_i16x8_splat(base), a));
  wasm_v128_store(out + 8, wasm_i16x8_sub(wasm_i16x8_splat(base), b));
}

/*
 * Shared bits of every query with the 512 targets of one block: uint16 [queryCount, 512]. With a slack of all its bits
 * no lane dies, so every counter ends at 2^width - 1 - popcount + misses.
 */
EXPORT(intersect)
void intersect(const uint8_t *block, const Query *queries, uint32_t queryCount, uint16_t *out, V *planes) {
  for (; queryCount; queryCount--, queries++) {
    int width = queries->popcount < 64 ? 6 : counter_width(queries->popcount);
    uint32_t base = (1u << width) - 1;
    for (int v = 0; v < BLOCK / LANES; v++) {
      count(block + v * sizeof(V), queries, queries->popcount, width, planes);
      for (int g = 0; g < LANES / 16; g++, out += 16) {
        if (width == 6) write_lanes(planes, g, base, 6, out);
        else if (width == 8) write_lanes(planes, g, base, 8, out);
        else write_lanes(planes, g, base, MOST_PLANES, out);
      }
    }
  }
}
