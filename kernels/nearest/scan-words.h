/*
 * Shared bits by population counts of words: for a device without matrix units for bits, fingerprints longer than 2,048
 * bits, and one query, where only the speed of memory counts. Each warp walks tiles of its own. Four lanes have a row,
 * each every fourth 16 bytes, so that a warp reads 8 rows at a time and has four such reads under way:
 *
 *     lane     0 1 2 3   4 5 6 7   ...  28 29 30 31
 *     row      r         r + 1          r + 7
 *
 * Shared memory: | queries | thresholds | states | scratch (each for all warps, warp after warp) |
 */
#pragma once
#include "search.h"

constexpr int ROWS_AT_ONCE = 8, READS_AT_ONCE = 4, WORD_COLUMNS = ROWS_AT_ONCE * READS_AT_ONCE;

template <class Sink, int QUERIES>
DEVICE void scan_words(const SearchParameters &p) {
  SHARED_MEMORY(memory);
  const int thread = threadIdx.x, warp = thread / LANES, lane = thread % LANES, t = lane % 4;
  const int block = blockIdx.x / p.splits, split = (blockIdx.x % p.splits) * WARPS + warp;
  const int rowChunks = p.rowWords / 4;
  uint4 *queries = (uint4 *)memory;
  int *thresholds = (int *)(queries + QUERIES * rowChunks);
  QueryState *states = (QueryState *)(thresholds + WARPS * QUERIES);

  QueryGroup group;
  group.lane = lane;
  group.first = block * QUERIES;
  group.thresholds = thresholds + warp * QUERIES;
  group.states = states + warp * QUERIES;
  group.scratch = (int16_t *)(states + WARPS * QUERIES) + warp * QUERIES * WORD_COLUMNS;
  group.lists = p.lists + ((size_t)split * p.queryCount + group.first) * p.k;
  group.tile = Tile{-1, -1, 0, -1};
  for (int i = thread; i < QUERIES * rowChunks; i += SEARCH_THREADS) {
    const int query = group.first + i / rowChunks;
    queries[i] = query < p.queryCount ? ((const uint4 *)p.queries)[(size_t)group.first * rowChunks + i]
                                      : uint4{0, 0, 0, 0};
  }
  for (int r = lane; r < QUERIES; r += LANES) {
    group.states[r] = Sink::start(p, group, r);
    group.thresholds[r] = OUT_OF_REACH;
  }
  sync_block();
  PopcountRange range = {0, OUT_OF_REACH};
  bool goalsMoved = true;

  int *cursor = p.cursors + 2 * ((size_t)blockIdx.x * WARPS + warp);
  const int middle = min_int(group.first + QUERIES / 2, p.queryCount - 1);
  Walk walk = start_walk(p, p.queryPopcounts[middle], split, p.splits * WARPS, cursor);
  NO_UNROLL for (int step = 0;; step++) {
    if (goalsMoved) range = reachable_by_any<Sink, QUERIES>(p, group);
    goalsMoved = false;
    const Tile tile = next_tile(p, walk, range);
    if (tile.index < 0) break;
    const bool look = step % TILES_BETWEEN_LOOKS == TILES_BETWEEN_LOOKS - 1;
    if (enter_tile<Sink, QUERIES>(p, group, tile, look)) goalsMoved = look;
    NO_UNROLL for (int first = 0; first < TILE_ROWS; first += WORD_COLUMNS) {
      const int reference = tile.index * TILE_ROWS + first;
      const uint4 *rows = (const uint4 *)p.references + (size_t)(reference + lane / 4) * rowChunks + t;
      int shared[READS_AT_ONCE][QUERIES] = {};
      UNROLL for (int chunk = 0; chunk < rowChunks; chunk += 4) {
        uint4 words[READS_AT_ONCE];
        UNROLL for (int i = 0; i < READS_AT_ONCE; i++) words[i] = rows[(size_t)i * ROWS_AT_ONCE * rowChunks + chunk];
        UNROLL for (int q = 0; q < QUERIES; q++) {
          const uint4 query = queries[q * rowChunks + chunk + t];
          UNROLL for (int i = 0; i < READS_AT_ONCE; i++) {
            shared[i][q] += count_bits(words[i].x & query.x) + count_bits(words[i].y & query.y) +
                            count_bits(words[i].z & query.z) + count_bits(words[i].w & query.w);
          }
        }
      }
      int signs = -1;
      UNROLL for (int q = 0; q < QUERIES; q++) {
        const int threshold = group.thresholds[q];
        UNROLL for (int i = 0; i < READS_AT_ONCE; i++) {
          shared[i][q] += shuffle_xor(shared[i][q], 1);
          shared[i][q] += shuffle_xor(shared[i][q], 2);
          signs &= shared[i][q] -= threshold;
        }
      }
      if (!any_lane(signs >= 0)) continue;
      if (t == 0) {
        UNROLL for (int q = 0; q < QUERIES; q++) UNROLL for (int i = 0; i < READS_AT_ONCE; i++) {
          group.scratch[q * WORD_COLUMNS + i * ROWS_AT_ONCE + lane / 4] = (int16_t)shared[i][q];
        }
      }
      sync_warp();
      if (Sink::template take<QUERIES, WORD_COLUMNS>(p, group, reference)) goalsMoved = true;
      sync_warp();
    }
  }
  if (lane == 0 && p.cursors) save_walk(walk, cursor);
}
