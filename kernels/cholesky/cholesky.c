/*
 * Blocked Cholesky factor and inverse in float64, in place, for one thread of WebAssembly SIMD.
 *
 * The caller lays the matrix out as [size, stride], row-major, with size a multiple of BLOCK (rows and columns past
 * the true order hold the identity) and room for two packed panels of size * BLOCK doubles behind it. Only the lower
 * triangle is read; the upper one may be overwritten.
 *
 * All the work is one operation, C += P Q', on panels packed in strips of four:
 *
 *     strip s, step k:  | P[4s][k]  P[4s+1][k]  P[4s+2][k]  P[4s+3][k] |   4 doubles, BLOCK steps, 4 kB a strip
 *
 * A 4 x 4 tile of C lives in eight vector registers while the 128 steps of two strips stream by. No fused
 * multiply-add and no relaxed SIMD, so every machine gives the same bytes.
 */
#include <wasm_simd128.h>

#define BLOCK 128
#define STRIP 4
#define STRIPS_IN_CACHE 48 /* 192 kB of Q stay in the second-level cache while rows of P pass */

/* out = sum over k of p[k] q[k]', added to the 4 x 4 tile at c. */
static inline void tile(double *c, long stride, const double *p, const double *q) {
  v128_t c00 = wasm_f64x2_const(0, 0), c01 = c00, c10 = c00, c11 = c00;
  v128_t c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (int k = 0; k < BLOCK; k++, p += STRIP, q += STRIP) {
    v128_t q0 = wasm_v128_load(q), q1 = wasm_v128_load(q + 2), s;
    s = wasm_v128_load64_splat(p);
    c00 = wasm_f64x2_add(c00, wasm_f64x2_mul(s, q0));
    c01 = wasm_f64x2_add(c01, wasm_f64x2_mul(s, q1));
    s = wasm_v128_load64_splat(p + 1);
    c10 = wasm_f64x2_add(c10, wasm_f64x2_mul(s, q0));
    c11 = wasm_f64x2_add(c11, wasm_f64x2_mul(s, q1));
    s = wasm_v128_load64_splat(p + 2);
    c20 = wasm_f64x2_add(c20, wasm_f64x2_mul(s, q0));
    c21 = wasm_f64x2_add(c21, wasm_f64x2_mul(s, q1));
    s = wasm_v128_load64_splat(p + 3);
    c30 = wasm_f64x2_add(c30, wasm_f64x2_mul(s, q0));
    c31 = wasm_f64x2_add(c31, wasm_f64x2_mul(s, q1));
  }
#define ADD(row, lo, hi)                                                                  \
  wasm_v128_store(c + (row)*stride, wasm_f64x2_add(wasm_v128_load(c + (row)*stride), lo)); \
  wasm_v128_store(c + (row)*stride + 2, wasm_f64x2_add(wasm_v128_load(c + (row)*stride + 2), hi));
  ADD(0, c00, c01)
  ADD(1, c10, c11)
  ADD(2, c20, c21)
  ADD(3, c30, c31)
#undef ADD
}

/* C[rows, columns] += P Q', where P and Q hold strips of C's rows and columns; `lower` skips tiles above the diagonal. */
static void update(double *c, long stride, const double *p, const double *q, long rows, long columns, int lower) {
  for (long from = 0; from < columns; from += STRIP * STRIPS_IN_CACHE) {
    long to = from + STRIP * STRIPS_IN_CACHE < columns ? from + STRIP * STRIPS_IN_CACHE : columns;
    for (long i = lower ? from : 0; i < rows; i += STRIP) {
      long end = lower && i + STRIP < to ? i + STRIP : to;
      for (long j = from; j < end; j += STRIP) tile(c + i * stride + j, stride, p + i * BLOCK, q + j * BLOCK);
    }
  }
}

/* Strips of four rows of a [rows, BLOCK] panel, times sign. */
static void pack_rows(double *out, const double *a, long stride, long rows, double sign) {
  for (long i = 0; i < rows; i += STRIP, out += STRIP * BLOCK)
    for (int k = 0; k < BLOCK; k++)
      for (int r = 0; r < STRIP; r++) out[k * STRIP + r] = sign * a[(i + r) * stride + k];
}

/* Strips of four columns of a [BLOCK, columns] panel. */
static void pack_columns(double *out, const double *a, long stride, long columns) {
  for (long j = 0; j < columns; j += STRIP, out += STRIP * BLOCK)
    for (int k = 0; k < BLOCK; k++)
      for (int r = 0; r < STRIP; r++) out[k * STRIP + r] = a[k * stride + j + r];
}

static void clear(double *a, long stride, long rows, long columns) {
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j++) a[i * stride + j] = 0;
}

/* Factor of one diagonal block. Returns -1, or the row whose pivot is not positive. */
static long factor_block(double *a, long stride) {
  for (long i = 0; i < BLOCK; i++) {
    for (long j = 0; j <= i; j++) {
      double sum = a[i * stride + j];
      for (long k = 0; k < j; k++) sum -= a[i * stride + k] * a[j * stride + k];
      if (j < i) {
        a[i * stride + j] = sum / a[j * stride + j];
      } else {
        if (!(sum > 0)) return i;
        a[i * stride + i] = __builtin_sqrt(sum);
      }
    }
  }
  return -1;
}

static double inverse[BLOCK * BLOCK];
static double packed_inverse[BLOCK * BLOCK];

/* Inverse of a lower triangular diagonal block, times sign, into `inverse` and as packed rows. */
static void invert_block(const double *a, long stride, double sign) {
  clear(inverse, BLOCK, BLOCK, BLOCK);
  for (long j = 0; j < BLOCK; j++) {
    for (long i = j; i < BLOCK; i++) {
      double sum = i == j ? 1 : 0;
      for (long k = j; k < i; k++) sum -= a[i * stride + k] * inverse[k * BLOCK + j];
      inverse[i * BLOCK + j] = sum / a[i * stride + i];
    }
  }
  pack_rows(packed_inverse, inverse, BLOCK, BLOCK, sign);
}

/*
 * Lower Cholesky factor, right-looking: factor a diagonal block, multiply the panel below by the transposed inverse
 * of that factor, subtract the panel's outer product from what remains.
 * Returns -1, or the first row whose pivot is not positive.
 */
__attribute__((export_name("factor"))) long factor(double *a, long size, long stride) {
  double *panel = a + size * stride;
  for (long k = 0; k < size; k += BLOCK) {
    double *corner = a + k * stride + k;
    long bad = factor_block(corner, stride);
    if (bad >= 0) return k + bad;
    long below = size - k - BLOCK;
    if (!below) break;
    double *column = corner + BLOCK * stride;
    invert_block(corner, stride, 1);
    pack_rows(panel, column, stride, below, 1);
    clear(column, stride, below, BLOCK);
    update(column, stride, panel, packed_inverse, below, BLOCK, 0);
    /* Rows and columns of the outer product are the same panel; one side carries the minus. */
    double *negative = panel + below * BLOCK;
    pack_rows(panel, column, stride, below, 1);
    pack_rows(negative, column, stride, below, -1);
    update(column + BLOCK, stride, panel, negative, below, below, 1);
  }
  return -1;
}

/*
 * W = inverse of the lower factor, in place. Right-looking: when block row m of W is finished, every later row i
 * takes its share S[i, j] += L[i, m] W[m, j]; L[i, m] itself is not needed again and its place becomes S[i, m].
 */
static void invert_triangle(double *a, long size, long stride) {
  double *panel = a + size * stride;
  double *row_panel = panel + size * BLOCK;
  for (long m = 0; m < size; m += BLOCK) {
    double *row = a + m * stride;
    invert_block(row + m, stride, -1);
    if (m) {
      /* W[m, j] = -inverse(L[m, m]) S[m, j] */
      pack_columns(row_panel, row, stride, m);
      clear(row, stride, BLOCK, m);
      update(row, stride, packed_inverse, row_panel, BLOCK, m, 0);
    }
    for (long i = 0; i < BLOCK; i++)
      for (long j = 0; j < BLOCK; j++) row[i * stride + m + j] = inverse[i * BLOCK + j];
    long below = size - m - BLOCK;
    if (!below) break;
    double *column = row + BLOCK * stride;
    pack_rows(panel, column + m, stride, below, 1);
    pack_columns(row_panel, row, stride, m + BLOCK);
    clear(column + m, stride, below, BLOCK);
    update(column, stride, panel, row_panel, below, m + BLOCK, 0);
  }
}

/*
 * Inverse of the factored matrix, W'W, in place of the factor; the lower triangle is filled. Block row k of W is
 * packed, its place cleared, and its outer product added to all rows up to k.
 */
__attribute__((export_name("invert"))) void invert(double *a, long size, long stride) {
  invert_triangle(a, size, stride);
  double *panel = a + size * stride;
  for (long k = 0; k < size; k += BLOCK) {
    double *row = a + k * stride;
    pack_columns(panel, row, stride, k + BLOCK);
    clear(row, stride, BLOCK, k + BLOCK);
    update(a, stride, panel, panel, k + BLOCK, k + BLOCK, 1);
  }
}
