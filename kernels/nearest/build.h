/* Building of blocks from packed fingerprints; part of nearest.c. */

/* Set bits of each of `count` rows of `bytes` bytes (a multiple of 32), `stride` apart. */
EXPORT(popcounts)
void popcounts(const uint8_t *rows, uint32_t count, uint32_t bytes, uint32_t stride, uint16_t *out) {
  for (uint32_t i = 0; i < count; i++, rows += stride) {
    V sum = wasm_i32x4_const_splat(0);
    for (uint32_t k = 0; k < bytes; k += 16) {
      V pairs = wasm_u16x8_extadd_pairwise_u8x16(wasm_i8x16_popcnt(wasm_v128_load(rows + k)));
      sum = wasm_i16x8_add(sum, pairs);
    }
    V quads = wasm_u32x4_extadd_pairwise_u16x8(sum);
    out[i] = wasm_i32x4_extract_lane(quads, 0) + wasm_i32x4_extract_lane(quads, 1) +
             wasm_i32x4_extract_lane(quads, 2) + wasm_i32x4_extract_lane(quads, 3);
  }
}

#define ZIP_LOW(a, b) wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b) wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/* Transposes 16 x 16 bytes: v[j] = byte j of the 16 rows. Four rounds of interleaving rows i and i + 8. */
INLINE void transpose_bytes(V *v) {
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
    V w[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      w[2 * i] = ZIP_LOW(v[i], v[i + 8]);
      w[2 * i + 1] = ZIP_HIGH(v[i], v[i + 8]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) v[i] = w[i];
  }
}

/*
 * One block from 512 packed rows of `bytes` bytes. Bit k goes to the row at byte offset offsetOf[k], complemented;
 * the row of zeros is not touched.
 */
EXPORT(slice)
void slice(const uint8_t *rows, uint32_t bytes, const uint32_t *offsetOf, uint8_t *block) {
  for (uint32_t group = 0; group < BLOCK / 16; group++) {
    for (uint32_t k = 0; k < bytes; k += 16) {
      V v[16];
#pragma clang loop unroll(full)
      for (int i = 0; i < 16; i++) v[i] = wasm_v128_not(wasm_v128_load(rows + (group * 16 + i) * bytes + k));
      transpose_bytes(v);
#pragma clang loop unroll(full)
      for (int i = 0; i < 16; i++) {
        const uint32_t *offset = offsetOf + (k + i) * 8;
        V x = v[i];
        for (int bit = 7; bit >= 0; bit--) {
          *(uint16_t *)(block + offset[bit] + group * 2) = (uint16_t)wasm_i8x16_bitmask(x);
          x = wasm_i8x16_shl(x, 1);
        }
      }
    }
  }
}
