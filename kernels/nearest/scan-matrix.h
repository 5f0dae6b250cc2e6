/*
 * Shared bits of many queries with the references, on matrix units. A block has eight warps. A warp holds 16 or 64
 * queries in registers as the A operand; references stream through shared memory in a ring of stages:
 *
 *     | stage 0: 64 rows | stage 1 | stage 2 | stage 3 | tiles of the next eight steps | ranges of the warps |
 *     | thresholds | states | scratch (each for all warps, warp after warp) | lists, where they fit |
 *
 * Warps either have queries of their own and look at every row of a tile, or share the queries in `rowGroups` and look
 * at some rows each; each warp has its own lists.
 *
 * Accumulators begin at minus the query's threshold, so a pair that matters is one whose sign bit is clear: one AND
 * and one vote tell whether there is any among the pairs of a step.
 */
#pragma once
#include "search.h"

constexpr int STAGES = 4;
/* From sm_100 on one-bit instructions are emulated; those for bytes are not. */
#if defined(ASSAYER_MMA_BY_BYTES) || (defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000)
#define MATRIX_UNITS_BY_BYTES
#endif

/* Sizes in bytes; src/backends/cuda/search-plan.ts has the same. */
template <int CHUNKS, int BANDS>
struct MatrixShape {
  static constexpr int QUERIES = 16 * BANDS;              /* of a warp */
  static constexpr int FRAGMENTS = BANDS == 1 ? 1 : 2;    /* of eight references, in one step */
  static constexpr int COLUMNS = 8 * FRAGMENTS;
  static constexpr int ROW_BYTES = 64 * CHUNKS;
  static constexpr int STAGE_BYTES = TILE_ROWS * ROW_BYTES;
  static constexpr int TILES_AT = STAGES * STAGE_BYTES;
  static constexpr int RANGES_AT = TILES_AT + 2 * STAGES * 16;
  static constexpr int THRESHOLDS_AT = RANGES_AT + WARPS * 8;
  static constexpr int STATES_AT = THRESHOLDS_AT + WARPS * QUERIES * 4;
  static constexpr int SCRATCH_AT = STATES_AT + WARPS * QUERIES * 16;
  static constexpr int LISTS_AT = SCRATCH_AT + WARPS * QUERIES * COLUMNS * 2;
};

/* Where the 16 bytes `chunk` of a row of a tile lie, so that lanes that read two rows at once meet no bank twice. */
template <int CHUNKS>
DEVICE int place_in_row(int row, int chunk) {
  return CHUNKS == 1 ? chunk : chunk ^ ((row & 1) << 2);
}

/*
 * d = minusThreshold + the shared bits of the warp's queries with 8 FRAGMENTS references, `rows`. Lanes hold the same
 * chunks of queries and references, so the order of the words within a row plays no part.
 */
template <int CHUNKS, int BANDS, int FRAGMENTS>
DEVICE void count_shared(int (&d)[FRAGMENTS][BANDS][4], const uint4 (&a)[BANDS][2][CHUNKS],
                         const int (&minusThreshold)[BANDS][4], const unsigned char *rows, int g, int t) {
#ifdef MATRIX_UNITS_BY_BYTES
  /* Eight passes, a bit of each byte in each: what is unpacked of a query serves all references, and vice versa. */
  const uint32_t ones = 0x01010101u;
  UNROLL for (int n = 0; n < FRAGMENTS; n++) UNROLL for (int m = 0; m < BANDS; m++) UNROLL for (int i = 0; i < 4; i++) {
    d[n][m][i] = minusThreshold[m][i];
  }
  NO_UNROLL for (int shift = 0; shift < 8; shift++) {
    UNROLL for (int j = 0; j < CHUNKS; j++) {
      uint4 b[FRAGMENTS];
      UNROLL for (int n = 0; n < FRAGMENTS; n++) {
        const unsigned char *row = rows + (8 * n + g) * 64 * CHUNKS;
        const uint4 words = *(const uint4 *)(row + 16 * place_in_row<CHUNKS>(g, 4 * j + t));
        b[n] = uint4{words.x >> shift & ones, words.y >> shift & ones, words.z >> shift & ones,
                     words.w >> shift & ones};
      }
      UNROLL for (int m = 0; m < BANDS; m++) {
        const uint4 low = a[m][0][j], high = a[m][1][j];
        const uint32_t x[8] = {low.x >> shift & ones, high.x >> shift & ones, low.y >> shift & ones,
                               high.y >> shift & ones, low.z >> shift & ones, high.z >> shift & ones,
                               low.w >> shift & ones, high.w >> shift & ones};
        UNROLL for (int n = 0; n < FRAGMENTS; n++) {
          mma_bytes(d[n][m], x[0], x[1], x[2], x[3], b[n].x, b[n].y);
          mma_bytes(d[n][m], x[4], x[5], x[6], x[7], b[n].z, b[n].w);
        }
      }
    }
  }
#else
  UNROLL for (int n = 0; n < FRAGMENTS; n++) {
    uint4 b[CHUNKS];
    UNROLL for (int j = 0; j < CHUNKS; j++) {
      b[j] = *(const uint4 *)(rows + (8 * n + g) * 64 * CHUNKS + 16 * place_in_row<CHUNKS>(g, 4 * j + t));
    }
    UNROLL for (int j = 0; j < CHUNKS; j++) {
      UNROLL for (int m = 0; m < BANDS; m++) {
        const uint4 low = a[m][0][j], high = a[m][1][j];
        if (j == 0) mma_bits(d[n][m], low.x, high.x, low.y, high.y, b[j].x, b[j].y, minusThreshold[m]);
        else mma_bits(d[n][m], low.x, high.x, low.y, high.y, b[j].x, b[j].y, d[n][m]);
      }
      UNROLL for (int m = 0; m < BANDS; m++) {
        const uint4 low = a[m][0][j], high = a[m][1][j];
        mma_bits(d[n][m], low.z, high.z, low.w, high.w, b[j].z, b[j].w, d[n][m]);
      }
    }
  }
#endif
}

template <class Sink, int CHUNKS, int BANDS>
DEVICE void scan_matrix(const SearchParameters &p) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800 /* never launched on others */
  using Shape = MatrixShape<CHUNKS, BANDS>;
  constexpr int QUERIES = Shape::QUERIES, FRAGMENTS = Shape::FRAGMENTS, COLUMNS = Shape::COLUMNS;
  constexpr int ROW_CHUNKS = 4 * CHUNKS;
  SHARED_MEMORY(memory);
  const int thread = threadIdx.x, warp = thread / LANES, lane = thread % LANES, g = lane / 4, t = lane % 4;
  const int queriesOfBlock = QUERIES * (WARPS / p.rowGroups);
  const int block = blockIdx.x / p.splits, split = blockIdx.x % p.splits;
  const int rowGroup = warp % p.rowGroups, part = split * p.rowGroups + rowGroup;
  Tile *ring = (Tile *)(memory + Shape::TILES_AT);
  volatile PopcountRange *ranges = (volatile PopcountRange *)(memory + Shape::RANGES_AT);

  QueryGroup group;
  group.lane = lane;
  group.first = block * queriesOfBlock + warp / p.rowGroups * QUERIES;
  group.thresholds = (int *)(memory + Shape::THRESHOLDS_AT) + warp * QUERIES;
  group.states = (QueryState *)(memory + Shape::STATES_AT) + warp * QUERIES;
  group.scratch = (int16_t *)(memory + Shape::SCRATCH_AT) + warp * QUERIES * COLUMNS;
  group.tile = Tile{-1, -1, 0, -1};
  const int valid = max_int(min_int(p.queryCount - group.first, QUERIES), 0);
  Entry *const globalLists = p.lists + ((size_t)part * p.queryCount + group.first) * p.k;
  const size_t listed = (size_t)valid * p.k;
  group.lists = globalLists;
  if (p.sharedLists) {
    group.lists = (Entry *)(memory + Shape::LISTS_AT) + (size_t)warp * QUERIES * p.k;
    for (size_t i = lane; i < listed; i += LANES) group.lists[i] = globalLists[i];
  }

  uint4 a[BANDS][2][CHUNKS];
  UNROLL for (int m = 0; m < BANDS; m++) UNROLL for (int h = 0; h < 2; h++) {
    const int query = group.first + 16 * m + 8 * h + g;
    UNROLL for (int j = 0; j < CHUNKS; j++) {
      a[m][h][j] = query < p.queryCount ? ((const uint4 *)p.queries)[(size_t)query * ROW_CHUNKS + 4 * j + t]
                                        : uint4{0, 0, 0, 0};
    }
  }
  sync_warp();
  for (int r = lane; r < QUERIES; r += LANES) {
    group.states[r] = Sink::start(p, group, r);
    group.thresholds[r] = OUT_OF_REACH;
  }
  sync_warp();
  if (lane == 0) {
    ranges[warp].least = valid > 0 ? 0 : OUT_OF_REACH;
    ranges[warp].most = valid > 0 ? OUT_OF_REACH : -1;
  }

  /* Thread 0 decides, some steps ahead, which tiles come. */
  Walk walk = {};
  const int middle = min_int(block * queriesOfBlock + queriesOfBlock / 2, p.queryCount - 1);
  int *cursor = p.cursors + 2 * (size_t)blockIdx.x;
  if (thread == 0) walk = start_walk(p, p.queryPopcounts[middle], split, p.splits, cursor);
  auto decide = [&](int step) {
    PopcountRange all = {OUT_OF_REACH, -1};
    UNROLL for (int i = 0; i < WARPS; i++) {
      all.least = min_int(all.least, ranges[i].least);
      all.most = max_int(all.most, ranges[i].most);
    }
    ring[step % (2 * STAGES)] = next_tile(p, walk, all);
  };
  auto issue = [&](int step) {
    const int tile = ring[step % (2 * STAGES)].index;
    if (tile >= 0) {
      unsigned char *stage = memory + step % STAGES * Shape::STAGE_BYTES;
      const uint4 *from = (const uint4 *)p.references + (size_t)tile * TILE_ROWS * ROW_CHUNKS;
      UNROLL for (int i = 0; i < Shape::STAGE_BYTES / 16 / SEARCH_THREADS; i++) {
        const int at = thread + i * SEARCH_THREADS, row = at / ROW_CHUNKS, chunk = at % ROW_CHUNKS;
        copy_async(stage + row * Shape::ROW_BYTES + 16 * place_in_row<CHUNKS>(row, chunk), from + at, true);
      }
    }
    commit_copies();
  };
  sync_block();
  if (thread == 0) {
    NO_UNROLL for (int step = 0; step < STAGES; step++) decide(step);
  }
  sync_block();
  NO_UNROLL for (int step = 0; step < STAGES - 1; step++) issue(step);

  int minusThreshold[BANDS][4];
  auto load_thresholds = [&] {
    UNROLL for (int m = 0; m < BANDS; m++) {
      minusThreshold[m][0] = minusThreshold[m][1] = -group.thresholds[16 * m + g];
      minusThreshold[m][2] = minusThreshold[m][3] = -group.thresholds[16 * m + 8 + g];
    }
  };
  load_thresholds();
  bool goalsMoved = valid > 0;
  NO_UNROLL for (int step = 0;; step++) {
    wait_copies<STAGES - 2>();
    sync_block();
    const Tile tile = ring[step % (2 * STAGES)];
    if (tile.index < 0) break;
    issue(step + STAGES - 1);
    if (thread == 0) decide(step + STAGES);
    if (goalsMoved) {
      const PopcountRange range = reachable_by_any<Sink, QUERIES>(p, group);
      if (lane == 0) {
        ranges[warp].least = range.least;
        ranges[warp].most = range.most;
      }
      goalsMoved = false;
      sync_warp();
    }
    if (tile.leastPopcount > ranges[warp].most || tile.mostPopcount < ranges[warp].least) continue;
    const bool look = step % TILES_BETWEEN_LOOKS == TILES_BETWEEN_LOOKS - 1;
    if (enter_tile<Sink, QUERIES>(p, group, tile, look)) {
      load_thresholds();
      goalsMoved = look;
    }
    const unsigned char *stage = memory + step % STAGES * Shape::STAGE_BYTES;
    NO_UNROLL for (int s = rowGroup; s < TILE_ROWS / COLUMNS; s += p.rowGroups) {
      int d[FRAGMENTS][BANDS][4];
      count_shared<CHUNKS, BANDS, FRAGMENTS>(d, a, minusThreshold, stage + s * COLUMNS * Shape::ROW_BYTES, g, t);
      int signs = -1;
      UNROLL for (int n = 0; n < FRAGMENTS; n++) UNROLL for (int m = 0; m < BANDS; m++) {
        signs &= d[n][m][0] & d[n][m][1] & d[n][m][2] & d[n][m][3];
      }
      if (!any_lane(signs >= 0)) continue;
      UNROLL for (int n = 0; n < FRAGMENTS; n++) UNROLL for (int m = 0; m < BANDS; m++) {
        UNROLL for (int h = 0; h < 2; h++) {
          *(uint32_t *)(group.scratch + (16 * m + 8 * h + g) * COLUMNS + 8 * n + 2 * t) =
              (uint32_t)(d[n][m][2 * h] & 0xffff) | (uint32_t)d[n][m][2 * h + 1] << 16;
        }
      }
      sync_warp();
      const bool moved = Sink::template take<QUERIES, COLUMNS>(p, group, tile.index * TILE_ROWS + s * COLUMNS);
      sync_warp();
      if (!moved) continue;
      load_thresholds();
      goalsMoved = true;
    }
  }
  wait_copies<0>();
  sync_warp();
  if (thread == 0 && p.cursors) save_walk(walk, cursor);
  if (p.sharedLists) {
    for (size_t i = lane; i < listed; i += LANES) globalLists[i] = group.lists[i];
  }
#endif
}
