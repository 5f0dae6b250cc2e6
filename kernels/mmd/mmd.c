/*
 * Maximum mean discrepancy for many label columns, by tiles, in WebAssembly SIMD. Nothing N x N is ever stored.
 *
 * Rows lie in blocks of 512; a tile is up to 128 query rows of one block against the 512 rows of another. Its counts
 * of shared bits come from ../intersections. From them:
 *
 *     counts -> kernel values, float64 -> add_pairs     row sums of K, and a'Ka of a few columns, all in float64
 *                                         |
 *                                         sums of units -> centre, multiply
 *                                                          C = K - g_i - g_j rounded to float32, a'Ca of every column
 *
 * With centred C the sums are small and lose little to rounding. Whatever g is, MMD of C is MMD of K: so an estimate of
 * the U-centring terms will do, and one sweep over the pairs gives both.
 *
 * Nothing here may live in static data that is written or on the stack of another thread: the memory is shared.
 */
#include <stdint.h>
#include <wasm_simd128.h>

#define BLOCK 512
#define CHUNK 128 /* query units of a tile */
#define LANES 16  /* target units that `multiply` works on at a time */
#define GROUP 4   /* query units that share one table of sums */
#define STRIP 16 /* targets whose features lie together */
#define EXPONENTS 4 /* vectors that `exponentials` works on at a time: one alone would wait for each of its results */

typedef v128_t V;
#define INLINE static inline __attribute__((always_inline))
#define EXPORT(name) __attribute__((export_name(#name)))

enum { TANIMOTO, RBF_BITS, RBF_FEATURES };

/* 24 bytes. */
typedef struct {
  double scale;        /* 1 / (2 bandwidth^2) */
  const double *table; /* RBF_BITS: the value at each squared distance 0 .. bits */
  uint32_t kind;
  uint32_t base;       /* the kernel whose values, squared so many times, are this one's; itself where none are */
  uint32_t squarings;
} Kernel;

/* 512 rows; behind the last row the arrays hold zeros. 16 bytes. */
typedef struct {
  const double *popcounts; /* [512] */
  const double *features;  /* [512 / 16][dimensions][16] */
  const uint32_t *units;   /* [512], ascending */
  uint32_t rows;
} Block;

/* Query rows `first` .. `first + count - 1` of one block against all rows of another. 40 bytes. */
typedef struct {
  const Block *queries;
  uint32_t first, count;
  const Block *targets;
  const uint16_t *counts;  /* [count, 512] shared bits */
  const double *distances; /* [count, 512] squared distances of features, where a kernel needs them */
  const Kernel *kernels;   /* [kernelCount] */
  uint32_t kernelCount;
  double *rows;            /* [kernelCount][512], kernel values of one query row */
  double *runs;            /* [kernelCount][512], their sums over query rows of one unit */
} Tile;

/* What a tile's kernel values are added to. 48 bytes. */
typedef struct {
  double *queries, *targets; /* [kernelCount][stride], sums of its query rows and of its target rows */
  uint32_t stride;
  const uint8_t *labels;     /* [chunks][columns][16]: bit u of a column of chunk c is unit 128 c + u */
  uint32_t columns;
  const uint32_t *chosen;    /* [chosenCount] columns to find a'Ka of */
  uint32_t chosenCount;
  V *masks;                  /* [chosenCount][256], written here: all ones for targets in X */
  double *within;            /* [kernelCount][chosenCount] */
  double *units;             /* [kernelCount][128][512] sums of units; null where they are not wanted */
  uint32_t queryUnit, targetUnit; /* the first ones there */
} Sums;

#define EACH(statement) _Pragma("clang loop unroll(full)") for (int j = 0; j < EXPONENTS; j++) statement
#define SPLAT(x) wasm_f64x2_const_splat(x)

/*
 * out = exp(-scale distance) within 2e-16 relative, e^-708 where it would be less: x = n ln 2 + r with |r| <= ln 2 / 2,
 * Taylor's series to r^13, and n into the exponent: with 1023 + 3 2^51 added, n + 1023 stands in a number's lowest bits.
 * ln 2 in two parts: Cody and Waite 1980, "Software manual for the elementary functions".
 */
INLINE void exponentials(const double *distances, double scale, double *out) {
  const V shift = SPLAT(6755399441055744.0 + 1023), factor = wasm_f64x2_splat(-scale);
  for (uint32_t i = 0; i < BLOCK; i += 2 * EXPONENTS) {
    V x[EXPONENTS], shifted[EXPONENTS], n[EXPONENTS], r[EXPONENTS], sum[EXPONENTS];
    EACH(x[j] = wasm_f64x2_pmax(wasm_f64x2_mul(wasm_v128_load(distances + i + 2 * j), factor), SPLAT(-708)));
    EACH(shifted[j] = wasm_f64x2_add(wasm_f64x2_mul(x[j], SPLAT(1.44269504088896338700)), shift));
    EACH(n[j] = wasm_f64x2_sub(shifted[j], shift));
    EACH(r[j] = wasm_f64x2_sub(x[j], wasm_f64x2_mul(n[j], SPLAT(6.93147180369123816490e-01))));
    EACH(r[j] = wasm_f64x2_sub(r[j], wasm_f64x2_mul(n[j], SPLAT(1.90821492927058770002e-10))));
    EACH(sum[j] = SPLAT(1.0 / 6227020800));
#define TERM(factorial) EACH(sum[j] = wasm_f64x2_add(wasm_f64x2_mul(sum[j], r[j]), SPLAT(1.0 / factorial)))
    TERM(479001600); TERM(39916800); TERM(3628800); TERM(362880); TERM(40320); TERM(5040); TERM(720);
    TERM(120); TERM(24); TERM(6); TERM(2); TERM(1); TERM(1);
#undef TERM
    EACH(wasm_v128_store(out + i + 2 * j, wasm_f64x2_mul(sum[j], wasm_i64x2_shl(shifted[j], 52))));
  }
}

/* Two kernel values over bits. c shared, a and b set bits. */
INLINE V value_of_bits(const int kind, const Kernel *k, V c, V a, V b) {
  V both = wasm_f64x2_add(a, b);
  if (kind == RBF_BITS) {
    V d = wasm_i32x4_trunc_sat_f64x2_zero(wasm_f64x2_sub(both, wasm_f64x2_add(c, c)));
    return wasm_f64x2_make(k->table[wasm_i32x4_extract_lane(d, 0)], k->table[wasm_i32x4_extract_lane(d, 1)]);
  }
  V either = wasm_f64x2_sub(both, c);
  V none = wasm_f64x2_eq(either, SPLAT(0));
  return wasm_v128_bitselect(SPLAT(1), wasm_f64x2_div(c, either), none);
}

INLINE void values_of_bits(const int kind, const Kernel *k, const Tile *t, uint32_t q, double *row) {
  V a = wasm_f64x2_splat(t->queries->popcounts[t->first + q]);
  const uint16_t *counts = t->counts + q * BLOCK;
  for (uint32_t i = 0; i < BLOCK; i += 2) {
    V c = wasm_f64x2_convert_low_u32x4(wasm_u32x4_extend_low_u16x8(wasm_v128_load32_zero(counts + i)));
    wasm_v128_store(row + i, value_of_bits(kind, k, c, a, wasm_v128_load(t->targets->popcounts + i)));
  }
}

/* out = x^(2^squarings) */
INLINE void raise(const double *x, uint32_t squarings, double *out) {
  for (uint32_t i = 0; i < BLOCK; i += 2) {
    V v = wasm_v128_load(x + i);
    for (uint32_t j = 0; j < squarings; j++) v = wasm_f64x2_mul(v, v);
    wasm_v128_store(out + i, v);
  }
}

/* Kernel values of one query row with all targets into t->rows; of a row with itself, and behind the last row, 0. */
static void kernel_rows(const Tile *t, uint32_t q) {
  for (uint32_t k = 0; k < t->kernelCount; k++) {
    const Kernel *kernel = t->kernels + k;
    double *row = t->rows + k * BLOCK;
    if (kernel->base != k) continue;
    if (kernel->kind == TANIMOTO) values_of_bits(TANIMOTO, kernel, t, q, row);
    else if (kernel->kind == RBF_BITS) values_of_bits(RBF_BITS, kernel, t, q, row);
    else exponentials(t->distances + q * BLOCK, kernel->scale, row);
    for (uint32_t i = t->targets->rows; i < BLOCK; i++) row[i] = 0;
    if (t->queries == t->targets) row[t->first + q] = 0;
  }
  for (uint32_t k = 0; k < t->kernelCount; k++) {
    const Kernel *kernel = t->kernels + k;
    if (kernel->base != k) raise(t->rows + kernel->base * BLOCK, kernel->squarings, t->rows + k * BLOCK);
  }
}

/*
 * Squared distances of features, as differences: large offsets cost no precision. The sums of a strip of targets stay
 * in registers, and its features in the first-level cache for all queries.
 */
EXPORT(distances)
void distances(const Tile *t, uint32_t dimensions, double *out) {
  for (uint32_t strip = 0; strip < BLOCK; strip += STRIP) {
    const double *targets = t->targets->features + strip * dimensions;
    for (uint32_t q = 0; q < t->count; q++) {
      const uint32_t row = t->first + q;
      const double *x = t->queries->features + row / STRIP * STRIP * dimensions + row % STRIP, *y = targets;
      V sums[STRIP / 2];
#pragma clang loop unroll(full)
      for (int j = 0; j < STRIP / 2; j++) sums[j] = SPLAT(0);
      for (uint32_t d = 0; d < dimensions; d++, x += STRIP, y += STRIP) {
        const V own = wasm_v128_load64_splat(x);
#pragma clang loop unroll(full)
        for (int j = 0; j < STRIP / 2; j++) {
          V difference = wasm_f64x2_sub(own, wasm_v128_load(y + 2 * j));
          sums[j] = wasm_f64x2_add(sums[j], wasm_f64x2_mul(difference, difference));
        }
      }
#pragma clang loop unroll(full)
      for (int j = 0; j < STRIP / 2; j++) wasm_v128_store(out + q * BLOCK + strip + 2 * j, sums[j]);
    }
  }
}

INLINE uint32_t label(const Sums *s, uint32_t column, uint32_t unit) {
  return s->labels[((unit >> 7) * s->columns + column) * 16 + (unit >> 3 & 15)] >> (unit & 7) & 1;
}

INLINE double sum2(V v) { return wasm_f64x2_extract_lane(v, 0) + wasm_f64x2_extract_lane(v, 1); }

/* Adds one query row to the sums of targets, and to the run of its unit, which it starts where it is fresh. */
INLINE double add_row(const double *row, const int fresh, double *targets, double *run) {
  V sum = SPLAT(0);
  for (uint32_t i = 0; i < BLOCK; i += 2) {
    V x = wasm_v128_load(row + i);
    sum = wasm_f64x2_add(sum, x);
    wasm_v128_store(targets + i, wasm_f64x2_add(wasm_v128_load(targets + i), x));
    wasm_v128_store(run + i, fresh ? x : wasm_f64x2_add(wasm_v128_load(run + i), x));
  }
  return sum2(sum);
}

/* Adds a run of 512 targets to the sums of their units, which lie together: out [512], from unit `first` on. */
INLINE void add_units(const double *run, const Block *targets, uint32_t first, double *out) {
  const uint32_t *units = targets->units;
  for (uint32_t i = 0; i < targets->rows;) {
    uint32_t unit = units[i];
    double sum = 0;
    do sum += run[i++];
    while (i < targets->rows && units[i] == unit);
    out[unit - first] += sum;
  }
}

/* Adds the tile's kernel values to all of `s`, those of the chosen columns times `weight`. */
EXPORT(add_pairs)
void add_pairs(const Tile *t, const Sums *s, double weight) {
  const uint32_t *units = t->queries->units + t->first;
  for (uint32_t c = 0; c < s->chosenCount; c++) {
    uint64_t *mask = (uint64_t *)(s->masks + c * BLOCK / 2);
    for (uint32_t i = 0; i < t->targets->rows; i++) mask[i] = -(uint64_t)label(s, s->chosen[c], t->targets->units[i]);
  }
  for (uint32_t q = 0; q < t->count; q++) {
    kernel_rows(t, q);
    const int fresh = q == 0 || units[q] != units[q - 1], last = q + 1 == t->count || units[q] != units[q + 1];
    for (uint32_t k = 0; k < t->kernelCount; k++) {
      double *row = t->rows + k * BLOCK, *run = t->runs + k * BLOCK, *targets = s->targets + k * s->stride;
      double *query = s->queries + k * s->stride + t->first + q;
      *query += fresh ? add_row(row, 1, targets, run) : add_row(row, 0, targets, run);
      for (uint32_t c = 0; c < s->chosenCount; c++) {
        if (!label(s, s->chosen[c], units[q])) continue;
        const V *mask = s->masks + c * BLOCK / 2;
        V sum = SPLAT(0);
        /* Behind the last row masks hold anything, and rows zeros. */
        for (uint32_t i = 0; i < BLOCK; i += 2) {
          sum = wasm_f64x2_add(sum, wasm_v128_and(wasm_v128_load(row + i), mask[i / 2]));
        }
        s->within[k * s->chosenCount + c] += weight * sum2(sum);
      }
      if (!s->units || !last) continue;
      add_units(run, t->targets, s->targetUnit, s->units + (k * CHUNK + units[q] - s->queryUnit) * BLOCK);
    }
  }
}

/* Centres the sums of one unit with 512 others: of its rows w, their terms' sum g. `self` is which of them it is itself. */
INLINE V centre_row(double *row, double w, double g, const double *weights, const double *terms, int32_t self,
                    float *out) {
  V total = SPLAT(0);
  /* Of w (w - 1) pairs of different rows; the loop takes w terms too many from each side. */
  if (self >= 0) row[self] += 2 * g;
  for (uint32_t i = 0; i < BLOCK; i += 4) {
    V c[2];
#pragma clang loop unroll(full)
    for (int h = 0; h < 2; h++) {
      V theirs = wasm_f64x2_mul(wasm_f64x2_splat(w), wasm_v128_load(terms + i + 2 * h));
      V own = wasm_f64x2_mul(wasm_f64x2_splat(g), wasm_v128_load(weights + i + 2 * h));
      c[h] = wasm_f64x2_sub(wasm_v128_load(row + i + 2 * h), wasm_f64x2_add(theirs, own));
      total = wasm_f64x2_add(total, wasm_f64x2_abs(c[h]));
      wasm_v128_store(row + i + 2 * h, SPLAT(0));
    }
    V low = wasm_f32x4_demote_f64x2_zero(c[0]), high = wasm_f32x4_demote_f64x2_zero(c[1]);
    wasm_v128_store(out + i, wasm_i32x4_shuffle(low, high, 0, 1, 4, 5));
  }
  return total;
}

/*
 * Centred sums of units, rounded to float32; clears the sums. Returns the sum of their magnitudes.
 * sums         [128, 512], of units from queryUnit and targetUnit on
 * weights      rows of every unit; 0 behind the last one
 * terms        sum of the centring terms of a unit's rows; 0 behind the last one
 */
EXPORT(centre)
double centre(double *sums, uint32_t queryUnit, uint32_t targetUnit, const double *weights, const double *terms,
              float *out) {
  V total = SPLAT(0);
  for (uint32_t q = 0; q < CHUNK; q++) {
    const uint32_t unit = queryUnit + q, self = unit - targetUnit;
    total = wasm_f64x2_add(total, centre_row(sums + q * BLOCK, weights[unit], terms[unit], weights + targetUnit,
                                             terms + targetUnit, self < BLOCK ? (int32_t)self : -1, out + q * BLOCK));
  }
  return sum2(total);
}

/*
 * Tables for 16 targets: for each group of four queries the sums of its 16 subsets, entry s the sum over the queries
 * whose bit is set in s.
 *
 *     group 0: | 16 floats of {} | of {0} | of {1} | of {0, 1} | ... |   1 kB
 *     group 1: ...                                                        32 kB in all: the first-level cache
 */
INLINE void make_tables(const float *c, float *tables) {
  for (int g = 0; g < CHUNK / GROUP; g++, c += GROUP * BLOCK, tables += 16 * LANES) {
    for (int v = 0; v < LANES; v += 4) {
      V sums[16];
      sums[0] = wasm_f32x4_const_splat(0);
#pragma clang loop unroll(full)
      for (int i = 0; i < GROUP; i++) {
        V x = wasm_v128_load(c + i * BLOCK + v);
#pragma clang loop unroll(full)
        for (int s = 0; s < 1 << i; s++) sums[(1 << i) + s] = s ? wasm_f32x4_add(sums[s], x) : x;
      }
#pragma clang loop unroll(full)
      for (int s = 0; s < 16; s++) wasm_v128_store(tables + s * LANES + v, sums[s]);
    }
  }
}

/*
 * Adds the entry of the table that the low four labels of w name to the 16 sums of one column. The assembly is empty: it
 * keeps the entry's address in one register, where the compiler would make four.
 */
#define PICK(sums, w)                                                   \
  {                                                                     \
    const float *entry_ = table + ((uint32_t)(w) & 15) * LANES;         \
    __asm__("" : "+r"(entry_));                                         \
    sums##0 = wasm_f32x4_add(sums##0, wasm_v128_load(entry_));          \
    sums##1 = wasm_f32x4_add(sums##1, wasm_v128_load(entry_ + 4));      \
    sums##2 = wasm_f32x4_add(sums##2, wasm_v128_load(entry_ + 8));      \
    sums##3 = wasm_f32x4_add(sums##3, wasm_v128_load(entry_ + 12));     \
  }

/* Keeps the lanes whose label is set, sums them in pairs of pairs, and adds them to two float64 sums. */
INLINE void keep(V s0, V s1, V s2, V s3, const uint8_t *bits, V weight, double *out) {
  V labels = wasm_v128_load16_splat(bits);
  V b0 = wasm_i32x4_const(1, 2, 4, 8), b1 = wasm_i32x4_const(16, 32, 64, 128);
  V b2 = wasm_i32x4_const(256, 512, 1024, 2048), b3 = wasm_i32x4_const(4096, 8192, 16384, 32768);
#define MASK(s, b) wasm_v128_and(s, wasm_i32x4_eq(wasm_v128_and(labels, b), b))
  V low = wasm_f32x4_add(MASK(s0, b0), MASK(s1, b1)), high = wasm_f32x4_add(MASK(s2, b2), MASK(s3, b3));
#undef MASK
  V sum = wasm_f32x4_add(low, high);
  V wide = wasm_f64x2_promote_low_f32x4(sum);
  wide = wasm_f64x2_add(wide, wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(sum, sum, 2, 3, 2, 3)));
  wasm_v128_store(out, wasm_f64x2_add(wasm_v128_load(out), wasm_f64x2_mul(weight, wide)));
}

/*
 * a'Ca of every column, for lanes `from` .. `to` - 1 of 16 targets each.
 * c        [128, 512] centred values
 * queries  [columns, 16] label bits of the 128 query units
 * targets  [4][columns, 16] those of the 512 target units
 * sums     [columns, 2], added to
 * columns  even; two go together, so that additions need not wait for each other
 */
EXPORT(multiply)
void multiply(const float *c, uint32_t from, uint32_t to, double weight, const uint8_t *queries,
              const uint8_t *targets, uint32_t columns, float *tables, double *sums) {
  V w = wasm_f64x2_splat(weight), zero = wasm_f32x4_const_splat(0);
  for (uint32_t lane = from; lane < to; lane++) {
    make_tables(c + lane * LANES, tables);
    const uint8_t *bits = targets + (lane >> 3) * columns * 16 + (lane & 7) * 2;
    for (uint32_t b = 0; b < columns; b += 2) {
      const uint64_t *q = (const uint64_t *)(queries + b * 16);
      const float *table = tables;
      V s0 = zero, s1 = zero, s2 = zero, s3 = zero, t0 = zero, t1 = zero, t2 = zero, t3 = zero;
      for (int half = 0; half < 2; half++) {
        uint64_t x = q[half], y = q[2 + half];
        /* Unrolled, all addresses would be worked out first, and spilled: half as fast. */
#pragma clang loop unroll(disable)
        for (int g = 0; g < 64 / GROUP; g++, table += 16 * LANES, x >>= GROUP, y >>= GROUP) {
          PICK(s, x)
          PICK(t, y)
        }
      }
      keep(s0, s1, s2, s3, bits + b * 16, w, sums + b * 2);
      keep(t0, t1, t2, t3, bits + b * 16 + 16, w, sums + b * 2 + 2);
    }
  }
}
