/*
 * Maximum mean discrepancy for many label columns, by tiles, in WebAssembly SIMD. Nothing N x N is ever stored.
 *
 * Rows lie in blocks of 512; a tile is up to 128 query rows of one block against the 512 rows of another. Its counts
 * of shared bits come from ../intersections. From them:
 *
 *     counts -> kernel values, float64 -> exact, gather     row sums of K, and a'Ka of a few columns, all in float64
 *                                      -> centre, multiply  C = K - f_i - f_j rounded to float32, a'Ca of every column
 *
 * With U-centred C the sums are small and lose nothing to cancellation.
 *
 * Nothing here may live in static data that is written or on the stack of another thread: the memory is shared.
 */
#include <stdint.h>
#include <wasm_simd128.h>

#define BLOCK 512
#define CHUNK 128 /* query units of a tile */
#define LANES 16  /* target units that `multiply` works on at a time */
#define GROUP 4   /* query units that share one table of sums */

typedef v128_t V;
#define INLINE static inline __attribute__((always_inline))
#define EXPORT(name) __attribute__((export_name(#name)))

enum { TANIMOTO, RBF_BITS, RBF_FEATURES };

/* 16 bytes. */
typedef struct {
  double scale;        /* 1 / (2 bandwidth^2) */
  const double *table; /* RBF_BITS: the value at each squared distance 0 .. bits */
  uint32_t kind;
} Kernel;

/* 512 rows; behind the last row the arrays hold zeros. 16 bytes. */
typedef struct {
  const double *popcounts; /* [512] */
  const double *features;  /* [dimensions][512] */
  const uint32_t *units;   /* [512] */
  uint32_t rows;
} Block;

/* Query rows `first` .. `first + count - 1` of one block against all rows of another. 36 bytes. */
typedef struct {
  const Block *queries;
  uint32_t first, count;
  const Block *targets;
  const uint16_t *counts;    /* [count, 512] shared bits */
  const double *distances;   /* [count, 512] squared distances of features, where a kernel needs them */
  double *row;               /* [512] */
  const uint8_t *labels;     /* [chunks][columns][16]: bit u of a column of chunk c is unit 128 c + u */
  uint32_t columns;
} Tile;

/*
 * exp(x) for x <= 0 within 2e-16 relative, 0 below -708: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor's series to r^13,
 * and n into the exponent. ln 2 in two parts: Cody and Waite 1980, "Software manual for the elementary functions".
 */
INLINE V exponential(V x) {
  V live = wasm_f64x2_ge(x, wasm_f64x2_const_splat(-708));
  x = wasm_f64x2_max(x, wasm_f64x2_const_splat(-708));
  V n = wasm_f64x2_nearest(wasm_f64x2_mul(x, wasm_f64x2_const_splat(1.44269504088896338700)));
  V r = wasm_f64x2_sub(x, wasm_f64x2_mul(n, wasm_f64x2_const_splat(6.93147180369123816490e-01)));
  r = wasm_f64x2_sub(r, wasm_f64x2_mul(n, wasm_f64x2_const_splat(1.90821492927058770002e-10)));
  V sum = wasm_f64x2_const_splat(1.0 / 6227020800);
#define TERM(factorial) sum = wasm_f64x2_add(wasm_f64x2_mul(sum, r), wasm_f64x2_const_splat(1.0 / factorial))
  TERM(479001600); TERM(39916800); TERM(3628800); TERM(362880); TERM(40320); TERM(5040); TERM(720);
  TERM(120); TERM(24); TERM(6); TERM(2); TERM(1); TERM(1);
#undef TERM
  V power = wasm_i64x2_extend_low_i32x4(wasm_i32x4_trunc_sat_f64x2_zero(n));
  power = wasm_i64x2_shl(wasm_i64x2_add(power, wasm_i64x2_const_splat(1023)), 52);
  return wasm_v128_and(live, wasm_f64x2_mul(sum, power));
}

/* Two kernel values. c shared, a and b set bits, distance squared. */
INLINE V value(const int kind, const Kernel *k, V c, V a, V b, V distance) {
  if (kind == RBF_FEATURES) return exponential(wasm_f64x2_mul(distance, wasm_f64x2_splat(-k->scale)));
  V both = wasm_f64x2_add(a, b);
  if (kind == RBF_BITS) {
    V d = wasm_i32x4_trunc_sat_f64x2_zero(wasm_f64x2_sub(both, wasm_f64x2_add(c, c)));
    return wasm_f64x2_make(k->table[wasm_i32x4_extract_lane(d, 0)], k->table[wasm_i32x4_extract_lane(d, 1)]);
  }
  V either = wasm_f64x2_sub(both, c);
  V none = wasm_f64x2_eq(either, wasm_f64x2_const_splat(0));
  return wasm_v128_bitselect(wasm_f64x2_const_splat(1), wasm_f64x2_div(c, either), none);
}

INLINE void values(const int kind, const Kernel *k, const Tile *t, uint32_t q) {
  V a = wasm_f64x2_splat(t->queries->popcounts[t->first + q]);
  const uint16_t *counts = t->counts + q * BLOCK;
  for (uint32_t i = 0; i < BLOCK; i += 2) {
    V c = wasm_f64x2_convert_low_u32x4(wasm_u32x4_extend_low_u16x8(wasm_v128_load32_zero(counts + i)));
    V b = wasm_v128_load(t->targets->popcounts + i);
    V distance = kind == RBF_FEATURES ? wasm_v128_load(t->distances + q * BLOCK + i) : c;
    wasm_v128_store(t->row + i, value(kind, k, c, a, b, distance));
  }
}

/* Kernel values of one query row with all targets into t->row; of a row with itself, and behind the last row, 0. */
static void kernel_row(const Kernel *k, const Tile *t, uint32_t q) {
  if (k->kind == TANIMOTO) values(TANIMOTO, k, t, q);
  else if (k->kind == RBF_BITS) values(RBF_BITS, k, t, q);
  else values(RBF_FEATURES, k, t, q);
  for (uint32_t i = t->targets->rows; i < BLOCK; i++) t->row[i] = 0;
  if (t->queries == t->targets) t->row[t->first + q] = 0;
}

/* out += (x_d - y_d)^2 for `many` dimensions from d on: a lane's sum is loaded and stored once for all of them. */
INLINE void add_squares(const Tile *t, uint32_t q, uint32_t d, const int many, double *out) {
  const double *x = t->queries->features + d * BLOCK + t->first + q, *y = t->targets->features + d * BLOCK;
  for (uint32_t i = 0; i < BLOCK; i += 2) {
    V sum = wasm_v128_load(out + i);
#pragma clang loop unroll(full)
    for (int k = 0; k < many; k++) {
      V difference = wasm_f64x2_sub(wasm_v128_load64_splat(x + k * BLOCK), wasm_v128_load(y + k * BLOCK + i));
      sum = wasm_f64x2_add(sum, wasm_f64x2_mul(difference, difference));
    }
    wasm_v128_store(out + i, sum);
  }
}

/* Squared distances of features, as differences: large offsets cost no precision. */
EXPORT(distances)
void distances(const Tile *t, uint32_t dimensions, double *out) {
  for (uint32_t q = 0; q < t->count; q++, out += BLOCK) {
    for (uint32_t i = 0; i < BLOCK; i++) out[i] = 0;
    uint32_t d = 0;
    for (; d + 4 <= dimensions; d += 4) add_squares(t, q, d, 4, out);
    for (; d < dimensions; d++) add_squares(t, q, d, 1, out);
  }
}

INLINE uint32_t label(const Tile *t, uint32_t column, uint32_t unit) {
  return t->labels[((unit >> 7) * t->columns + column) * 16 + (unit >> 3 & 15)] >> (unit & 7) & 1;
}

INLINE double sum2(V v) { return wasm_f64x2_extract_lane(v, 0) + wasm_f64x2_extract_lane(v, 1); }

/*
 * Adds the tile's kernel values to the sums of its query rows and of its target rows, and to `partial` of each chosen
 * column: [chosen][512], target by target the sum over the queries in X.
 */
EXPORT(exact)
void exact(const Tile *t, const Kernel *kernel, const uint32_t *columns, uint32_t chosen, double *partial,
           double *query_sums, double *target_sums) {
  for (uint32_t q = 0; q < t->count; q++) {
    kernel_row(kernel, t, q);
    V sum = wasm_f64x2_const_splat(0);
    for (uint32_t i = 0; i < BLOCK; i += 2) {
      V x = wasm_v128_load(t->row + i);
      sum = wasm_f64x2_add(sum, x);
      wasm_v128_store(target_sums + i, wasm_f64x2_add(wasm_v128_load(target_sums + i), x));
    }
    query_sums[t->first + q] += sum2(sum);
    for (uint32_t k = 0; k < chosen; k++) {
      if (!label(t, columns[k], t->queries->units[t->first + q])) continue;
      double *out = partial + k * BLOCK;
      for (uint32_t i = 0; i < BLOCK; i += 2) {
        wasm_v128_store(out + i, wasm_f64x2_add(wasm_v128_load(out + i), wasm_v128_load(t->row + i)));
      }
    }
  }
}

/* Adds what `exact` left in `partial` for targets in X, times weight, to one sum for each chosen column. */
EXPORT(gather)
void gather(const Tile *t, const uint32_t *columns, uint32_t chosen, const double *partial, double weight,
            double *sums) {
  for (uint32_t k = 0; k < chosen; k++) {
    double sum = 0;
    for (uint32_t i = 0; i < t->targets->rows; i++) {
      if (label(t, columns[k], t->targets->units[i])) sum += partial[k * BLOCK + i];
    }
    sums[k] += weight * sum;
  }
}

/* row -= f_q + f; of a row with itself 0. */
INLINE void centre_row(const Tile *t, uint32_t q, const double *query_terms, const double *target_terms) {
  V f = wasm_f64x2_splat(query_terms[t->first + q]);
  for (uint32_t i = 0; i < BLOCK; i += 2) {
    V x = wasm_f64x2_sub(wasm_v128_load(t->row + i), wasm_f64x2_add(f, wasm_v128_load(target_terms + i)));
    wasm_v128_store(t->row + i, x);
  }
  for (uint32_t i = t->targets->rows; i < BLOCK; i++) t->row[i] = 0;
  if (t->queries == t->targets) t->row[t->first + q] = 0;
}

/* Rounds one row of 512 to float32. Returns the sum of its magnitudes. */
INLINE V round_row(const double *row, float *out) {
  V total = wasm_f64x2_const_splat(0);
  for (uint32_t i = 0; i < BLOCK; i += 4) {
    V x = wasm_v128_load(row + i), y = wasm_v128_load(row + i + 2);
    total = wasm_f64x2_add(total, wasm_f64x2_add(wasm_f64x2_abs(x), wasm_f64x2_abs(y)));
    V low = wasm_f32x4_demote_f64x2_zero(x), high = wasm_f32x4_demote_f64x2_zero(y);
    wasm_v128_store(out + i, wasm_i32x4_shuffle(low, high, 0, 1, 4, 5));
  }
  return total;
}

/* Where every row is its own unit: centred values of the tile. out [128, 512]. Returns the sum of magnitudes. */
EXPORT(centre)
double centre(const Tile *t, const Kernel *kernel, const double *query_terms, const double *target_terms,
              float *out) {
  V total = wasm_f64x2_const_splat(0);
  for (uint32_t q = 0; q < t->count; q++, out += BLOCK) {
    kernel_row(kernel, t, q);
    centre_row(t, q, query_terms, target_terms);
    total = wasm_f64x2_add(total, round_row(t->row, out));
  }
  return sum2(total);
}

/*
 * Where rows belong to clusters: adds the centred values to the sums of their clusters, Z'CZ.
 * sums [128, 512], from clusters query_unit and target_unit on.
 */
EXPORT(centre_clusters)
void centre_clusters(const Tile *t, const Kernel *kernel, const double *query_terms,
                     const double *target_terms, uint32_t query_unit, uint32_t target_unit, double *sums) {
  for (uint32_t q = 0; q < t->count; q++) {
    kernel_row(kernel, t, q);
    centre_row(t, q, query_terms, target_terms);
    double *out = sums + (t->queries->units[t->first + q] - query_unit) * BLOCK;
    for (uint32_t i = 0; i < t->targets->rows; i++) out[t->targets->units[i] - target_unit] += t->row[i];
  }
}

/* Rounds `sums` to float32, and clears them. Returns the sum of magnitudes. */
EXPORT(round_clusters)
double round_clusters(double *sums, float *out) {
  V total = wasm_f64x2_const_splat(0);
  for (uint32_t q = 0; q < CHUNK; q++) total = wasm_f64x2_add(total, round_row(sums + q * BLOCK, out + q * BLOCK));
  for (uint32_t i = 0; i < CHUNK * BLOCK; i++) sums[i] = 0;
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
