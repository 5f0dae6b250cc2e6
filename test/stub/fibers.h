/*
 * The machine of emulator.h: a launch's blocks, each CUDA thread a fiber. One fiber runs at a time, until it waits for
 * others. A few blocks are under way at once; which of their threads runs next is drawn at random, from all of them or
 * from those that came last, so that in one launch threads keep step and in another one runs far ahead.
 *
 * Only _setjmp and _longjmp switch, so build without _FORTIFY_SOURCE, which takes a jump to another stack for damage.
 */
#pragma once
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace emulator {

struct Index {
  unsigned x, y, z;
};

struct Kernel {
  const char *name;
  unsigned threads; /* at most, in a block */
  size_t parameterBytes;
  void (*run)(const void *parameters);
};

/* What threads do together. All of a warp, or of a block, must come to the same one, at the same line. */
enum Meeting { NOTHING, BLOCK, WARP, ANY, BALLOT, SHUFFLE, SHUFFLE_XOR, MMA_BITS, MMA_BYTES, MMA_HALVES, MMA_DOUBLES };

inline const char *name_of(Meeting meeting) {
  static const char *const names[] = {"nothing",     "sync_block", "sync_warp", "any_lane",  "ballot_lanes", "shuffle",
                                      "shuffle_xor", "mma_bits",   "mma_bytes", "mma_halves",
                                      "mma_doubles"};
  return names[meeting];
}

enum : unsigned { LANES = 32, MOST_THREADS = 1024, MOST_FIBERS = 2048 };
enum : size_t { STACK_BYTES = 256 << 10, PAGE = 4096, SHARED_ALIGNMENT = 128 };
enum : unsigned char { STALE = 0xCD, UNDER_WAY = 0xEE, OUTSIDE = 0xC3 };

/* A copy that was asked for; its bytes move when the thread waits for its group. */
struct Copy {
  void *to;
  const void *from;
  bool valid;
  int group;
};

struct Block;

struct Fiber {
  ucontext_t fresh;
  jmp_buf at;
  bool started;
  unsigned thread;
  Block *block;
  Meeting waitsAt;
  int line;
  int group; /* of copies: the one that is being filled */
  std::vector<Copy> copies;
};

/*
 * Operands of the meeting under way and of the one before: a lane reads the others' when all have come, and is sure to
 * have read them before it comes to the next but one.
 */
struct Warp {
  unsigned arrived, generation, syncs;
  Meeting meeting;
  int line;
  Fiber *waiting[LANES];
  uint32_t operands[2][LANES][6];
};

/*
 *     guard page | OUTSIDE ... | shared memory, up to 127 bytes OUTSIDE | guard page
 */
struct Block {
  unsigned index, finished, barriers;
  uint32_t run; /* the number of this block among all that ever ran */
  int line;
  unsigned char *shared, *mapped;
  size_t mappedBytes;
  std::vector<Fiber *> fibers, waiting;
  std::vector<Warp> warps;
};

struct Machine {
  Fiber *current = nullptr;
  std::vector<Fiber *> ready;
  jmp_buf home;
  uint64_t random = 1;
  unsigned window = 1;
  const Kernel *kernel = nullptr;
  const void *parameters = nullptr;
  unsigned blocks = 0, threads = 0;
  size_t sharedBytes = 0;
  std::vector<unsigned> order; /* of the blocks that have not begun, the next at the end */
  unsigned blocksLeft = 0;
  uint32_t runs = 0, runsBefore = 0; /* blocks that ever began; those of earlier launches */
  uint64_t steps = 0;
  char problem[1024] = "";
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Block> under_way;
};

inline Machine machine;

/* Most dynamic shared memory of a block. */
inline size_t sharedLimit = 227 << 10;
/* Whether all these bytes of global memory may be read; no check where null. */
inline bool (*mayRead)(const void *from, size_t bytes) = nullptr;

/* By name; every source of kernels adds its own before main. */
inline std::map<std::string, Kernel> kernels;

struct Registration {
  Registration(const char *name, unsigned threads, size_t bytes, void (*run)(const void *)) {
    kernels[name] = Kernel{name, threads, bytes, run};
  }
};

/* Others may be at the same place with atomic ones. */
enum Access { READ, WRITE, ATOMIC_READ, ATOMIC_WRITE };

/* Tells races.cpp, where it is compiled in, what the current thread does with memory. */
#ifdef EMULATOR_RACES
void note(const void *at, size_t bytes, Access access);
#else
inline void note(const void *, size_t, Access) {}
#endif

inline uint64_t draw() {
  Machine &m = machine;
  m.random ^= m.random >> 12;
  m.random ^= m.random << 25;
  m.random ^= m.random >> 27;
  return m.random * 2685821657736338717ull >> 32;
}

/* Ends the launch from within a thread. */
[[noreturn]] __attribute__((format(printf, 1, 2))) inline void fail(const char *format, ...) {
  Machine &m = machine;
  int at = snprintf(m.problem, sizeof m.problem, "kernel %s, block %u, thread %u: ", m.kernel->name,
                    m.current->block->index, m.current->thread);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(m.problem + at, sizeof m.problem - at, format, arguments);
  va_end(arguments);
  _longjmp(m.home, 1);
}

/* Where every thread of the current block stands, as in: 31 at sync_block (line 7), 1 at its end. */
inline std::string whereabouts() {
  std::map<std::string, int> places;
  for (const Fiber *f : machine.current->block->fibers) {
    std::string place = f->waitsAt == NOTHING ? "at the end" : name_of(f->waitsAt);
    if (f->waitsAt != NOTHING) place += " (line " + std::to_string(f->line) + ")";
    places[place]++;
  }
  std::string text;
  for (const auto &[place, count] : places) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + place;
  }
  return text;
}

[[noreturn]] inline void fail_in_deadlock() {
  for (const Block &block : machine.under_way) {
    if (block.finished < machine.threads) machine.current = block.fibers[0];
  }
  fail("deadlock; of the threads of this block %s", whereabouts().c_str());
}

[[noreturn]] inline void run_next() {
  Machine &m = machine;
  size_t n = m.ready.size();
  if (n == 0) fail_in_deadlock();
  size_t pick = n - 1 - draw() % (n < m.window ? n : m.window);
  Fiber *next = m.ready[pick];
  m.ready[pick] = m.ready[n - 1];
  m.ready.pop_back();
  m.current = next;
  m.steps++;
  if (next->started) _longjmp(next->at, 1);
  next->started = true;
  setcontext(&next->fresh);
  abort();
}

/* Lets others run until somebody makes this thread ready. */
__attribute__((noinline)) inline void wait() {
  if (!_setjmp(machine.current->at)) run_next();
}

/* Between steps that other threads can see: now and then many of them come first. */
inline void interleave() {
  if (draw() % 4) return;
  machine.ready.push_back(machine.current);
  std::swap(machine.ready.front(), machine.ready.back());
  wait();
}

inline void check_same_line(const char *what, int line, int other) {
  if (line != other) fail("threads meet at different places: %s at line %d and at line %d", what, line, other);
}

/* Gives the lane's operands, waits for the whole warp and returns those of all lanes. */
__attribute__((noinline)) inline const uint32_t (*meet_warp(Meeting meeting, int line, const void *operands,
                                                           size_t bytes))[6] {
  Fiber *self = machine.current;
  Warp &warp = self->block->warps[self->thread / LANES];
  if (warp.arrived) {
    if (warp.meeting != meeting) {
      fail("the warp diverged: %s (line %d) while others wait at %s (line %d)", name_of(meeting), line,
           name_of(warp.meeting), warp.line);
    }
    check_same_line(name_of(meeting), line, warp.line);
  }
  warp.meeting = meeting;
  warp.line = line;
  auto all = warp.operands[warp.generation & 1];
  memcpy(all[self->thread % LANES], operands, bytes);
  if (warp.arrived + 1 < LANES) {
    warp.waiting[warp.arrived++] = self;
    self->waitsAt = meeting;
    self->line = line;
    wait();
    self->waitsAt = NOTHING;
  } else {
    machine.ready.insert(machine.ready.end(), warp.waiting, warp.waiting + warp.arrived);
    warp.arrived = 0;
    warp.generation++;
    warp.syncs += meeting == WARP;
  }
  return all;
}

__attribute__((noinline)) inline void meet_block(int line) {
  Fiber *self = machine.current;
  Block &block = *self->block;
  if (!block.waiting.empty()) check_same_line(name_of(BLOCK), line, block.line);
  block.line = line;
  if (block.waiting.size() + 1 < machine.threads) {
    block.waiting.push_back(self);
    self->waitsAt = BLOCK;
    self->line = line;
    wait();
    self->waitsAt = NOTHING;
  } else {
    machine.ready.insert(machine.ready.end(), block.waiting.begin(), block.waiting.end());
    block.waiting.clear();
    block.barriers++;
  }
}

inline bool untouched(const unsigned char *from, const unsigned char *to) {
  for (; from < to; from++) {
    if (*from != OUTSIDE) return false;
  }
  return true;
}

inline void check_outside(const Block &block) {
  const unsigned char *end = block.shared + machine.sharedBytes;
  if (!untouched(block.mapped + PAGE, block.shared)) fail("a write before the start of shared memory");
  if (!untouched(end, block.mapped + block.mappedBytes - PAGE)) fail("a write past the end of shared memory");
}

inline void begin_next(Block &block) {
  Machine &m = machine;
  block.index = m.order.back();
  m.order.pop_back();
  block.finished = block.barriers = 0;
  block.run = ++m.runs;
  memset(block.shared, STALE, m.sharedBytes);
  block.warps.assign((m.threads + LANES - 1) / LANES, Warp{});
  for (Fiber *f : block.fibers) {
    f->waitsAt = NOTHING;
    f->group = 0;
    m.ready.push_back(f);
  }
}

/* What a fiber does: a thread of one block after the other. */
inline void run_threads() {
  Machine &m = machine;
  for (;;) {
    m.kernel->run(m.parameters);
    if (!m.current->copies.empty()) fail("the thread ended with copies that it never waited for");
    Block &block = *m.current->block;
    if (++block.finished == m.threads) {
      check_outside(block);
      if (--m.blocksLeft == 0) _longjmp(m.home, 1);
      if (!m.order.empty()) begin_next(block);
    }
    wait();
  }
}

inline Fiber *make_fiber() {
  auto stack = (unsigned char *)mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) abort();
  mprotect(stack, PAGE, PROT_NONE);
  machine.fibers.push_back(std::make_unique<Fiber>());
  Fiber *fiber = machine.fibers.back().get();
  getcontext(&fiber->fresh);
  fiber->fresh.uc_stack.ss_sp = stack + PAGE;
  fiber->fresh.uc_stack.ss_size = STACK_BYTES - PAGE;
  fiber->fresh.uc_link = nullptr;
  return fiber;
}

inline void map_shared(Block &block) {
  size_t aligned = (machine.sharedBytes + SHARED_ALIGNMENT - 1) / SHARED_ALIGNMENT * SHARED_ALIGNMENT;
  size_t pages = (aligned + PAGE - 1) / PAGE * PAGE;
  block.mappedBytes = pages + 2 * PAGE;
  block.mapped = (unsigned char *)mmap(nullptr, block.mappedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block.mapped == MAP_FAILED) abort();
  if (pages) mprotect(block.mapped + PAGE, pages, PROT_READ | PROT_WRITE);
  memset(block.mapped + PAGE, OUTSIDE, pages);
  block.shared = block.mapped + PAGE + pages - aligned;
}

inline void report_fault(int signal, siginfo_t *info, void *) {
  if (signal == SIGFPE) fail("a division by zero");
  fail("illegal address %p", info->si_addr);
}

/* Faults of kernels end the launch and not the process. */
class FaultHandlers {
  struct sigaction before[3];
  stack_t stackBefore;
  static constexpr int signals[3] = {SIGSEGV, SIGBUS, SIGFPE};

 public:
  FaultHandlers() {
    static unsigned char stack[64 << 10];
    stack_t own = {};
    own.ss_sp = stack;
    own.ss_size = sizeof stack;
    sigaltstack(&own, &stackBefore);
    struct sigaction action = {};
    action.sa_sigaction = report_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int i = 0; i < 3; i++) sigaction(signals[i], &action, &before[i]);
  }
  ~FaultHandlers() {
    for (int i = 0; i < 3; i++) sigaction(signals[i], &before[i], nullptr);
    sigaltstack(&stackBefore, nullptr);
  }
};

__attribute__((noinline)) inline void run_blocks() {
  FaultHandlers handlers;
  if (!_setjmp(machine.home)) run_next();
}

/*
 * Runs a kernel to its end. `parameters` are the bytes of its struct, aligned to 16.
 * Returns what went wrong; an empty text where nothing did.
 */
inline std::string launch(const Kernel &kernel, const void *parameters, unsigned blocks, unsigned threads,
                          size_t sharedBytes, uint64_t seed) {
  Machine &m = machine;
  std::string name = std::string("kernel ") + kernel.name + ": ";
  if (blocks == 0 || threads == 0 || threads > MOST_THREADS) return name + "no such grid";
  if (threads > kernel.threads) return name + "more threads than its bound of " + std::to_string(kernel.threads);
  if (sharedBytes > sharedLimit) return name + "more shared memory than the device has";
  m.kernel = &kernel;
  m.parameters = parameters;
  m.blocks = blocks;
  m.threads = threads;
  m.sharedBytes = sharedBytes;
  m.random = (seed + 1) * 0x9E3779B97F4A7C15ull | 1;
  for (int i = 0; i < 8; i++) draw();
  const unsigned windows[] = {1, 8, LANES, 4 * LANES, MOST_FIBERS};
  m.window = windows[draw() % 5];
  m.problem[0] = 0;
  m.runsBefore = m.runs;
  m.order.resize(blocks);
  for (unsigned i = 0; i < blocks; i++) m.order[i] = i;
  for (unsigned i = blocks - 1; i > 0; i--) std::swap(m.order[i], m.order[draw() % (i + 1)]);
  m.blocksLeft = blocks;
  unsigned together = 1 + draw() % 3;
  if (together > blocks) together = blocks;
  if (together > MOST_FIBERS / threads) together = MOST_FIBERS / threads;

  while (m.fibers.size() < together * threads) make_fiber();
  m.ready.clear();
  m.under_way.clear();
  m.under_way.resize(together);
  for (unsigned b = 0; b < together; b++) {
    Block &block = m.under_way[b];
    map_shared(block);
    for (unsigned t = 0; t < threads; t++) {
      Fiber *fiber = m.fibers[b * threads + t].get();
      fiber->started = false;
      fiber->thread = t;
      fiber->block = &block;
      fiber->copies.clear();
      makecontext(&fiber->fresh, (void (*)())run_threads, 0);
      block.fibers.push_back(fiber);
    }
    begin_next(block);
  }
  for (size_t i = m.ready.size() - 1; i > 0; i--) std::swap(m.ready[i], m.ready[draw() % (i + 1)]);
  m.current = m.under_way[0].fibers[0];
  run_blocks();
  for (Block &block : m.under_way) munmap(block.mapped, block.mappedBytes);
  m.under_way.clear();
  m.current = nullptr;
  return m.problem;
}

}  // namespace emulator
