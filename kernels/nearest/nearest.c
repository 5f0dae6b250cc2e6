/* The k nearest references of each query, exactly, and the building of blocks. See bit-sliced.h. */
#include "bit-sliced.h"

#define EXPORT(name) __attribute__((export_name(#name)))

/* True when x comes after y in the order of results: lower similarity, or as similar and a higher row. */
INLINE int comes_after(double similarity, uint32_t row, const Hit *y) {
  return similarity < y->similarity || (similarity == y->similarity && row > y->row);
}

/* Puts `hit` into the heap of `size` hits whose place `at` is free; the last of the results stays at the root. */
INLINE void sift_down(Hit *heap, uint32_t size, uint32_t at, Hit hit) {
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && comes_after(heap[child + 1].similarity, heap[child + 1].row, heap + child)) child++;
    if (!comes_after(heap[child].similarity, heap[child].row, &hit)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = hit;
}

INLINE void sift_up(Hit *heap, uint32_t at, Hit hit) {
  while (at > 0) {
    uint32_t parent = (at - 1) / 2;
    if (!comes_after(hit.similarity, hit.row, heap + parent)) break;
    heap[at] = heap[parent];
    at = parent;
  }
  heap[at] = hit;
}

/* Takes the reference among the k best when it belongs there; returns whether the heap changed. */
INLINE int offer(Query *q, uint32_t k, const Metric *m, uint32_t row, uint32_t shared, uint32_t popcount) {
  Fraction f = similarity(m, shared, q->popcount, popcount);
  Hit hit = {(double)f.numerator / (double)f.denominator, row, shared, popcount};
  if (q->tag < k) {
    sift_up(q->hits, q->tag++, hit);
    return 1;
  }
  if (comes_after(hit.similarity, row, q->hits)) return 0;
  sift_down(q->hits, k, 0, hit);
  return 1;
}

/* The similarity that a reference must reach: that of the k-th best so far, ties included. */
INLINE Fraction to_reach(const Query *q, uint32_t k, const Metric *m) {
  if (q->tag < k) return (Fraction){0, 1};
  return similarity(m, q->hits->shared, q->popcount, q->hits->popcount);
}

static void search_block(const Index *x, uint32_t block, Query *q, uint32_t k, const Metric *m, V *planes) {
  uint32_t first = block * BLOCK, last = first + BLOCK < x->size ? first + BLOCK - 1 : x->size - 1;
  uint32_t lo = x->popcounts[first], hi = x->popcounts[last];
  int32_t slack = slack_in_block(m, to_reach(q, k, m), q->popcount, lo, hi);
  if (slack < 0) return;
  int width = counter_width(slack);
  const uint8_t *lanes = x->blocks + (uint32_t)(block * x->blockBytes);
  for (uint32_t from = first; from <= last; from += LANES, lanes += sizeof(V)) {
    V alive = count(lanes, q, slack, width, planes);
    if (!wasm_v128_any_true(alive)) continue;
    int changed = 0;
    for (int half = 0; half < 2; half++) {
      uint64_t left = half ? wasm_i64x2_extract_lane(alive, 1) : wasm_i64x2_extract_lane(alive, 0);
      for (; left; left &= left - 1) {
        int lane = 64 * half + __builtin_ctzll(left);
        uint32_t at = from + lane;
        if (at > last) return;
        uint32_t shared = shared_bits(planes, lane, width, slack, q->popcount);
        changed |= offer(q, k, m, x->rows[at], shared, x->popcounts[at]);
      }
    }
    if (changed) { /* never -1: what was just found here reaches the similarity */
      slack = slack_in_block(m, to_reach(q, k, m), q->popcount, lo, hi);
      width = counter_width(slack);
    }
  }
}

/*
 * Searches `blockCount` blocks for every query. A block stays in cache while all queries pass over it.
 * `planes` is MOST_PLANES vectors of the thread's own.
 */
EXPORT(search)
void search(const Index *x, const Metric *m, const uint32_t *blocks, uint32_t blockCount, Query *queries,
            uint32_t queryCount, uint32_t k, V *planes) {
  for (uint32_t b = 0; b < blockCount; b++)
    for (uint32_t i = 0; i < queryCount; i++) search_block(x, blocks[b], queries + i, k, m, planes);
}

/* Brings each query's hits into the order of results. */
EXPORT(finish)
void finish(Query *queries, uint32_t queryCount) {
  for (uint32_t i = 0; i < queryCount; i++) {
    Hit *heap = queries[i].hits;
    for (uint32_t size = queries[i].tag; size > 1;) {
      Hit worst = heap[0], moved = heap[--size];
      sift_down(heap, size, 0, moved);
      heap[size] = worst;
    }
  }
}

#include "build.h"
