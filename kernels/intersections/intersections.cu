/*
 * Shared bits of every query with every target. The results go back to the host, 2 bytes a pair: at 50 GB/s of PCIe 5
 * that is 2.5e10 pairs/s, less than POPC gives on every card (6.5e10 on an H200), so plain counts will do.
 *
 * A block makes a tile of 64 x 64 pairs, a thread 4 x 4 of them, 16 words of a row at a time through shared memory.
 * Rows lie 17 words apart there, so that threads with neighbouring rows read from different banks.
 */
#include "../cuda.h"

enum { TILE = 64, SIDE = 16, THREADS = SIDE * SIDE, EACH = TILE / SIDE, WORDS = 16, PITCH = WORDS + 1 };

struct IntersectionsParams {
  const uint32_t *queries; /* [queryCount][words] */
  const uint32_t *targets; /* [targetCount][words] */
  uint16_t *out;           /* [queryCount][targetCount] */
  int queryCount, targetCount, words;
};
static_assert(sizeof(IntersectionsParams) == 40, "written by backends/cuda/intersections.ts");

/* WORDS words from `word` on of the rows from `first` on; zeros past the last row and the last word. */
DEVICE void load_rows(uint32_t *to, const uint32_t *rows, int first, int count, int word, int words) {
  for (int i = threadIdx.x; i < TILE * WORDS; i += THREADS) {
    const int row = i / WORDS, k = i % WORDS;
    const bool there = first + row < count && word + k < words;
    to[row * PITCH + k] = there ? rows[(size_t)(first + row) * words + word + k] : 0;
  }
}

KERNEL(intersections_tile, THREADS, IntersectionsParams) {
  SHARED_MEMORY(shared);
  uint32_t *a = (uint32_t *)shared, *b = a + TILE * PITCH;
  const int across = (p.targetCount + TILE - 1) / TILE;
  const int firstQuery = blockIdx.x / across * TILE, firstTarget = blockIdx.x % across * TILE;
  const int x = threadIdx.x % SIDE, y = threadIdx.x / SIDE;
  int counts[EACH][EACH] = {};
  for (int word = 0; word < p.words; word += WORDS) {
    sync_block();
    load_rows(a, p.queries, firstQuery, p.queryCount, word, p.words);
    load_rows(b, p.targets, firstTarget, p.targetCount, word, p.words);
    sync_block();
    UNROLL for (int k = 0; k < WORDS; k++) {
      uint32_t query[EACH], target[EACH];
      UNROLL for (int i = 0; i < EACH; i++) query[i] = a[(y + i * SIDE) * PITCH + k];
      UNROLL for (int j = 0; j < EACH; j++) target[j] = b[(x + j * SIDE) * PITCH + k];
      UNROLL for (int i = 0; i < EACH; i++) UNROLL for (int j = 0; j < EACH; j++)
        counts[i][j] += count_bits(query[i] & target[j]);
    }
  }
  UNROLL for (int i = 0; i < EACH; i++) UNROLL for (int j = 0; j < EACH; j++) {
    const int query = firstQuery + y + i * SIDE, target = firstTarget + x + j * SIDE;
    if (query < p.queryCount && target < p.targetCount) {
      p.out[(size_t)query * p.targetCount + target] = (uint16_t)counts[i][j];
    }
  }
}
