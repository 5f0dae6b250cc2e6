/* Lists of the k best references of one query: heaps with the worst on top, filled up with empty entries. */
#pragma once
#include "search.h"

DEVICE Entry no_entry() { return Entry{NO_ROW, 0, 0xffff}; }

/* Whether x comes before y in the order of results, for a query of `query` set bits. */
DEVICE bool comes_before(const Metric &metric, int query, const Entry &x, const Entry &y) {
  const int order = compare(similarity(metric, x.shared, query, x.popcount),
                            similarity(metric, y.shared, query, y.popcount));
  return order > 0 || (order == 0 && x.row < y.row);
}

/* Puts an entry into the heap of `size` entries whose top is free. */
DEVICE void sift_down(const Metric &metric, int query, Entry *heap, int size, Entry entry) {
  int at = 0;
  NO_UNROLL for (;;) {
    int child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && comes_before(metric, query, heap[child], heap[child + 1])) child++;
    if (!comes_before(metric, query, entry, heap[child])) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = entry;
}

/* Takes an entry into the list when it belongs there; whether it did. */
DEVICE bool offer(const Metric &metric, int query, Entry *list, int k, Entry entry) {
  if (!comes_before(metric, query, entry, list[0])) return false;
  sift_down(metric, query, list, k, entry);
  return true;
}

/* Brings a list into the order of results. */
DEVICE void sort_list(const Metric &metric, int query, Entry *list, int k) {
  for (int size = k - 1; size > 0; size--) {
    const Entry worst = list[0], moved = list[size];
    sift_down(metric, query, list, size, moved);
    list[size] = worst;
  }
}
