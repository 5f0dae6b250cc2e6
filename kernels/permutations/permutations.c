/*
 * Label columns drawn by counter, as src/core/mmd-labels.ts states them: unit i of column b has the word
 * philox([i >> 2, b, 0, 0], seed)[i & 3], and the n units of the smallest words, of equal words the first, get a 1.
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw 2011, doi:10.1145/2063384.2063405
 */
#include <stdint.h>

#define BUCKET_BITS 12
#define BUCKET(word) ((word) >> (32 - BUCKET_BITS))

static void philox(uint32_t x0, uint32_t x1, uint32_t key0, uint32_t key1, uint32_t *out) {
  uint32_t x2 = 0, x3 = 0;
  for (int round = 0; round < 10; round++, key0 += 0x9e3779b9, key1 += 0xbb67ae85) {
    uint64_t p0 = (uint64_t)x0 * 0xd2511f53, p1 = (uint64_t)x2 * 0xcd9e8d57;
    x0 = (uint32_t)(p1 >> 32) ^ x1 ^ key0;
    x1 = (uint32_t)p1;
    x2 = (uint32_t)(p0 >> 32) ^ x3 ^ key1;
    x3 = (uint32_t)p0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

/* Sets the bits of the n smallest words. Words are counted by their leading bits; only one bucket needs comparing. */
static void mark_smallest(const uint32_t *words, uint32_t units, uint32_t n, uint32_t *undecided, uint8_t *out) {
  static uint32_t sizes[1 << BUCKET_BITS];
  for (uint32_t i = 0; i < 1 << BUCKET_BITS; i++) sizes[i] = 0;
  for (uint32_t i = 0; i < units; i++) sizes[BUCKET(words[i])]++;
  uint32_t last = 0, left = n, count = 0;
  while (sizes[last] < left) left -= sizes[last++];
  for (uint32_t i = 0; i < units; i++) {
    uint32_t bucket = BUCKET(words[i]);
    out[i >> 3] |= (bucket < last) << (i & 7);
    if (bucket != last) continue;
    /* Ascending by word; an equal word that came first stays first. */
    uint32_t at = count++;
    for (; at && words[undecided[at - 1]] > words[i]; at--) undecided[at] = undecided[at - 1];
    undecided[at] = i;
  }
  for (uint32_t k = 0; k < left; k++) out[undecided[k] >> 3] |= 1 << (undecided[k] & 7);
}

/*
 * words      [units, made a multiple of 4] and undecided [units] are working space
 * out        [columns, bytes] of zeros
 */
__attribute__((export_name("draw"))) void draw(uint32_t seed_low, uint32_t seed_high, uint32_t units, uint32_t n,
                                               uint32_t first_column, uint32_t columns, uint32_t bytes,
                                               uint32_t *words, uint32_t *undecided, uint8_t *out) {
  for (uint32_t b = 0; b < columns; b++, out += bytes) {
    for (uint32_t i = 0; i < units; i += 4) philox(i >> 2, first_column + b, seed_low, seed_high, words + i);
    mark_smallest(words, units, n, undecided, out);
  }
}
