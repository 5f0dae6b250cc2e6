/*
 * Finds races: two threads that use the same memory, one of them to write, with no barrier between. The compiler calls
 * what follows before each access of a kernel built with -fsanitize=thread; the sanitizer's own library is not used.
 *
 * Ordered are: what one thread does; what lies before and after a sync_block of the same block, or a sync_warp of the
 * same warp; atomics and volatile accesses among themselves. Other collectives order no memory (CUDA C++ programming
 * guide, warp vote and shuffle functions), and nothing orders the blocks of a launch. Reading shared memory that the
 * block never wrote is reported too.
 *
 * Memory is looked at in pairs of bytes: two threads that write one byte each of such a pair are reported wrongly.
 */
#include "fibers.h"

#include <unordered_map>

namespace emulator {
namespace {

enum : size_t { GRAIN = 2, PAGE_GRAINS = PAGE / GRAIN };

/* Who used a grain, and after how many barriers. */
struct Use {
  uint32_t run; /* 0: nobody */
  uint16_t thread;
  bool atomic;
  uint32_t barriers, syncs;
};

/* The last write, and reads since: the last, one by another thread of its warp, one by another warp. */
struct Grain {
  Use write, read, sameWarp, otherWarp;
};

/* By what the shared memory belongs to: the place of the block among those under way. */
std::vector<std::vector<Grain>> shared;
/* By page of device memory; an empty one for pages that are none. */
std::unordered_map<uintptr_t, std::vector<Grain>> pages;
uint32_t pagesOf; /* the launch that `pages` and `shared` are of, by the blocks before it */

bool in_order(const Use &before, const Use &now) {
  if (before.run != now.run) return before.run <= machine.runsBefore;
  if (before.thread == now.thread || before.barriers < now.barriers) return true;
  return before.thread / LANES == now.thread / LANES && before.syncs < now.syncs;
}

void check(const Use &before, const char *did, const Use &now, const char *does, const char *where, size_t at) {
  if (before.run == 0 || in_order(before, now) || (before.atomic && now.atomic)) return;
  fail("a race: it %s byte %zu of %s, thread %u of %s %s it, and no barrier is between", does, at, where,
       before.thread, before.run == now.run ? "this block" : "another block", did);
}

bool is_read(Access access) { return access == READ || access == ATOMIC_READ; }

void use(Grain &grain, const Use &now, Access access, const char *where, size_t at) {
  const char *does = is_read(access) ? "reads" : "writes";
  check(grain.write, "wrote", now, does, where, at);
  if (is_read(access)) {
    if (grain.read.run && grain.read.thread != now.thread) {
      const bool close = grain.read.run == now.run && grain.read.thread / LANES == now.thread / LANES;
      (close ? grain.sameWarp : grain.otherWarp) = grain.read;
    }
    grain.read = now;
    return;
  }
  for (const Use *read : {&grain.read, &grain.sameWarp, &grain.otherWarp}) check(*read, "read", now, does, where, at);
  grain = Grain{};
  grain.write = now;
}

std::vector<Grain> &grains_of_page(uintptr_t address) {
  auto [found, isNew] = pages.try_emplace(address / PAGE);
  if (isNew && mayRead && mayRead((const void *)address, 1)) found->second.resize(PAGE_GRAINS);
  return found->second;
}

}  // namespace

void note(const void *address, size_t bytes, Access access) {
  const Fiber *self = machine.current;
  if (!self) return;
  const Block &block = *self->block;
  if (pagesOf != machine.runsBefore || shared.empty()) {
    pagesOf = machine.runsBefore;
    pages.clear();
    shared.assign(machine.under_way.size(), std::vector<Grain>(machine.sharedBytes / GRAIN + 1));
  }
  const Use now = {block.run, (uint16_t)self->thread, access == ATOMIC_READ || access == ATOMIC_WRITE, block.barriers,
                   block.warps[self->thread / LANES].syncs};
  const uintptr_t at = (uintptr_t)address, start = (uintptr_t)block.shared;
  if (at >= start && at < start + machine.sharedBytes) {
    std::vector<Grain> &grains = shared[(size_t)(&block - machine.under_way.data())];
    for (size_t i = (at - start) / GRAIN; i * GRAIN < at - start + bytes && i < grains.size(); i++) {
      if (grains[i].write.run != block.run) {
        grains[i] = Grain{};
        if (is_read(access)) fail("it reads byte %zu of shared memory, which no thread wrote", i * GRAIN);
      }
      use(grains[i], now, access, "shared memory", i * GRAIN);
    }
    return;
  }
  for (uintptr_t grain = at / GRAIN; grain * GRAIN < at + bytes; grain++) {
    std::vector<Grain> &grains = grains_of_page(grain * GRAIN);
    if (!grains.empty()) use(grains[grain % PAGE_GRAINS], now, access, "the memory at its page", grain * GRAIN % PAGE);
  }
}

}  // namespace emulator

#define NOTED(name, bytes, access) \
  void __tsan_##name(void *at) { emulator::note(at, bytes, emulator::access); }
#define NOTED_OF_SIZE(bytes)                        \
  NOTED(read##bytes, bytes, READ)                   \
  NOTED(write##bytes, bytes, WRITE)                 \
  NOTED(unaligned_read##bytes, bytes, READ)         \
  NOTED(unaligned_write##bytes, bytes, WRITE)       \
  NOTED(volatile_read##bytes, bytes, ATOMIC_READ)   \
  NOTED(volatile_write##bytes, bytes, ATOMIC_WRITE)

extern "C" {
NOTED_OF_SIZE(1)
NOTED_OF_SIZE(2)
NOTED_OF_SIZE(4)
NOTED_OF_SIZE(8)
NOTED_OF_SIZE(16)
void __tsan_read_range(void *at, size_t bytes) { emulator::note(at, bytes, emulator::READ); }
void __tsan_write_range(void *at, size_t bytes) { emulator::note(at, bytes, emulator::WRITE); }
void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
}
