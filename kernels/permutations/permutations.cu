/*
 * Label columns drawn by counter, as src/core/mmd-labels.ts states them: unit i of column b has the word
 * philox([i >> 2, b, 0, 0], seed)[i & 3], and the n units of the smallest words, of equal words the first, get a 1.
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw 2011, doi:10.1145/2063384.2063405
 *
 * A block draws a column. No word is stored: the n-th smallest is found from its leading 11 bits, the next 11 and the
 * last 10, each time by counting all words made anew, 4 draws of each word in all, or some 70 instructions of a lane
 * a label.
 */
#include "../cuda.h"

enum { THREADS = 256, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, DIGITS_A_THREAD = DIGITS / THREADS };

struct DrawParams {
  uint32_t *labels; /* [words][stride]: column `slot` + i is drawn as b = `column` + i */
  uint32_t key0, key1;
  int units, chosen, column, slot, stride;
};
static_assert(sizeof(DrawParams) == 40, "written by backends/cuda/mmd-labels.ts");

DEVICE uint4 philox(uint32_t x0, uint32_t x1, uint32_t key0, uint32_t key1) {
  uint32_t x2 = 0, x3 = 0;
  UNROLL for (int round = 0; round < 10; round++) {
    const uint32_t high0 = multiply_high(x0, 0xd2511f53u), low0 = x0 * 0xd2511f53u;
    const uint32_t high1 = multiply_high(x2, 0xcd9e8d57u), low1 = x2 * 0xcd9e8d57u;
    x0 = high1 ^ x1 ^ key0;
    x1 = low1;
    x2 = high0 ^ x3 ^ key1;
    x3 = low0;
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  uint4 words;
  words.x = x0;
  words.y = x1;
  words.z = x2;
  words.w = x3;
  return words;
}

struct Threshold {
  uint32_t prefix; /* leading digits of the last word that gets a 1, shifted to the right */
  uint32_t left;   /* how many words that begin so get a 1 */
  uint32_t equal;  /* how many there are */
};

/* Shared memory of a block. */
struct Counts {
  uint32_t digits[DIGITS];
  uint32_t parts[THREADS];
  Threshold found;
};

/* Calls use(unit, word) for this thread's units. */
template <typename Use>
DEVICE void for_words(const DrawParams &p, uint32_t b, Use use) {
  for (int unit = threadIdx.x * 4; unit < p.units; unit += THREADS * 4) {
    const uint4 words = philox(unit >> 2, b, p.key0, p.key1);
    use(unit, words.x);
    if (unit + 1 < p.units) use(unit + 1, words.y);
    if (unit + 2 < p.units) use(unit + 2, words.z);
    if (unit + 3 < p.units) use(unit + 3, words.w);
  }
}

/* Narrows the threshold by the next `bits` bits, the lowest of which is bit `shift` of a word. */
DEVICE Threshold narrow(const DrawParams &p, uint32_t b, Counts &counts, Threshold known, int shift, int bits) {
  for (int i = threadIdx.x; i < DIGITS; i += THREADS) counts.digits[i] = 0;
  sync_block();
  for_words(p, b, [&](int, uint32_t word) {
    const uint32_t digits = word >> shift;
    if (digits >> bits == known.prefix) atomic_add(&counts.digits[digits & ((1u << bits) - 1)], 1);
  });
  sync_block();
  const uint32_t *own = counts.digits + threadIdx.x * DIGITS_A_THREAD;
  uint32_t sum = 0;
  for (int i = 0; i < DIGITS_A_THREAD; i++) sum += own[i];
  counts.parts[threadIdx.x] = sum;
  sync_block();
  if (threadIdx.x == 0) {
    uint32_t left = known.left, part = 0;
    while (counts.parts[part] < left) left -= counts.parts[part++];
    uint32_t digit = part * DIGITS_A_THREAD;
    while (counts.digits[digit] < left) left -= counts.digits[digit++];
    counts.found = {known.prefix << bits | digit, left, counts.digits[digit]};
  }
  sync_block();
  const Threshold found = counts.found;
  sync_block();
  return found;
}

KERNEL(permutations_draw, THREADS, DrawParams) {
  SHARED_MEMORY(shared);
  Counts &counts = *(Counts *)shared;
  const uint32_t b = (uint32_t)p.column + blockIdx.x;
  Threshold last = {0, (uint32_t)p.chosen, 0};
  last = narrow(p, b, counts, last, 21, 11);
  last = narrow(p, b, counts, last, 10, 11);
  last = narrow(p, b, counts, last, 0, 10);

  /*
   * Of words equal to the last one only the first may get a 1: so rare that one thread may look for where they end.
   */
  if (threadIdx.x == 0 && last.left < last.equal) {
    int unit = -1;
    for (uint32_t seen = 0; seen < last.left + 1;) {
      unit++;
      const uint4 words = philox(unit >> 2, b, p.key0, p.key1);
      const uint32_t word = unit % 4 == 0 ? words.x : unit % 4 == 1 ? words.y : unit % 4 == 2 ? words.z : words.w;
      seen += word == last.prefix;
    }
    counts.found.equal = unit;
  } else if (threadIdx.x == 0) {
    counts.found.equal = p.units;
  }
  sync_block();
  const int end = counts.found.equal;

  uint32_t *out = p.labels + p.slot + blockIdx.x;
  for (int first = threadIdx.x * 32; first < p.units; first += THREADS * 32) {
    uint32_t label = 0;
    for (int unit = first; unit < first + 32 && unit < p.units; unit += 4) {
      const uint4 words = philox(unit >> 2, b, p.key0, p.key1);
      const uint32_t four[4] = {words.x, words.y, words.z, words.w};
      UNROLL for (int i = 0; i < 4; i++) {
        const bool in = four[i] < last.prefix || (four[i] == last.prefix && unit + i < end);
        if (in && unit + i < p.units) label |= 1u << (unit + i - first);
      }
    }
    out[(size_t)(first / 32) * p.stride] = label;
  }
}
