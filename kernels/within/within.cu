/* Every reference at least as similar as a threshold, for each query. See ../nearest/search.h. */
#include "../nearest/scan-matrix.h"
#include "../nearest/scan-words.h"

struct Within {
  DEVICE Fraction goal(const SearchParameters &p, const QueryState &) { return p.threshold; }

  DEVICE QueryState start(const SearchParameters &p, const QueryGroup &group, int r) {
    return QueryState{popcount_of(p, group.first + r), 0, 0, NO_ROW, 0};
  }

  DEVICE bool refresh(const SearchParameters &, const QueryGroup &, int) { return false; }

  /* Goals never move. Hits past the room are counted, so that the caller knows how much it takes. */
  template <int QUERIES, int COLUMNS>
  DEVICE bool take(const SearchParameters &p, QueryGroup &group, int reference) {
    const int columns = min_int(COLUMNS, p.referenceCount - reference);
    NO_UNROLL for (int first = 0; first < QUERIES; first += LANES) {
      const int r = first + group.lane;
      uint32_t found = 0;
      if (r < QUERIES && group.states[r].popcount >= 0) {
        NO_UNROLL for (int j = 0; j < columns; j++) {
          const int above = group.scratch[r * COLUMNS + j];
          if (above < 0) continue;
          const Fraction similar = similarity(p.metric, above + group.thresholds[r], group.states[r].popcount,
                                              p.popcounts[reference + j]);
          if (compare(similar, p.threshold) >= 0) found |= 1u << j;
        }
      }
      /* Hits of this lane and those before. */
      int upTo = count_bits(found);
      for (int step = 1; step < LANES; step *= 2) {
        const int before = shuffle(upTo, max_int(group.lane - step, 0));
        if (group.lane >= step) upTo += before;
      }
      const int all = shuffle(upTo, LANES - 1);
      if (all == 0) continue;
      const uint64_t place = group.lane == 0 ? atomic_add(p.hitCount, (uint64_t)all) : 0;
      uint64_t at = ((uint64_t)(uint32_t)shuffle((int)(place >> 32), 0) << 32 | (uint32_t)shuffle((int)place, 0)) +
                    (upTo - count_bits(found));
      for (int j = 0; j < columns; j++) {
        if (!(found >> j & 1)) continue;
        if (at < (uint64_t)p.hitCapacity) {
          p.hits[at] = Hit{(uint32_t)(group.first + r), p.rows[reference + j],
                           (uint16_t)(group.scratch[r * COLUMNS + j] + group.thresholds[r]),
                           p.popcounts[reference + j]};
        }
        at++;
      }
    }
    return false;
  }
};

#define WITHIN_ON_MATRIX_UNITS(bits, chunks)                                                               \
  KERNEL(within_##bits##_by_16, SEARCH_THREADS, SearchParameters) { scan_matrix<Within, chunks, 1>(p); }   \
  KERNEL(within_##bits##_by_64, SEARCH_THREADS, SearchParameters) { scan_matrix<Within, chunks, 4>(p); }
WITHIN_ON_MATRIX_UNITS(512, 1)
WITHIN_ON_MATRIX_UNITS(1024, 2)
WITHIN_ON_MATRIX_UNITS(2048, 4)
KERNEL(within_words_by_1, SEARCH_THREADS, SearchParameters) { scan_words<Within, 1>(p); }
KERNEL(within_words_by_8, SEARCH_THREADS, SearchParameters) { scan_words<Within, 8>(p); }
