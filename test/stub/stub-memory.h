/* Memory of the stub's device, and pinned memory: both between guard pages, both never at an address used before. */
#pragma once
#include <sys/mman.h>

#include "stub-report.h"

/*
 *     guard page | OUTSIDE ... | the allocation, up to 15 bytes OUTSIDE | guard page
 *
 * A freed one stays as guard pages, so that its address is known for freed.
 */
typedef struct {
  unsigned char *mapped, *start;
  size_t mappedBytes, bytes;
  bool pinned, live;
} Allocation;

enum { PAGE = 4096, ALIGNMENT = 16, OUTSIDE = 0xC3, UNWRITTEN = 0xA5 };

static Allocation *allocations;
static int allocationCount, allocationCapacity;
static size_t deviceBytes; /* live ones of the device */

static unsigned char *allocate(size_t bytes, bool pinned) {
  size_t aligned = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  size_t pages = (aligned + PAGE - 1) / PAGE * PAGE;
  Allocation a = {.mappedBytes = pages + 2 * PAGE, .bytes = bytes, .pinned = pinned, .live = true};
  a.mapped = mmap(NULL, a.mappedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (a.mapped == MAP_FAILED || mprotect(a.mapped + PAGE, pages, PROT_READ | PROT_WRITE)) return NULL;
  a.start = a.mapped + PAGE + pages - aligned;
  memset(a.mapped + PAGE, OUTSIDE, pages);
  memset(a.start, UNWRITTEN, bytes);
  if (allocationCount == allocationCapacity) {
    allocationCapacity = 2 * allocationCapacity + 64;
    allocations = realloc(allocations, (size_t)allocationCapacity * sizeof *allocations);
  }
  allocations[allocationCount++] = a;
  if (!pinned) deviceBytes += bytes;
  return a.start;
}

/* The allocation that an address lies in, freed or not; NULL for none. */
static Allocation *allocation_at(const void *address) {
  const unsigned char *at = address;
  for (int i = allocationCount - 1; i >= 0; i--) {
    Allocation *a = &allocations[i];
    if (at >= a->start && at < a->start + a->bytes) return a;
  }
  return NULL;
}

static const char *kind_of(const Allocation *a) { return a->pinned ? "pinned memory" : "device memory"; }

static void release(Allocation *a) {
  const unsigned char *end = a->start + a->bytes, *last = a->mapped + a->mappedBytes - PAGE;
  for (const unsigned char *at = a->mapped + PAGE; at < last; at++) {
    if (at == a->start) at = end;
    if (at < last && *at != OUTSIDE) {
      problem("write past the end of %s of %zu bytes", kind_of(a), a->bytes);
      break;
    }
  }
  a->live = false;
  if (!a->pinned) deviceBytes -= a->bytes;
  madvise(a->mapped, a->mappedBytes, MADV_DONTNEED);
  mprotect(a->mapped, a->mappedBytes, PROT_NONE);
}

/* Whether `bytes` from an address on are live memory of this kind; writes down why not. */
static bool usable(const char *call, const char *what, uint64_t address, size_t bytes, bool pinned) {
  Allocation *a = allocation_at((const void *)address);
  if (!a || a->pinned != pinned) {
    problem("%s: its %s is no %s", call, what, pinned ? "pinned memory" : "device memory");
  } else if (!a->live) {
    problem("%s: its %s is freed %s", call, what, kind_of(a));
  } else if ((size_t)(a->start + a->bytes - (unsigned char *)address) < bytes) {
    problem("%s: its %s goes past the end of %s of %zu bytes", call, what, kind_of(a), a->bytes);
  } else {
    return true;
  }
  return false;
}

/* What a kernel may read with a copy to shared memory. */
static bool may_read(const void *from, size_t bytes) {
  const Allocation *a = allocation_at(from);
  return a && a->live && (size_t)(a->start + a->bytes - (const unsigned char *)from) >= bytes;
}

static void reset_memory(void) {
  for (int i = 0; i < allocationCount; i++) munmap(allocations[i].mapped, allocations[i].mappedBytes);
  allocationCount = 0;
  deviceBytes = 0;
}
