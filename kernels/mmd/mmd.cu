/*
 * Maximum mean discrepancy with permuted labels, the kernel matrix never stored: label columns are prepared (labels.h),
 * rows are measured, and pairs of rows summed exactly (exact.h) or centred and in half precision (estimate.h).
 */
#include "estimate.h"
#include "exact.h"
#include "labels.h"

struct MeasureParams {
  const uint32_t *bits; /* [paddedRows][rowBytes] */
  Term *terms;          /* [paddedRows] */
  int paddedRows, rowBytes;
};
static_assert(sizeof(MeasureParams) == 24, "written by backends/cuda/mmd-rows.ts");

KERNEL(mmd_measure, MOST_THREADS, MeasureParams) {
  const int row = blockIdx.x * MOST_THREADS + threadIdx.x, words = p.rowBytes / 4;
  if (row >= p.paddedRows) return;
  int count = 0;
  for (int i = 0; i < words; i++) count += count_bits(p.bits[(size_t)row * words + i]);
  p.terms[row] = {(float)count + 1e-20f, 0};
}

/* f_i = r_i / (N - 2) - S / (2 (N - 1) (N - 2)) */
struct CentreParams {
  const double *rowSums; /* [rows] */
  Term *terms;
  double shift; /* S / (2 (N - 1) (N - 2)) */
  int rows;
};
static_assert(sizeof(CentreParams) == 32, "written by backends/cuda/mmd-estimate.ts");

KERNEL(mmd_centre, MOST_THREADS, CentreParams) {
  const int row = blockIdx.x * MOST_THREADS + threadIdx.x;
  if (row < p.rows) p.terms[row].centre = (float)((p.rowSums[row] / (p.rows - 2) - p.shift) * CENTRED_SCALE);
}

/* out [columns] = the sum over the blocks of partial [blocks][columns]. */
struct SumParams {
  const double *partial;
  double *out;
  int blocks, columns;
};
static_assert(sizeof(SumParams) == 24, "written by backends/cuda/mmd-exact.ts and mmd-estimate.ts");

KERNEL(mmd_sum_blocks, MOST_THREADS, SumParams) {
  const int column = blockIdx.x * MOST_THREADS + threadIdx.x;
  if (column >= p.columns) return;
  double sum = 0;
  for (int block = 0; block < p.blocks; block++) sum += p.partial[(size_t)block * p.columns + column];
  p.out[column] = sum;
}

/* out [CHOSEN] = the sum of the row sums of the rows in X. A block for each chosen column. */
struct DotParams {
  const double *rowSums;
  const uint32_t *labels;
  const int *chosen;
  double *out;
  int stride, rows;
};
static_assert(sizeof(DotParams) == 40, "written by backends/cuda/mmd-exact.ts");

KERNEL(mmd_dot_rows, MOST_THREADS, DotParams) {
  SHARED_MEMORY(memory);
  double *sums = (double *)memory;
  const int column = p.chosen[blockIdx.x];
  double sum = 0;
  for (int row = threadIdx.x; row < p.rows; row += MOST_THREADS) {
    if (column == ALL_ROWS || p.labels[(size_t)(row / 32) * p.stride + column] >> row % 32 & 1) sum += p.rowSums[row];
  }
  sums[threadIdx.x] = sum;
  for (int half = MOST_THREADS / 2; half > 0; half /= 2) {
    sync_block();
    if ((int)threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
  }
  if (threadIdx.x == 0) p.out[blockIdx.x] = sums[0];
}

/* out [stride] = the sum of the weights of the rows in X. A thread for each column. */
struct WeighParams {
  const double *weights; /* [rows] */
  const uint32_t *labels;
  double *out;
  int rows, stride;
};
static_assert(sizeof(WeighParams) == 32, "written by backends/cuda/mmd-estimate.ts");

KERNEL(mmd_weigh_rows, MOST_THREADS, WeighParams) {
  const int column = blockIdx.x * MOST_THREADS + threadIdx.x;
  if (column >= p.stride) return;
  double sum = 0;
  for (int first = 0; first < p.rows; first += 32) {
    const uint32_t word = p.labels[(size_t)(first / 32) * p.stride + column];
    for (int i = 0; i < min_int(32, p.rows - first); i++) sum += word >> i & 1 ? p.weights[first + i] : 0;
  }
  p.out[column] = sum;
}

/* 4 slices of 64 bytes: 2,048 bits. */
KERNEL(mmd_exact_tanimoto_2048, MOST_THREADS, ExactParams) { sum_exactly<TANIMOTO, 4>(p); }
KERNEL(mmd_exact_tanimoto, MOST_THREADS, ExactParams) { sum_exactly<TANIMOTO, 0>(p); }
KERNEL(mmd_exact_rbf_bits_2048, MOST_THREADS, ExactParams) { sum_exactly<RBF_BITS, 4>(p); }
KERNEL(mmd_exact_rbf_bits, MOST_THREADS, ExactParams) { sum_exactly<RBF_BITS, 0>(p); }
KERNEL(mmd_exact_rbf_features, MOST_THREADS, ExactParams) { sum_exactly<RBF_FEATURES, 0>(p); }

KERNEL(mmd_estimate_tanimoto_2048, MOST_THREADS, EstimateParams) { estimate<TANIMOTO, 4>(p); }
KERNEL(mmd_estimate_tanimoto, MOST_THREADS, EstimateParams) { estimate<TANIMOTO, 0>(p); }
KERNEL(mmd_estimate_rbf_bits_2048, MOST_THREADS, EstimateParams) { estimate<RBF_BITS, 4>(p); }
KERNEL(mmd_estimate_rbf_bits, MOST_THREADS, EstimateParams) { estimate<RBF_BITS, 0>(p); }
KERNEL(mmd_estimate_rbf_features, MOST_THREADS, EstimateParams) { estimate<RBF_FEATURES, 0>(p); }
