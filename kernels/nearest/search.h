/*
 * What searches share: which pairs of a query and a reference can matter, and who looks at them.
 *
 * References are sorted by popcount and cut into tiles of 64 rows; queries are sorted by popcount, too. A group of
 * queries walks the tiles outwards from its own popcount, and each side ends at the first tile that BitBound rules out.
 * A scan (scan-matrix.h, scan-words.h) counts the shared bits of all pairs of a tile; one that reaches the query's
 * threshold is handed to a sink: nearest.cu keeps the best k, within.cu writes all down.
 *
 * A sink has
 *     start(p, group, r)      the state of the group's query r at first
 *     goal(p, state)          what references of this query must reach, as a fraction
 *     refresh(p, group, r)    takes over what other blocks have found; whether the goal moved
 *     take<QUERIES, COLUMNS>(p, group, reference)   looks at the pairs of a full scratch; whether a goal moved
 */
#pragma once
#include "threshold.h"

constexpr int TILE_ROWS = 64, WARPS = 8, LANES = 32, SEARCH_THREADS = WARPS * LANES;
/* Tiles of one side before the other side has its turn. */
constexpr int TILES_OF_A_SIDE = 4;
/* Tiles between two looks at what other blocks have found. */
constexpr int TILES_BETWEEN_LOOKS = 16;
constexpr uint32_t NO_ROW = 0xffffffff;

/* 16 bytes, written by src/backends/cuda/search-layout.ts. */
struct Tile {
  int leastPopcount, mostPopcount;
  uint32_t lowestRow;
  int index; /* of the tile, set where it is read */
};

/* A reference that was found. The empty one is worse than all: similarity 0, and behind every row. */
struct Entry {
  uint32_t row;
  uint16_t shared, popcount;
};

/* A hit of `within`. 12 bytes, read by src/backends/cuda/search-within.ts. */
struct Hit {
  uint32_t query, row;
  uint16_t shared, popcount;
};

/* Written by src/backends/cuda/search-parameters.ts: the same fields in the same order. */
struct SearchParameters {
  const uint32_t *queries;        /* [queryCount][rowWords], ascending popcounts */
  const uint16_t *queryPopcounts; /* [queryCount] */
  const uint32_t *references;     /* [tileCount * 64][rowWords], ascending popcounts */
  const uint32_t *rows;           /* [tileCount * 64] the caller's row of each */
  const uint16_t *popcounts;      /* [tileCount * 64] */
  const Tile *tiles;              /* [tileCount] */
  int *cursors;                   /* [walks][2] where each walk was left; null where nobody goes on */
  Entry *lists;                   /* nearest: [parts][queryCount][k], heaps with the worst first */
  uint32_t *bounds;               /* nearest: [queryCount] shared << 16 | popcount: k references reach this */
  Hit *hits;                      /* within: [hitCapacity] */
  uint64_t *hitCount;             /* within: also counts what found no room */
  Metric metric;
  Fraction threshold;             /* within */
  int queryCount, referenceCount, tileCount, rowWords;
  int splits;                     /* blocks that share the tiles */
  int rowGroups;                  /* scan-matrix: warps that share the rows of a tile */
  int k;
  int steps;                      /* most tiles of a walk in this launch */
  int resume;                     /* goes on from `cursors` */
  int sharedLists;                /* lists are kept in shared memory meanwhile */
  int hitCapacity;
  int unused;
};
static_assert(sizeof(Metric) == 16 && sizeof(Tile) == 16 && sizeof(Entry) == 8 && sizeof(Hit) == 12, "layouts");
static_assert(sizeof(SearchParameters) == 160, "search-parameters.ts writes this layout");

/* A query during a search. */
struct QueryState {
  int popcount; /* -1 where there is no such query */
  /* The least that a reference must beat: its shared bits and popcount, and its row where it is this list's own. */
  uint16_t shared, target;
  uint32_t row;
  int strict; /* in the current tile nothing that is just as similar can win, as all rows are higher */
};

/* The queries of one warp, in shared memory. */
struct QueryGroup {
  QueryState *states; /* [QUERIES] */
  int *thresholds;    /* [QUERIES] shared bits to reach in the current tile */
  int16_t *scratch;   /* [QUERIES][COLUMNS] shared bits less the threshold: negative where a pair falls short */
  Entry *lists;       /* [QUERIES][k] */
  int first;          /* query */
  int lane;
  Tile tile;
};

DEVICE int lane_of_thread() { return threadIdx.x % LANES; }

DEVICE int popcount_of(const SearchParameters &p, int query) {
  return query < p.queryCount ? p.queryPopcounts[query] : -1;
}

/* A walk over the tiles, outwards from the first one that has a popcount. */
struct Walk {
  int right, left, stride, steps, run;
  bool turnedRight;
};

/* The walk `split` of `splits` that share the tiles. */
DEVICE Walk start_walk(const SearchParameters &p, int popcount, int split, int splits, const int *cursor) {
  if (p.resume) return Walk{cursor[0], cursor[1], splits, p.steps, 0, false};
  int low = 0, high = p.tileCount;
  NO_UNROLL while (low < high) {
    const int middle = (low + high) / 2;
    if (p.tiles[middle].mostPopcount < popcount) low = middle + 1;
    else high = middle;
  }
  return Walk{low + split, low - 1 - split, splits, p.steps, 0, false};
}

/* The next tile that has some of these popcounts; its index is -1 when there is none. */
DEVICE Tile next_tile(const SearchParameters &p, Walk &walk, PopcountRange range) {
  NO_UNROLL for (int side = 0; side < 2 && walk.steps > 0; side++) {
    if (walk.run == 0) {
      walk.turnedRight = !walk.turnedRight;
      walk.run = TILES_OF_A_SIDE;
    }
    const int at = walk.turnedRight ? walk.right : walk.left;
    if (at >= 0 && at < p.tileCount) {
      Tile tile = p.tiles[at];
      if (walk.turnedRight ? tile.leastPopcount <= range.most : tile.mostPopcount >= range.least) {
        if (walk.turnedRight) walk.right += walk.stride;
        else walk.left -= walk.stride;
        walk.steps--;
        walk.run--;
        tile.index = at;
        return tile;
      }
    }
    /* Ranges only shrink, so this side has ended. */
    if (walk.turnedRight) walk.right = p.tileCount;
    else walk.left = -1;
    walk.run = 0;
  }
  return Tile{0, 0, 0, -1};
}

DEVICE void save_walk(const Walk &walk, int *cursor) {
  cursor[0] = walk.right;
  cursor[1] = walk.left;
}

/* The popcounts that any query of the group can use. */
template <class Sink, int QUERIES>
DEVICE PopcountRange reachable_by_any(const SearchParameters &p, const QueryGroup &group) {
  PopcountRange all = {OUT_OF_REACH, -1};
  NO_UNROLL for (int r = group.lane; r < QUERIES; r += LANES) {
    const QueryState &state = group.states[r];
    if (state.popcount < 0) continue;
    const PopcountRange range = reachable(p.metric, Sink::goal(p, state), state.popcount);
    all.least = min_int(all.least, range.least);
    all.most = max_int(all.most, range.most);
  }
  NO_UNROLL for (int mask = LANES / 2; mask; mask /= 2) {
    all.least = min_int(all.least, shuffle_xor(all.least, mask));
    all.most = max_int(all.most, shuffle_xor(all.most, mask));
  }
  return all;
}

template <class Sink>
DEVICE int threshold_of(const SearchParameters &p, const QueryState &state, const Tile &tile) {
  if (state.popcount < 0) return OUT_OF_REACH;
  return fewest_shared(p.metric, Sink::goal(p, state), state.strict, state.popcount, tile.leastPopcount);
}

/* Begins a tile; whether thresholds changed. `look` is set now and then, for all lanes alike. */
template <class Sink, int QUERIES>
DEVICE bool enter_tile(const SearchParameters &p, QueryGroup &group, const Tile &tile, bool look) {
  bool changed = tile.leastPopcount != group.tile.leastPopcount;
  group.tile = tile;
  NO_UNROLL for (int r = group.lane; r < QUERIES; r += LANES) {
    QueryState &state = group.states[r];
    if (state.popcount < 0) continue;
    if (look && Sink::refresh(p, group, r)) changed = true;
    const int strict = tile.lowestRow > state.row;
    if (strict != state.strict) {
      state.strict = strict;
      changed = true;
    }
  }
  if (!any_lane(changed)) return false;
  NO_UNROLL for (int r = group.lane; r < QUERIES; r += LANES) {
    group.thresholds[r] = threshold_of<Sink>(p, group.states[r], tile);
  }
  sync_warp();
  return true;
}

/* Whether any of so many values is not negative; two are read at a time. */
template <int COLUMNS>
DEVICE bool any_survivor(const int16_t *values) {
  uint32_t signs = ~0u;
  UNROLL for (int i = 0; i < COLUMNS / 2; i++) signs &= ((const uint32_t *)values)[i];
  return (signs & 0x80008000u) != 0x80008000u;
}
