/*
 * Sums of the kernel matrix in float64: for each row the sum of K_ij over the j in X, for 16 label columns at a time,
 * and from these a'Ka. A kernel value is made in float64, and is at once a fragment of matrix instructions in float64
 * whose other operand are labels. On an H200 a pair of rows costs about 25 instructions of a lane, half of them in
 * float64 and most for the division: some 60 ms for all ordered pairs of 200,000 rows, by arithmetic.
 */
#pragma once
#include "tiles.h"

/* Columns of one pass, in groups of 8. */
enum { GROUPS = 2, CHOSEN = 8 * GROUPS, ALL_ROWS = -1 };

struct ExactParams {
  Rows rows;
  const uint32_t *labels; /* [paddedRows / 32][stride] */
  const int *chosen;      /* [CHOSEN] columns; the first may be ALL_ROWS: then row sums are written */
  double *rowSums;        /* [rows] */
  double *rowSquares;     /* [rows] of K_ij^2, written with them */
  double *within;         /* [blocks][CHOSEN] */
  int stride, firstBlock;
};
static_assert(sizeof(ExactParams) == 120, "written by backends/cuda/mmd-exact.ts");

/* Labels of 32 rows from `row`, a multiple of 32, on. */
DEVICE uint32_t label_word(const ExactParams &p, int column, int row) {
  if (column != ALL_ROWS) return p.labels[(size_t)(row / 32) * p.stride + column];
  const int rows = p.rows.rows - row;
  return rows >= 32 ? ~0u : rows <= 0 ? 0 : (1u << rows) - 1;
}

template <int KIND>
DEVICE double exact_value(const Rows &p, float a, float b, int shared, double squaredDistance) {
  if (KIND == RBF_FEATURES) return exp(-squaredDistance * p.scale);
  const int both = (int)a + (int)b;
  if (KIND == RBF_BITS) return p.table[both - 2 * shared];
  return both == 0 ? 1.0 : (double)shared / (double)(both - shared);
}

template <int KIND, int SLICES>
DEVICE void sum_exactly(const ExactParams &p) {
  SHARED_MEMORY(shared);
  const Rows &rows = p.rows;
  const int block = p.firstBlock + blockIdx.x, warp = threadIdx.x / 32;
  const int own = block * rows.blockRows + own_row(), pair = lane_pair();
  const int rowBytes = SLICES ? SLICES * 64 : rows.rowBytes, ahead = rows.stages - 1;
  const int tiles = rows.spans * (rows.blockRows / TILE);
  unsigned char *blockBits = shared, *tileBits = blockBits + (size_t)rows.blockRows * rowBytes;
  double *warpSums = (double *)(tileBits + (size_t)rows.stages * TILE * rowBytes);
  int columns[GROUPS];
  UNROLL for (int k = 0; k < GROUPS; k++) columns[k] = p.chosen[k * 8 + lane_row()];
  /* Of the thread's row 16 m + 8 h and the columns 8 k + 2 pair + e. */
  double sums[2][2][GROUPS][2];
  UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++) UNROLL for (int k = 0; k < GROUPS; k++)
    UNROLL for (int e = 0; e < 2; e++) sums[m][h][k][e] = 0;
  const bool writesRows = p.chosen[0] == ALL_ROWS;
  double squared[2][2] = {{0, 0}, {0, 0}};

  stage_rows<SLICES>(blockBits, rows, block * rows.blockRows, rows.blockRows);
  if (ahead) stage_rows<SLICES>(tileBits, rows, place_of(rows, block, 0).row, TILE);
  commit_copies();
  NO_UNROLL for (int tile = 0; tile < tiles; tile++) {
    wait_copies<0>();
    sync_block();
    if (tile + ahead < tiles) {
      const int to = ahead ? (tile + 1) & 1 : 0;
      stage_rows<SLICES>(tileBits + (size_t)to * TILE * rowBytes, rows, place_of(rows, block, tile + ahead).row, TILE);
      commit_copies();
    }
    if (!ahead) {
      wait_copies<0>();
      sync_block();
    }
    const Place place = place_of(rows, block, tile);
    /* Pairs that are met from one side only count for both. */
    const double weight = rows.spans == rows.blocks || meets_twice(rows, place.blocks) ? 1 : 2;
    uint32_t words[GROUPS];
    UNROLL for (int k = 0; k < GROUPS; k++) words[k] = label_word(p, columns[k], place.row);
    int counts[4][2][4];
    if (KIND != RBF_FEATURES) {
      count_shared<SLICES>(counts, rows, blockBits, tileBits + (size_t)(ahead ? tile & 1 : 0) * TILE * rowBytes);
    }
    UNROLL for (int n = 0; n < 4; n++) {
      const int other = place.row + n * 8 + 2 * pair;
      double squares[2][2][2];
      if (KIND == RBF_FEATURES) square_distances<double>(squares, rows, own, place.row + n * 8);
      UNROLL for (int e = 0; e < 2; e++) {
        /* Row `pair` of the second operand is the tile's column 8 n + 2 pair + e. */
        double labels[GROUPS];
        UNROLL for (int k = 0; k < GROUPS; k++) labels[k] = words[k] >> (n * 8 + 2 * pair + e) & 1 ? weight : 0.0;
        const float b = rows.terms[other + e].popcount;
        UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++) {
          const int row = own + m * 16 + h * 8;
          const int count = KIND == RBF_FEATURES ? 0 : counts[n][m][2 * h + e];
          const double distance = KIND == RBF_FEATURES ? squares[m][h][e] : 0;
          double value = exact_value<KIND>(rows, rows.terms[row].popcount, b, count, distance);
          if (row == other + e) value = 0;
          if (writesRows && other + e < rows.rows) squared[m][h] += value * value;
          UNROLL for (int k = 0; k < GROUPS; k++) mma_doubles(sums[m][h][k], value, labels[k]);
        }
      }
    }
  }
  wait_copies<0>();

  UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++) {
    const int row = own + m * 16 + h * 8;
    UNROLL for (int mask = 1; mask < 4; mask *= 2) squared[m][h] += shuffle_xor(squared[m][h], mask);
    if (!writesRows || pair != 0 || row >= rows.rows) continue;
    p.rowSums[row] = sums[m][h][0][0];
    p.rowSquares[row] = squared[m][h];
  }
  UNROLL for (int k = 0; k < GROUPS; k++) UNROLL for (int e = 0; e < 2; e++) {
    const int column = k * 8 + 2 * pair + e;
    const uint32_t word = label_word(p, p.chosen[column], block * rows.blockRows + warp * 32);
    double sum = 0;
    UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++)
      if (word >> (m * 16 + h * 8 + lane_row()) & 1) sum += sums[m][h][k][e];
    UNROLL for (int mask = 4; mask < 32; mask *= 2) sum += shuffle_xor(sum, mask);
    if (lane_row() == 0) warpSums[warp * CHOSEN + column] = sum;
  }
  sync_block();
  if (threadIdx.x < CHOSEN) {
    double sum = 0;
    for (int w = 0; w < rows.blockRows / 32; w++) sum += warpSums[w * CHOSEN + threadIdx.x];
    p.within[(size_t)block * CHOSEN + threadIdx.x] = sum;
  }
}
