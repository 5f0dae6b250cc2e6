/*
 * Label columns as the pairs' kernels read them, [words][stride]: bit i of word w of a column is row 32 w + i, so that
 * the columns of one word lie together.
 */
#pragma once
#include "tiles.h"

/* Columns one after the other, as the caller gave them, to words. A thread for each word. */
struct LayParams {
  const uint8_t *columns; /* [count][bytes] */
  uint32_t *labels;       /* [words][stride] */
  int count, bytes, words, stride;
};
static_assert(sizeof(LayParams) == 32, "written by backends/cuda/mmd-labels.ts");

KERNEL(mmd_lay_labels, MOST_THREADS, LayParams) {
  const size_t i = (size_t)blockIdx.x * MOST_THREADS + threadIdx.x;
  if (i >= (size_t)p.words * p.count) return;
  const int word = (int)(i / p.count), column = (int)(i % p.count);
  const uint8_t *from = p.columns + (size_t)column * p.bytes;
  uint32_t bits = 0;
  for (int k = 0; k < 4 && word * 4 + k < p.bytes; k++) bits |= (uint32_t)from[word * 4 + k] << 8 * k;
  p.labels[(size_t)word * p.stride + column] = bits;
}

/* Labels of rows from those of their clusters. A thread for each word. */
struct ExpandParams {
  const uint32_t *units;    /* [words of units][stride] */
  const uint32_t *clusters; /* [rows] */
  uint32_t *labels;         /* [words][stride] */
  int rows, words, stride;
};
static_assert(sizeof(ExpandParams) == 40, "written by backends/cuda/mmd-labels.ts");

KERNEL(mmd_expand_clusters, MOST_THREADS, ExpandParams) {
  const size_t i = (size_t)blockIdx.x * MOST_THREADS + threadIdx.x;
  if (i >= (size_t)p.words * p.stride) return;
  const int word = (int)(i / p.stride), column = (int)(i % p.stride);
  uint32_t bits = 0;
  for (int k = 0; k < 32 && word * 32 + k < p.rows; k++) {
    const uint32_t unit = p.clusters[word * 32 + k];
    bits |= (p.units[(size_t)(unit / 32) * p.stride + column] >> unit % 32 & 1) << k;
  }
  p.labels[i] = bits;
}

/* Rows in X of every column; where they are more than half, the groups change names in the labels. */
struct SideParams {
  uint32_t *labels; /* [words][stride] */
  uint32_t *counts; /* [stride], as they were given */
  int rows, words, stride;
};
static_assert(sizeof(SideParams) == 32, "written by backends/cuda/mmd-labels.ts");

KERNEL(mmd_count_rows, MOST_THREADS, SideParams) {
  const int column = blockIdx.x * MOST_THREADS + threadIdx.x;
  if (column >= p.stride) return;
  uint32_t count = 0;
  for (int word = 0; word < p.words; word++) count += count_bits(p.labels[(size_t)word * p.stride + column]);
  p.counts[column] = count;
}

KERNEL(mmd_name_smaller_side, MOST_THREADS, SideParams) {
  const size_t i = (size_t)blockIdx.x * MOST_THREADS + threadIdx.x;
  if (i >= (size_t)p.words * p.stride) return;
  const int rows = p.rows - (int)(i / p.stride) * 32;
  if (rows <= 0 || p.counts[i % p.stride] <= (uint32_t)p.rows / 2) return;
  p.labels[i] ^= rows >= 32 ? ~0u : (1u << rows) - 1;
}
