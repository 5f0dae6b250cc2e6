/*
 * Exact similarity search over bit-sliced fingerprints, in WebAssembly SIMD.
 *
 * References are sorted by their number of set bits and cut into blocks of 512. A block is stored transposed and
 * complemented, one row for each bit of the fingerprint and a row of zeros behind them:
 *
 *     row 0        | 512 bits: 1 where the reference LACKS the first bit |   64 bytes
 *     row 1        | the same for the second bit                         |
 *     ...
 *     row bits     | 0 0 0 ... 0                                         |   fills the last step of a query
 *
 * Rows are in the order of the bits' rarity (the caller's permutation), so a query's set bits, as ascending row
 * offsets, come rarest first.
 *
 * A query walks only the rows of its set bits and counts, for 128 references at once, how many of those bits each
 * lacks: eight rows a step through carry-save adders into vertical counters. From the similarity to beat follows how
 * many bits a reference may lack (`slack`). The counters start so that one miss too many carries out of the top
 * plane; the lane is then dead, and once all 128 are dead the walk ends: on real fingerprints after some 20 to 25 of 45
 * bits. It also makes the counters as narrow as the slack, however many bits the query has.
 *
 * Nothing here may live in static data or on the shadow stack of another thread: the memory is shared. The caller
 * gives each instance its own stack pointer and workspace.
 */
#include <stdint.h>
#include <wasm_simd128.h>

#define BLOCK 512
#define LANES 128
#define ROW_BYTES 64
#define MOST_PLANES 14 /* counts up to 16,383, twice the longest fingerprint */

typedef v128_t V;
#define INLINE static inline __attribute__((always_inline))

/* Similarity = D c / (D c + A (a - c) + B (b - c)), or c^2 / (a b) for the cosine; c shared, a and b set bits. */
typedef struct {
  uint32_t cosine, shared, query, target;
} Metric;

/* The references of one memory; all pointers are addresses in it. */
typedef struct {
  const uint8_t *blocks;     /* [blockCount][bits + 1][64] */
  const uint16_t *popcounts; /* [size], ascending */
  const uint32_t *rows;      /* [size], the caller's row of each; ascending within one popcount */
  uint32_t size, blockBytes;
} Index;

/* A reference found. 16 bytes, read by the caller too. */
typedef struct {
  double similarity;
  uint32_t row;
  uint16_t shared, popcount;
} Hit;

typedef struct {
  uint32_t popcount;
  const uint32_t *offsets; /* [steps * 8] byte offsets of rows, padded with the row of zeros */
  uint32_t steps;
  uint32_t tag;            /* nearest: hits in the heap; within: the query's number */
  Hit *hits;               /* nearest: heap of k */
} Query;

typedef struct {
  uint64_t numerator, denominator;
} Fraction;

/*
 * The similarity as a fraction; 1 when both are empty, 0 when nothing can be shared. Numerator and denominator stay
 * at or below 2^26 (8,192 bits, weights up to 4,096), so two different fractions are at least 2^-52 apart and their
 * rounded quotients compare as they do.
 */
INLINE Fraction similarity(const Metric *m, uint64_t c, uint64_t a, uint64_t b) {
  Fraction f;
  f.numerator = m->cosine ? c * c : c * m->shared;
  f.denominator = m->cosine ? a * b : c * m->shared + (a - c) * m->query + (b - c) * m->target;
  if (f.denominator == 0) {
    f.numerator = a + b == 0;
    f.denominator = 1;
  }
  return f;
}

/* The fewest shared bits with which a reference of b or more bits can reach a similarity. */
INLINE uint64_t least_shared(const Metric *m, Fraction f, uint64_t a, uint64_t b) {
  if (m->cosine) {
    uint64_t product = f.numerator * a * b;
    uint64_t c = (uint64_t)__builtin_sqrt((double)product / (double)f.denominator);
    while (c > 0 && (c - 1) * (c - 1) * f.denominator >= product) c--;
    while (c * c * f.denominator < product) c++;
    return c;
  }
  uint64_t per_shared = m->shared * (f.denominator - f.numerator) + f.numerator * (m->query + m->target);
  if (per_shared == 0) return 0;
  return (f.numerator * (m->query * a + m->target * b) + per_shared - 1) / per_shared;
}

/*
 * How many of its bits the query may miss in a block whose references have lo..hi bits; -1 when no reference can
 * reach the similarity (BitBound: Swamidass and Baldi 2007, doi:10.1021/ci600358f).
 */
INLINE int32_t slack_in_block(const Metric *m, Fraction f, uint32_t a, uint32_t lo, uint32_t hi) {
  uint32_t closest = a < lo ? lo : a > hi ? hi : a;
  uint64_t least = least_shared(m, f, a, closest);
  if (least > (a < closest ? a : closest)) return -1;
  if (closest != lo) least = least_shared(m, f, a, lo);
  return (int32_t)a - (int32_t)least;
}

#define ADD3(high, low, x, y, z)                                                   \
  {                                                                                \
    V half_ = wasm_v128_xor(x, y), in_ = z;                                        \
    high = wasm_v128_or(wasm_v128_and(x, y), wasm_v128_and(half_, in_));           \
    low = wasm_v128_xor(half_, in_);                                               \
  }
#define ROW(i) wasm_v128_load(lanes + offsets[i])

/*
 * Lanes that miss at most `slack` of the query's bits. Where there are any, their counters are left in `planes`:
 * misses = counter - (2^width - 1 - slack).
 */
INLINE V count_misses(const uint8_t *lanes, const uint32_t *offsets, uint32_t steps, uint32_t slack, V *planes,
                      const int width) {
  uint32_t start = (1u << width) - 1 - slack;
  V p[MOST_PLANES], alive = wasm_i32x4_const_splat(-1);
#pragma clang loop unroll(full)
  for (int i = 0; i < width; i++) p[i] = wasm_i32x4_splat(-(int32_t)(start >> i & 1));
  for (; steps; steps--, offsets += 8) {
    V two_a, two_b, four_a, four_b, carry;
    ADD3(two_a, p[0], ROW(0), ROW(1), p[0])
    ADD3(two_b, p[0], ROW(2), ROW(3), p[0])
    ADD3(four_a, p[1], two_a, two_b, p[1])
    ADD3(two_a, p[0], ROW(4), ROW(5), p[0])
    ADD3(two_b, p[0], ROW(6), ROW(7), p[0])
    ADD3(four_b, p[1], two_a, two_b, p[1])
    ADD3(carry, p[2], four_a, four_b, p[2])
#pragma clang loop unroll(full)
    for (int i = 3; i < width; i++) {
      V out = wasm_v128_and(p[i], carry);
      p[i] = wasm_v128_xor(p[i], carry);
      carry = out;
    }
    alive = wasm_v128_andnot(alive, carry);
    if (!wasm_v128_any_true(alive)) return alive;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < width; i++) wasm_v128_store(planes + i, p[i]);
  return alive;
}

/* The narrowest counters that hold the slack. */
INLINE int counter_width(uint32_t slack) {
  return slack < 8 ? 3 : slack < 16 ? 4 : slack < 32 ? 5 : slack < 64 ? 6 : slack < 256 ? 8 : MOST_PLANES;
}

static __attribute__((noinline)) V count_3(const uint8_t *l, const uint32_t *o, uint32_t n, uint32_t s, V *p) {
  return count_misses(l, o, n, s, p, 3);
}
static __attribute__((noinline)) V count_4(const uint8_t *l, const uint32_t *o, uint32_t n, uint32_t s, V *p) {
  return count_misses(l, o, n, s, p, 4);
}
static __attribute__((noinline)) V count_5(const uint8_t *l, const uint32_t *o, uint32_t n, uint32_t s, V *p) {
  return count_misses(l, o, n, s, p, 5);
}
static __attribute__((noinline)) V count_6(const uint8_t *l, const uint32_t *o, uint32_t n, uint32_t s, V *p) {
  return count_misses(l, o, n, s, p, 6);
}
static __attribute__((noinline)) V count_8(const uint8_t *l, const uint32_t *o, uint32_t n, uint32_t s, V *p) {
  return count_misses(l, o, n, s, p, 8);
}
static __attribute__((noinline)) V count_most(const uint8_t *l, const uint32_t *o, uint32_t n, uint32_t s, V *p) {
  return count_misses(l, o, n, s, p, MOST_PLANES);
}

INLINE V count(const uint8_t *lanes, const Query *q, uint32_t slack, int width, V *planes) {
  switch (width) {
    case 3: return count_3(lanes, q->offsets, q->steps, slack, planes);
    case 4: return count_4(lanes, q->offsets, q->steps, slack, planes);
    case 5: return count_5(lanes, q->offsets, q->steps, slack, planes);
    case 6: return count_6(lanes, q->offsets, q->steps, slack, planes);
    case 8: return count_8(lanes, q->offsets, q->steps, slack, planes);
    default: return count_most(lanes, q->offsets, q->steps, slack, planes);
  }
}

/* Shared bits of one lane, from the counters that count_misses left. */
INLINE uint32_t shared_bits(const V *planes, int lane, int width, uint32_t slack, uint32_t popcount) {
  const uint8_t *bytes = (const uint8_t *)planes + (lane >> 3);
  uint32_t counter = 0;
  for (int i = 0; i < width; i++) counter |= (uint32_t)(bytes[16 * i] >> (lane & 7) & 1) << i;
  return popcount - (counter - ((1u << width) - 1 - slack));
}
