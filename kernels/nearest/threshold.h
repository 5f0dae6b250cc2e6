/*
 * When references can be skipped, in exact integers, for every metric of src/core/metric.ts. With a set bits of the
 * query, b of the reference and c shared ones:
 *
 *     weighted  S c / (S c + Q (a - c) + T (b - c))     cosine  c^2 / (a b), its square
 *
 * Two empty fingerprints have similarity 1, any other 0 / 0 is 0. Numerators and denominators are at most 2^27 (8,192
 * bits, weights up to 4,000, thresholds in 10,000ths), so that every product below stays under 2^63.
 */
#pragma once
#include <math.h>

#include "../cuda.h"

/* 16 bytes, written by src/backends/cuda/search-parameters.ts. */
struct Metric {
  int cosine, shared, query, target;
};

struct Fraction {
  uint32_t numerator, denominator;
};

/* Popcounts, both ends included. */
struct PopcountRange {
  int least, most;
};

/* More shared bits than a fingerprint has; also what stands for any larger number. */
constexpr int OUT_OF_REACH = 0x7fff;

DEVICE Fraction similarity(const Metric &metric, int shared, int query, int target) {
  Fraction f;
  f.numerator = metric.cosine ? shared * shared : metric.shared * shared;
  f.denominator = metric.cosine ? query * target
                                : f.numerator + metric.query * (query - shared) + metric.target * (target - shared);
  if (f.denominator == 0) {
    f.numerator = query + target == 0;
    f.denominator = 1;
  }
  return f;
}

/* Positive when x is larger, 0 when both are the same ratio. */
DEVICE int compare(Fraction x, Fraction y) {
  const uint64_t left = (uint64_t)x.numerator * y.denominator, right = (uint64_t)y.numerator * x.denominator;
  return left > right ? 1 : left < right ? -1 : 0;
}

/* The quotient rounded down, OUT_OF_REACH where it is larger: an estimate is at most one off, and put right. */
DEVICE int floor_quotient(uint64_t numerator, uint64_t denominator) {
  const float estimate = divide_fast((float)numerator, (float)denominator);
  if (estimate > OUT_OF_REACH) return OUT_OF_REACH;
  uint64_t quotient = (uint64_t)(uint32_t)estimate;
  NO_UNROLL while (quotient * denominator > numerator) quotient--;
  NO_UNROLL while ((quotient + 1) * denominator <= numerator) quotient++;
  return min_int((int)quotient, OUT_OF_REACH);
}

DEVICE int ceil_quotient(uint64_t numerator, uint64_t denominator) {
  return floor_quotient(numerator + denominator - 1, denominator);
}

/*
 * The fewest shared bits with which a reference of `target` or more set bits can be as similar as `goal`; more similar
 * where `strict`. Never too many: what reaches it still has to be compared.
 */
DEVICE int fewest_shared(const Metric &metric, Fraction goal, bool strict, int query, int target) {
  if (query == 0 && target == 0) return 0;
  const uint64_t n = goal.numerator, d = goal.denominator;
  int fewest;
  if (metric.cosine) { /* c^2 d >= n a b */
    const uint64_t least = n * (uint64_t)(query * target) + strict;
    uint64_t c = (uint64_t)sqrtf(divide_fast((float)least, (float)d));
    NO_UNROLL while (c > 0 && (c - 1) * (c - 1) * d >= least) c--;
    NO_UNROLL while (c * c * d < least) c++;
    fewest = (int)c;
  } else { /* c (S (d - n) + n (Q + T)) >= n (Q a + T b) */
    const uint64_t per_bit = metric.shared * (d - n) + n * (uint64_t)(metric.query + metric.target);
    const uint64_t least = n * (uint64_t)(metric.query * query + metric.target * target) + strict;
    fewest = per_bit ? ceil_quotient(least, per_bit) : strict ? OUT_OF_REACH : 0;
  }
  /* Without a shared bit the similarity is 0, as one of the two is not empty. */
  return n > 0 ? max_int(fewest, 1) : fewest;
}

/*
 * The popcounts with which a reference can be as similar as `goal`: the fewer set bits are all shared at best.
 * BitBound: Swamidass and Baldi 2007, doi:10.1021/ci600358f.
 */
DEVICE PopcountRange reachable(const Metric &metric, Fraction goal, int query) {
  const uint64_t n = goal.numerator, d = goal.denominator, a = query;
  PopcountRange range = {0, OUT_OF_REACH};
  if (n == 0) return range;
  if (query == 0) {
    range.most = 0;
    return range;
  }
  const uint64_t lost = metric.cosine ? 0 : metric.shared * (d - n);
  const uint64_t below = metric.cosine ? d : lost + n * metric.query, above = n * (metric.cosine ? 1 : metric.target);
  const uint64_t unshared = n * (metric.cosine ? 1 : metric.query);
  if (below) range.least = ceil_quotient(a * unshared, below);
  if (above) range.most = floor_quotient(a * (metric.cosine ? d : lost + above), above);
  range.least = max_int(range.least, 1);
  return range;
}
