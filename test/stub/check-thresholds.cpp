/*
 * fewest_shared and reachable of kernels/nearest/threshold.h against the definition: pairs of popcounts, similarities
 * that such pairs have, and thresholds. Prints what is wrong; ends with 1 then.
 */
#include <stdio.h>

#include <vector>

#include "../../kernels/nearest/threshold.h"

/* Small popcounts one by one, and some at the far end. */
static const int POPCOUNTS[] = {0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 61, 64, 100, 2047, 2048, 4095, 8191, 8192};
static const Metric METRICS[] = {{0, 1, 1, 1},          {0, 2, 1, 1},          {1, 0, 0, 0},
                                 {0, 1000, 200, 1500},  {0, 1000, 1000, 0},    {0, 1000, 0, 1000},
                                 {0, 1000, 0, 0},       {0, 1000, 4000, 4000}, {0, 1000, 4000, 1}};

static long wrong = 0, checked = 0;

static void expect(bool right, const char *what, const Metric &m, Fraction goal, int a, int b) {
  checked++;
  if (right || ++wrong > 10) return;
  printf("%s: metric %d %d %d %d, goal %u/%u, popcounts %d and %d\n", what, m.cosine, m.shared, m.query, m.target,
         goal.numerator, goal.denominator, a, b);
}

static bool reaches(const Metric &m, Fraction goal, bool strict, int c, int a, int b) {
  const int order = compare(similarity(m, c, a, b), goal);
  return strict ? order > 0 : order >= 0;
}

static void check(const Metric &m, Fraction goal, int a) {
  const PopcountRange range = reachable(m, goal, a);
  for (int b : POPCOUNTS) {
    const int most = a < b ? a : b;
    const bool possible = reaches(m, goal, false, most, a, b);
    expect(!possible || (range.least <= b && b <= range.most), "reachable leaves out", m, goal, a, b);
    /* As tight as it can be where the similarity is not 0, except for weights of 0, which bound nothing. */
    const bool bounds = goal.numerator > 0 && (m.cosine || (m.query > 0 && m.target > 0));
    expect(possible || !bounds || b < range.least || b > range.most, "reachable lets in", m, goal, a, b);
    for (int strict = 0; strict < 2; strict++) {
      const int fewest = fewest_shared(m, goal, strict, a, b);
      const int less = fewest - 1 < most ? fewest - 1 : most;
      expect(less < 0 || !reaches(m, goal, strict, less, a, b), "too many", m, goal, a, b);
      const bool exact = a + b > 0 && (goal.numerator > 0 || strict) && fewest <= most;
      expect(!exact || reaches(m, goal, strict, fewest, a, b), "too few", m, goal, a, b);
    }
  }
}

int main() {
  for (const Metric &m : METRICS) {
    std::vector<Fraction> goals = {{0, 1}, {1, 1}, {1, 10000}, {9999, 10000}, {1, 100000000}, {99980001, 100000000}};
    for (int a : POPCOUNTS) {
      for (int b : POPCOUNTS) {
        const int most = a < b ? a : b;
        for (int c : {0, 1, most / 2, most - 1, most}) {
          if (c >= 0 && c <= most) goals.push_back(similarity(m, c, a, b));
        }
      }
    }
    for (Fraction goal : goals) {
      for (int a : POPCOUNTS) check(m, goal, a);
    }
  }
  printf("%ld checked, %ld wrong\n", checked, wrong);
  return wrong > 0;
}
