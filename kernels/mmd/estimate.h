/*
 * a'Ca of every label column, C the U-centred kernel matrix in half precision: shared bits of a tile become kernel
 * values, and these in place the first operand of matrix instructions whose other operand are the labels of 128
 * columns. Row sums over all tiles stay in registers; now and then they are summed over the rows in X, in float64.
 *
 *     shared memory  | the block's rows | tiles, 1 or 2 | labels as halves, 2 | as bits, 2 | terms, 2 |
 *     labels         | column 0: lane pair 0 | 1 | 2 | 3 | column 1: ...     64 bytes a column
 *     a lane pair's  columns of the tile 2 t, 2 t + 1 | 8 + 2 t, ... | 16 + 2 t, ... | 24 + 2 t, ...
 *
 * By arithmetic, on an H200 (132 multiprocessors, 1.98 GHz), for N rows and B columns, N^2 / 2 pairs: 2 operations a
 * pair and column at 0.6 of 790 TFLOP/s, and for every 128 columns once 2,048 one-bit products at A100's rate (2.1e12
 * pairs/s) and 19 instructions of a lane. N = 20,000, B = 9,999: 9 + 8 + 10 ms. N = 200,000, B = 999: 85 + 76 + 92 ms.
 * The three overlap in part. Not measured yet.
 */
#pragma once
#include "tiles.h"

enum { COLUMNS = 128, LABEL_BYTES = COLUMNS * TILE * 2, FLUSH_TILES = 128 };
/* |C| is at most 3: so scaled, small values keep their precision, too. */
#define CENTRED_SCALE 16384.0f

struct EstimateParams {
  Rows rows;
  const uint32_t *labels; /* [paddedRows / 32][stride] */
  double *out;            /* [blocks][stride] */
  int stride, firstItem;  /* item: blocks within 128 columns */
};
static_assert(sizeof(EstimateParams) == 96, "written by backends/cuda/mmd-estimate.ts");

/* The tile's labels as halves: 1, or half of it where a pair of rows is met from both sides. */
DEVICE void expand_labels(unsigned char *to, const uint32_t *words, int threads, uint32_t one) {
  for (int x = threadIdx.x; x < COLUMNS * 4; x += threads) {
    const uint32_t word = words[x / 4] >> 2 * (x % 4);
    uint4 labels;
    labels.x = ((word & 1) | (word & 2) << 15) * one;
    labels.y = ((word >> 8 & 1) | (word >> 8 & 2) << 15) * one;
    labels.z = ((word >> 16 & 1) | (word >> 16 & 2) << 15) * one;
    labels.w = ((word >> 24 & 1) | (word >> 24 & 2) << 15) * one;
    *(uint4 *)(to + x * 16) = labels;
  }
}

template <int KIND>
DEVICE float estimated_value(float scale, Term a, Term b, int count, float squaredDistance) {
  if (KIND == RBF_FEATURES) return exp2f(-squaredDistance);
  if (KIND == RBF_BITS) return exp2f(-scale * (a.popcount + b.popcount - 2.0f * (float)count));
  const float shared = (float)count + 1e-20f;
  return divide_fast(shared, a.popcount + b.popcount - shared);
}

/*
 * The pair's rounding: 13 bits for each of two numbers, in the low bits of both halves. Which way a number is rounded
 * then hangs on chance, as good as that is to be had from the pair's place, and not on its value: otherwise numbers
 * that are alike would have errors that are alike, and these would add up instead of cancelling.
 */
DEVICE uint32_t rounding_bits(int row, int column) {
  uint32_t x = (uint32_t)row * 0x9E3779B1u ^ ((uint32_t)column * 0x85EBCA77u + 0x27D4EB2Fu);
  x = (x ^ x >> 15) * 0x2C1B3C6Du;
  x = (x ^ x >> 12) * 0x297A2D39u;
  return x ^ x >> 15;
}

/* To 11 digits, what a half has, towards 0 or away from it: the nearer one the more likely. */
DEVICE float round_to_half(float value, uint32_t bits) {
  uint32_t word;
  memcpy(&word, &value, 4);
  word = (word + (bits & 0x1FFF)) & ~0x1FFFu;
  memcpy(&value, &word, 4);
  return value;
}

/*
 * Adds to `kept` the sums over the rows in X, and clears them. Lane row g keeps the columns 8 n of n = g and g + 8.
 */
DEVICE void flush(double (&kept)[2][2], float (&sums)[2][COLUMNS / 8][4], const uint32_t *words) {
  UNROLL for (int n = 0; n < COLUMNS / 8; n++) UNROLL for (int e = 0; e < 2; e++) {
    const uint32_t word = words[n * 8 + 2 * lane_pair() + e] >> lane_row();
    double sum = 0;
    UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++) {
      if (word >> (m * 16 + h * 8) & 1) sum += sums[m][n][2 * h + e];
      sums[m][n][2 * h + e] = 0;
    }
    UNROLL for (int mask = 4; mask < 32; mask *= 2) sum += shuffle_xor(sum, mask);
    if (lane_row() == n % 8) kept[n / 8][e] += sum;
  }
}

template <int KIND, int SLICES>
DEVICE void estimate(const EstimateParams &p) {
  SHARED_MEMORY(shared);
  const Rows &rows = p.rows;
  const int item = p.firstItem + blockIdx.x, block = item % rows.blocks, firstColumn = item / rows.blocks * COLUMNS;
  const int warp = threadIdx.x / 32, pair = lane_pair(), own = block * rows.blockRows + own_row();
  const int rowBytes = SLICES ? SLICES * 64 : rows.rowBytes, ahead = rows.stages - 1;
  const int tiles = rows.spans * (rows.blockRows / TILE);
  const float scale = (float)rows.scale;
  unsigned char *blockBits = shared, *tileBits = blockBits + (size_t)rows.blockRows * rowBytes;
  unsigned char *labels = tileBits + (size_t)rows.stages * TILE * rowBytes;
  uint32_t *words = (uint32_t *)(labels + 2 * LABEL_BYTES);
  Term *terms = (Term *)(words + 2 * COLUMNS);
  const uint32_t *ownWords = p.labels + (size_t)(block * (rows.blockRows / 32) + warp) * p.stride + firstColumn;

  auto stage_words = [&](int tile) {
    if (tile >= tiles || threadIdx.x >= COLUMNS / 4) return;
    const uint32_t *from = p.labels + (size_t)(place_of(rows, block, tile).row / 32) * p.stride + firstColumn;
    copy_async(words + (tile & 1) * COLUMNS + threadIdx.x * 4, from + threadIdx.x * 4, true);
  };
  auto stage_tile = [&](int tile) {
    if (tile >= tiles) return;
    const int first = place_of(rows, block, tile).row;
    stage_rows<SLICES>(tileBits + (size_t)(ahead ? tile & 1 : 0) * TILE * rowBytes, rows, first, TILE);
    if (threadIdx.x < TILE / 2) {
      copy_async(terms + (tile & 1) * TILE + threadIdx.x * 2, rows.terms + first + threadIdx.x * 2, true);
    }
  };
  auto expand = [&](int tile) {
    if (tile >= tiles) return;
    const uint32_t one = meets_twice(rows, place_of(rows, block, tile).blocks) ? 0x3800 : 0x3C00;
    expand_labels(labels + (tile & 1) * LABEL_BYTES, words + (tile & 1) * COLUMNS, rows.blockRows, one);
  };

  float sums[2][COLUMNS / 8][4];
  double kept[2][2] = {{0, 0}, {0, 0}};
  UNROLL for (int m = 0; m < 2; m++) UNROLL for (int n = 0; n < COLUMNS / 8; n++) UNROLL for (int i = 0; i < 4; i++)
    sums[m][n][i] = 0;
  stage_rows<SLICES>(blockBits, rows, block * rows.blockRows, rows.blockRows);
  stage_words(0);
  stage_words(1);
  if (ahead) stage_tile(0);
  commit_copies();
  wait_copies<0>();
  sync_block();
  expand(0);

  NO_UNROLL for (int tile = 0; tile < tiles; tile++) {
    wait_copies<0>();
    sync_block();
    stage_tile(tile + ahead);
    stage_words(tile + 2);
    commit_copies();
    if (!ahead) {
      wait_copies<0>();
      sync_block();
    }
    expand(tile + 1);

    const Place place = place_of(rows, block, tile);
    int counts[4][2][4];
    if (KIND != RBF_FEATURES) {
      count_shared<SLICES>(counts, rows, blockBits, tileBits + (size_t)(ahead ? tile & 1 : 0) * TILE * rowBytes);
    }
    uint32_t centred[2][4][2]; /* two columns of row 16 m + 8 h */
    UNROLL for (int n = 0; n < 4; n++) {
      const int column = n * 8 + 2 * pair;
      const Term *b = terms + (tile & 1) * TILE + column;
      float squares[2][2][2];
      if (KIND == RBF_FEATURES) square_distances<Split>(squares, rows, own, place.row + n * 8);
      UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++) {
        const int row = own + m * 16 + h * 8;
        const Term a = rows.terms[row];
        float values[2];
        UNROLL for (int e = 0; e < 2; e++) {
          const int count = KIND == RBF_FEATURES ? 0 : counts[n][m][2 * h + e];
          const float squared = KIND == RBF_FEATURES ? squares[m][h][e] : 0;
          const float value = estimated_value<KIND>(scale, a, b[e], count, squared);
          values[e] = value * CENTRED_SCALE - (a.centre + b[e].centre);
          if (place.blocks == 0 && row == place.row + column + e) values[e] = 0;
        }
        const uint32_t bits = rounding_bits(row, place.row + column);
        centred[m][n][h] = pack_halves(round_to_half(values[0], bits), round_to_half(values[1], bits >> 16));
      }
    }
    const unsigned char *at = labels + (tile & 1) * LABEL_BYTES + lane_row() * 64 + pair * 16;
    UNROLL for (int n = 0; n < COLUMNS / 8; n++) {
      const uint4 x = *(const uint4 *)(at + n * 8 * 64);
      UNROLL for (int m = 0; m < 2; m++) {
        const uint32_t(&c)[4][2] = centred[m];
        mma_halves(sums[m][n], c[0][0], c[0][1], c[1][0], c[1][1], x.x, x.y);
        mma_halves(sums[m][n], c[2][0], c[2][1], c[3][0], c[3][1], x.z, x.w);
      }
    }
    if (tile % FLUSH_TILES == FLUSH_TILES - 1 || tile == tiles - 1) flush(kept, sums, ownWords);
  }
  wait_copies<0>();
  sync_block();

  double *warpSums = (double *)labels; /* [warps][COLUMNS] */
  UNROLL for (int half = 0; half < 2; half++) UNROLL for (int e = 0; e < 2; e++)
    warpSums[warp * COLUMNS + (half * 8 + lane_row()) * 8 + 2 * pair + e] = kept[half][e];
  sync_block();
  for (int column = threadIdx.x; column < COLUMNS; column += rows.blockRows) {
    double sum = 0;
    for (int w = 0; w < rows.blockRows / 32; w++) sum += warpSums[w * COLUMNS + column];
    p.out[(size_t)block * p.stride + firstColumn + column] = sum * (2 / (double)CENTRED_SCALE);
  }
}
