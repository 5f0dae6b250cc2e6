/* The k nearest references of each query, exactly. See search.h. */
#include "lists.h"
#include "scan-matrix.h"
#include "scan-words.h"

/* As it stands in `bounds` when k references have not been found: similarity 0. */
constexpr uint32_t NO_BOUND = 0x0000ffff;

DEVICE Fraction bound_similarity(const Metric &metric, int query, uint32_t bound) {
  return similarity(metric, bound >> 16, query, bound & 0xffff);
}

/* Tells the other blocks that k references are at least as similar as this one. */
DEVICE void raise_bound(const Metric &metric, int query, uint32_t *bound, const Entry &entry) {
  const uint32_t own = (uint32_t)entry.shared << 16 | entry.popcount;
  const Fraction similar = similarity(metric, entry.shared, query, entry.popcount);
  uint32_t seen = load_shared_by_blocks(bound);
  while (compare(similar, bound_similarity(metric, query, seen)) > 0) {
    const uint32_t before = atomic_exchange_if(bound, seen, own);
    if (before == seen) break;
    seen = before;
  }
}

struct Nearest {
  DEVICE Fraction goal(const SearchParameters &p, const QueryState &state) {
    return similarity(p.metric, state.shared, state.popcount, state.target);
  }

  DEVICE QueryState start(const SearchParameters &p, const QueryGroup &group, int r) {
    QueryState state = {popcount_of(p, group.first + r), 0, 0xffff, NO_ROW, 0};
    if (state.popcount < 0) return state;
    const Entry &worst = group.lists[(size_t)r * p.k];
    state.shared = worst.shared;
    state.target = worst.popcount;
    state.row = worst.row;
    adopt_bound(p, group, r, state);
    return state;
  }

  DEVICE bool adopt_bound(const SearchParameters &p, const QueryGroup &group, int r, QueryState &state) {
    const uint32_t bound = load_shared_by_blocks(p.bounds + group.first + r);
    if (compare(bound_similarity(p.metric, state.popcount, bound), goal(p, state)) <= 0) return false;
    state.shared = bound >> 16;
    state.target = bound & 0xffff;
    state.row = NO_ROW;
    return true;
  }

  DEVICE bool refresh(const SearchParameters &p, const QueryGroup &group, int r) {
    return adopt_bound(p, group, r, group.states[r]);
  }

  template <int QUERIES, int COLUMNS>
  DEVICE bool take(const SearchParameters &p, QueryGroup &group, int reference) {
    bool moved = false;
    const int columns = min_int(COLUMNS, p.referenceCount - reference);
    NO_UNROLL for (int r = group.lane; r < QUERIES; r += LANES) {
      const int16_t *above = group.scratch + r * COLUMNS;
      QueryState &state = group.states[r];
      if (state.popcount < 0 || !any_survivor<COLUMNS>(above)) continue;
      Entry *list = group.lists + (size_t)r * p.k;
      bool changed = false;
      NO_UNROLL for (int j = 0; j < columns; j++) {
        if (above[j] < 0) continue;
        const Entry entry = {p.rows[reference + j], (uint16_t)(above[j] + group.thresholds[r]),
                             p.popcounts[reference + j]};
        changed |= offer(p.metric, state.popcount, list, p.k, entry);
      }
      if (!changed || list[0].row == NO_ROW) continue;
      const Entry worst = list[0];
      if (compare(similarity(p.metric, worst.shared, state.popcount, worst.popcount), goal(p, state)) < 0) continue;
      state.shared = worst.shared;
      state.target = worst.popcount;
      state.row = worst.row;
      state.strict = group.tile.lowestRow > worst.row;
      group.thresholds[r] = threshold_of<Nearest>(p, state, group.tile);
      raise_bound(p.metric, state.popcount, p.bounds + group.first + r, worst);
      moved = true;
    }
    return any_lane(moved);
  }
};

#define NEAREST_ON_MATRIX_UNITS(bits, chunks)                                                                     \
  KERNEL(nearest_##bits##_by_16, SEARCH_THREADS, SearchParameters) { scan_matrix<Nearest, chunks, 1>(p); }        \
  KERNEL(nearest_##bits##_by_64, SEARCH_THREADS, SearchParameters) { scan_matrix<Nearest, chunks, 4>(p); }
NEAREST_ON_MATRIX_UNITS(512, 1)
NEAREST_ON_MATRIX_UNITS(1024, 2)
NEAREST_ON_MATRIX_UNITS(2048, 4)
KERNEL(nearest_words_by_1, SEARCH_THREADS, SearchParameters) { scan_words<Nearest, 1>(p); }
KERNEL(nearest_words_by_8, SEARCH_THREADS, SearchParameters) { scan_words<Nearest, 8>(p); }

/* Written by src/backends/cuda/search-parameters.ts: the same fields in the same order. */
struct ListParameters {
  const uint16_t *queryPopcounts; /* [queryCount] */
  const uint32_t *places;         /* finish: [queryCount] where the caller has each query */
  Entry *lists;                   /* [parts][queryCount][k] */
  uint32_t *bounds;               /* [queryCount] */
  uint32_t *indexes;              /* finish: [queryCount][k] */
  uint16_t *intersections;        /* finish: likewise */
  uint16_t *unions;               /* finish: likewise */
  uint32_t *counts;               /* histogram: [bins] */
  Metric metric;
  int queryCount, k, parts;
  int stride; /* merge: one list of so many holds something */
  int fanIn;  /* merge: such lists that become one */
  int bins;
};
static_assert(sizeof(ListParameters) == 104, "search-parameters.ts writes this layout");

/* Empties lists and bounds. */
KERNEL(nearest_begin, SEARCH_THREADS, ListParameters) {
  const size_t entries = (size_t)p.parts * p.queryCount * p.k, step = (size_t)gridDim.x * SEARCH_THREADS;
  for (size_t i = (size_t)blockIdx.x * SEARCH_THREADS + threadIdx.x; i < entries; i += step) {
    p.lists[i] = no_entry();
    if (i < (size_t)p.queryCount) p.bounds[i] = NO_BOUND;
  }
}

/*
 * Moves the entries of `fanIn` lists of a query into the first of them; each warp has a query and such lists. When one
 * list remains, its worst entry bounds the query.
 */
KERNEL(nearest_merge, SEARCH_THREADS, ListParameters) {
  const int lane = threadIdx.x % LANES;
  const size_t warp = (size_t)blockIdx.x * WARPS + threadIdx.x / LANES;
  const int query = (int)(warp % p.queryCount);
  const size_t groupStride = (size_t)p.stride * p.fanIn, first = warp / p.queryCount * groupStride;
  if (first >= (size_t)p.parts) return;
  const int popcount = p.queryPopcounts[query];
  const size_t listStride = (size_t)p.queryCount * p.k;
  Entry *into = p.lists + first * listStride + (size_t)query * p.k;
  for (int j = 1; j < p.fanIn && first + (size_t)j * p.stride < (size_t)p.parts; j++) {
    Entry *from = into + (size_t)j * p.stride * listStride;
    for (int base = 0; base < p.k; base += LANES) {
      const int at = base + lane;
      Entry entry = no_entry();
      if (at < p.k) {
        entry = from[at];
        from[at] = no_entry();
      }
      const uint32_t better = ballot_lanes(entry.row != NO_ROW && comes_before(p.metric, popcount, entry, into[0]));
      for (int turn = 0; turn < LANES; turn++) {
        if (!(better >> turn & 1)) continue;
        if (turn == lane) offer(p.metric, popcount, into, p.k, entry);
        sync_warp();
      }
    }
  }
  if (lane == 0 && groupStride >= (size_t)p.parts && into[0].row != NO_ROW) {
    p.bounds[query] = (uint32_t)into[0].shared << 16 | into[0].popcount;
  }
}

/* Writes the first list of each query as the caller has it. */
KERNEL(nearest_finish, SEARCH_THREADS, ListParameters) {
  const int query = blockIdx.x * SEARCH_THREADS + threadIdx.x;
  if (query >= p.queryCount) return;
  const int popcount = p.queryPopcounts[query];
  Entry *list = p.lists + (size_t)query * p.k;
  sort_list(p.metric, popcount, list, p.k);
  const size_t place = (size_t)p.places[query] * p.k;
  for (int i = 0; i < p.k; i++) {
    const Entry entry = list[i];
    const bool none = entry.row == NO_ROW;
    p.indexes[place + i] = entry.row;
    p.intersections[place + i] = entry.shared;
    p.unions[place + i] = none ? 0 : popcount + entry.popcount - entry.shared;
  }
}

/* Whether a similarity reaches bin `bin` of `bins` equal ones; for the cosine squares are compared. */
DEVICE bool reaches_bin(const Metric &metric, Fraction f, uint64_t bin, uint64_t bins) {
  return metric.cosine ? f.numerator * bins * bins >= bin * bin * f.denominator
                       : f.numerator * bins >= bin * f.denominator;
}

/* Counts the nearest reference of each query (k = 1) in bins, as similarityBin of src/core/metric.ts does. */
KERNEL(nearest_histogram, SEARCH_THREADS, ListParameters) {
  const int query = blockIdx.x * SEARCH_THREADS + threadIdx.x;
  if (query >= p.queryCount) return;
  const Entry entry = p.lists[query];
  if (entry.row == NO_ROW) return;
  const Fraction f = similarity(p.metric, entry.shared, p.queryPopcounts[query], entry.popcount);
  const float ratio = divide_fast((float)f.numerator, (float)f.denominator);
  int bin = min_int((int)((p.metric.cosine ? sqrtf(ratio) : ratio) * p.bins), p.bins - 1);
  while (!reaches_bin(p.metric, f, bin, p.bins)) bin--;
  while (bin + 1 < p.bins && reaches_bin(p.metric, f, bin + 1, p.bins)) bin++;
  atomic_add(p.counts + bin, 1);
}
