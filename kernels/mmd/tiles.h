/*
 * How MMD goes through the pairs of rows. A block holds `blockRows` rows, 32 a warp, and tiles of 32 other rows pass
 * it, those of its own block first and then of the following ones, round the circle:
 *
 *     blocks of rows        0     1     2     3     4
 *     block 3 meets them    3rd               1st   2nd
 *
 * With `spans` = blocks / 2 + 1 each two blocks meet once, but twice a block and itself and, where the number of blocks
 * is even, the two across the circle. With `spans` = blocks all meet twice.
 *
 * Rows behind the last one up to `paddedRows`, blocks * blockRows, are empty and in no label column.
 */
#pragma once
#include "../cuda.h"

enum Kind { TANIMOTO, RBF_BITS, RBF_FEATURES };
enum { TILE = 32, MOST_THREADS = 256 };

/*
 * popcount is 1e-20 more than it is, which no number from 1 on notices, and gives 0 / 0 the value 1 without a test.
 */
struct alignas(8) Term {
  float popcount;
  float centre; /* f_i of the U-centred form, times CENTRED_SCALE */
};

/* A feature in units of the bandwidth, as two numbers: their differences have the precision of one. */
struct alignas(8) Split {
  float high, low;
};

struct Rows {
  const unsigned char *bits; /* [paddedRows][rowBytes], a multiple of 64 bytes; none where rowBytes is 0 */
  const Term *terms;         /* [paddedRows] */
  const void *features;      /* [dimensions][paddedRows] of double or Split */
  const double *table;       /* rbf-bits: value by squared distance */
  double scale;              /* value = exp(-scale squared distance) */
  int rows, paddedRows, rowBytes, blockRows, blocks, spans;
  int stages; /* buffers for tiles: 2, or 1 where shared memory is short */
  int dimensions;
};
static_assert(sizeof(Rows) == 72, "written by backends/cuda/mmd-rows.ts");

DEVICE int lane_row() { return threadIdx.x % 32 / 4; }
DEVICE int lane_pair() { return threadIdx.x % 4; }
/* First of the four rows of a block that a thread has results of: this one, and 8, 16 and 24 further. */
DEVICE int own_row() { return threadIdx.x / 32 * 32 + lane_row(); }

/* Where a tile is on the way round the circle. */
struct Place {
  int row;    /* its first */
  int blocks; /* from the block itself: 0 .. spans - 1 */
};

DEVICE Place place_of(const Rows &p, int block, int tile) {
  const int tiles = p.blockRows / TILE, blocks = tile / tiles;
  int other = block + blocks;
  if (other >= p.blocks) other -= p.blocks;
  return {other * p.blockRows + (tile - blocks * tiles) * TILE, blocks};
}

DEVICE bool meets_twice(const Rows &p, int blocks) { return blocks == 0 || 2 * blocks == p.blocks; }

/*
 * Eight lanes read 16 bytes each at a time, four of a row and four of the next; where rows are a multiple of 128 bytes
 * odd ones have their halves of 64 bytes changed round, so that the eight lie in different banks.
 */
template <int SLICES>
DEVICE int chunk_of(int rowBytes, int row, int chunk) {
  return (SLICES ? SLICES % 2 : rowBytes % 128) ? chunk : chunk ^ (row & 1) << 2;
}

/* Starts to copy rows to shared memory. SLICES: 64 bytes each of a row, 0 where only the parameters say. */
template <int SLICES>
DEVICE void stage_rows(unsigned char *to, const Rows &p, int firstRow, int count) {
  const int rowBytes = SLICES ? SLICES * 64 : p.rowBytes, chunks = rowBytes / 16;
  const unsigned char *from = p.bits + (size_t)firstRow * rowBytes;
  for (int x = threadIdx.x; x < count * chunks; x += p.blockRows) {
    const int row = x / chunks, chunk = x - row * chunks;
    copy_async(to + (size_t)row * rowBytes + chunk_of<SLICES>(rowBytes, row, chunk) * 16, from + (size_t)x * 16, true);
  }
}

/*
 * Shared bits of a warp's 32 rows with the 32 of a tile. counts[n][m][2 h + e]: row 16 m + 8 h + lane_row(), column
 * 8 n + 2 lane_pair() + e.
 */
template <int SLICES>
DEVICE void count_shared(int (&counts)[4][2][4], const Rows &p, const unsigned char *block, const unsigned char *tile) {
  const int rowBytes = SLICES ? SLICES * 64 : p.rowBytes, slices = SLICES ? SLICES : rowBytes / 64;
  const unsigned char *a = block + (size_t)own_row() * rowBytes, *b = tile + (size_t)lane_row() * rowBytes;
  UNROLL for (int n = 0; n < 4; n++) UNROLL for (int m = 0; m < 2; m++) UNROLL for (int i = 0; i < 4; i++)
    counts[n][m][i] = 0;
  UNROLL for (int slice = 0; slice < slices; slice++) {
    const int at = chunk_of<SLICES>(rowBytes, lane_row(), slice * 4 + lane_pair()) * 16;
    uint4 own[2][2];
    UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++)
      own[m][h] = *(const uint4 *)(a + (m * 16 + h * 8) * rowBytes + at);
    UNROLL for (int n = 0; n < 4; n++) {
      const uint4 other = *(const uint4 *)(b + n * 8 * rowBytes + at);
      UNROLL for (int m = 0; m < 2; m++) {
        const uint4 &x = own[m][0], &y = own[m][1];
        mma_and(counts[n][m], x.x, y.x, x.y, y.y, other.x, other.y, counts[n][m]);
        mma_and(counts[n][m], x.z, y.z, x.w, y.w, other.z, other.w, counts[n][m]);
      }
    }
  }
}

DEVICE double difference(double x, double y) { return x - y; }
DEVICE float difference(Split x, Split y) { return (x.high - y.high) + (x.low - y.low); }

/* Squared distances of a thread's rows from columns 2 lane_pair() + e behind `other`: out[m][h][e]. */
template <typename Feature, typename Number>
DEVICE void square_distances(Number (&out)[2][2][2], const Rows &p, int own, int other) {
  UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++) UNROLL for (int e = 0; e < 2; e++)
    out[m][h][e] = 0;
  const Feature *features = (const Feature *)p.features;
  NO_UNROLL for (int d = 0; d < p.dimensions; d++, features += p.paddedRows) {
    const Feature *column = features + other + 2 * lane_pair();
    UNROLL for (int m = 0; m < 2; m++) UNROLL for (int h = 0; h < 2; h++) {
      const Feature row = features[own + m * 16 + h * 8];
      UNROLL for (int e = 0; e < 2; e++) {
        const Number x = difference(row, column[e]);
        out[m][h][e] += x * x;
      }
    }
  }
}
