/* Every reference within a similarity of each query, exactly. See ../nearest/bit-sliced.h. */
#include "../nearest/bit-sliced.h"

/* Where the search stands: the next block of the list and the next query in it. */
typedef struct {
  uint32_t block, query;
} Cursor;

/*
 * Appends hits to `hits`, and the number of the query of each to `owners`, in no particular order, until the blocks
 * are done or fewer than 512 places are left; then `at` says where to go on. Returns the number of hits.
 */
__attribute__((export_name("search"))) uint32_t search(const Index *x, const Metric *m, const Fraction *threshold,
                                                       const uint32_t *blocks, uint32_t blockCount,
                                                       const Query *queries, uint32_t queryCount, Cursor *at,
                                                       Hit *hits, uint32_t *owners, uint32_t capacity, V *planes) {
  uint32_t found = 0;
  for (; at->block < blockCount; at->block++, at->query = 0) {
    uint32_t block = blocks[at->block];
    uint32_t first = block * BLOCK, last = first + BLOCK < x->size ? first + BLOCK - 1 : x->size - 1;
    for (; at->query < queryCount; at->query++) {
      if (capacity - found < BLOCK) return found;
      const Query *q = queries + at->query;
      int32_t slack = slack_in_block(m, *threshold, q->popcount, x->popcounts[first], x->popcounts[last]);
      if (slack < 0) continue;
      int width = counter_width(slack);
      const uint8_t *lanes = x->blocks + block * x->blockBytes;
      for (uint32_t from = first; from <= last; from += LANES, lanes += sizeof(V)) {
        V alive = count(lanes, q, slack, width, planes);
        if (!wasm_v128_any_true(alive)) continue;
        for (int half = 0; half < 2; half++) {
          uint64_t left = half ? wasm_i64x2_extract_lane(alive, 1) : wasm_i64x2_extract_lane(alive, 0);
          for (; left; left &= left - 1) {
            int lane = 64 * half + __builtin_ctzll(left);
            uint32_t i = from + lane;
            if (i > last) break;
            uint32_t shared = shared_bits(planes, lane, width, slack, q->popcount);
            Fraction f = similarity(m, shared, q->popcount, x->popcounts[i]);
            if (f.numerator * threshold->denominator < threshold->numerator * f.denominator) continue;
            hits[found] = (Hit){(double)f.numerator / (double)f.denominator, x->rows[i], shared, x->popcounts[i]};
            owners[found++] = q->tag;
          }
        }
      }
    }
  }
  return found;
}
