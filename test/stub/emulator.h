/*
 * What kernels/cuda.h takes from the GPU, on the processor: every CUDA thread is a fiber (fibers.h), and a collective
 * leaves its operands, waits for the whole warp, and reads the others'. Kernels run unchanged from a plain program:
 *
 *     #include "../../kernels/nearest/nearest.cu"       // any number of .cu files, each in its own source or namespace
 *     int main() {
 *       NearestParams p = {...};                          // pointers to plain memory
 *       emulator::run("nearest", p, blocks, threads, sharedBytes, seed);  // ends the program with a message on a fault
 *     }                                                   // c++ -std=c++17 -O2 -U_FORTIFY_SOURCE -x c++ -I test/stub
 *
 * Found here: threads of a warp that meet at different calls or lines; deadlocks; copies never waited for (the bytes
 * move when the thread waits, until then the place holds poison); shared memory that was never written (poison); what
 * lies outside shared memory; addresses that are no memory at all; and where barriers miss, other answers under other
 * seeds, since the seed orders threads and blocks. Built with races.cpp, it finds each missing barrier itself.
 *
 * Not found: a loop that waits for another block (which may never begin), and what this file and cuda.h both misread
 * about the fragments' layout: the one-hot probes of bench:gpu settle that on a card.
 *
 * Stricter than the device: a thread that has ended takes part in no barrier, so that others wait for it in vain.
 */
#pragma once
#include <math.h>

#include "fibers.h"

#ifdef EMULATOR_RACES
/* The compiler does not announce what a call writes that returns a struct. */
#define DEVICE static inline __attribute__((always_inline))
#else
#define DEVICE static inline
#endif
#define KERNEL(name, threads, Params) EMULATOR_KERNEL(name, threads, Params)
#define EMULATOR_KERNEL(name, threads, Params)                                                                       \
  static void name(const Params &p);                                                                                 \
  static const emulator::Registration emulator_registration_of_##name(                                               \
      #name, threads, sizeof(Params), [](const void *bytes) { name(*static_cast<const Params *>(bytes)); });         \
  static void name(const Params &p)
#define SHARED_MEMORY(name) unsigned char *const name = emulator::machine.current->block->shared
#define UNROLL
#define NO_UNROLL

#define threadIdx (emulator::Index{emulator::machine.current->thread, 0, 0})
#define blockIdx (emulator::Index{emulator::machine.current->block->index, 0, 0})
#define blockDim (emulator::Index{emulator::machine.threads, 1, 1})
#define gridDim (emulator::Index{emulator::machine.blocks, 1, 1})

struct alignas(8) uint2 {
  uint32_t x, y;
};
struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};

namespace emulator {

/* Runs a kernel from a plain program; ends it where the kernel fails. */
template <typename Params>
void run(const char *name, const Params &parameters, unsigned blocks, unsigned threads, size_t sharedBytes,
         uint64_t seed) {
  auto found = kernels.find(name);
  std::string problem = found == kernels.end() ? std::string("no kernel ") + name
                        : found->second.parameterBytes != sizeof parameters
                            ? std::string("other parameters than those of ") + name
                            : launch(found->second, &parameters, blocks, threads, sharedBytes, seed);
  if (problem.empty()) return;
  fprintf(stderr, "%s (seed %llu)\n", problem.c_str(), (unsigned long long)seed);
  exit(1);
}

inline unsigned lane() { return machine.current->thread % LANES; }

/* IEEE 754 half precision, 1 + 5 + 10 bits, rounded to nearest, ties to even. */
inline uint16_t to_half(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return 0x7FFF;
  if (magnitude >= 0x477FF000) return sign | 0x7C00; /* 65520 and more */
  if (magnitude < 0x38800000) {                      /* below 2^-14: a multiple of 2^-24 */
    float scaled = fabsf(x) * 16777216.0f;
    return sign | (uint16_t)nearbyintf(scaled);
  }
  uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
  return sign | ((rounded - 0x38000000) >> 13);
}

inline float from_half(uint16_t half) {
  uint32_t exponent = half >> 10 & 31, fraction = half & 0x3FF;
  if (exponent == 0) return (half & 0x8000 ? -1.0f : 1.0f) * (float)fraction * (1 / 16777216.0f);
  uint32_t bits = (uint32_t)(half & 0x8000) << 16 | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

/* One step, for the atomic operations, that is no plain access. */
template <typename Number>
__attribute__((noinline, no_sanitize("thread"))) Number exchange(Number *at, Number x) {
  Number before = *at;
  *at = x;
  return before;
}

template <typename Number>
Number add(Number *at, Number x) {
  interleave();
  note(at, sizeof *at, ATOMIC_WRITE);
  Number before = exchange(at, x);
  exchange(at, (Number)(before + x));
  return before;
}

}  // namespace emulator

/*
 * Fragments as in "Matrix Fragments for mma.m16n8k256 / m16n8k32 / m16n8k16 with floating point type" of the PTX ISA.
 * Register i of A in lane 4 g + t: row g + 8 (i & 1), registers' worth of columns t + 4 (i >> 1); of B: column g, rows
 * t + 4 i; of C and D: row g + 8 (i >> 1), column 2 t + (i & 1). A register holds 32 bits, 4 bytes or 2 halves, the
 * lowest first.
 */
#define EMULATOR_FRAGMENTS(meeting)                                                        \
  const uint32_t operands[6] = {a0, a1, a2, a3, b0, b1};                                   \
  auto lanes = emulator::meet_warp(emulator::meeting, line, operands, sizeof operands);    \
  const unsigned g = emulator::lane() / 4, t = emulator::lane() % 4

DEVICE void mma_bits(int (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1,
                     const int (&c)[4], int line = __builtin_LINE()) {
  EMULATOR_FRAGMENTS(MMA_BITS);
  for (unsigned i = 0; i < 4; i++) {
    int sum = c[i];
    for (unsigned q = 0; q < 4; q++) {
      const uint32_t *a = lanes[4 * g + q], *b = lanes[4 * (2 * t + (i & 1)) + q];
      sum += __builtin_popcount(a[i >> 1] & b[4]) + __builtin_popcount(a[2 + (i >> 1)] & b[5]);
    }
    d[i] = sum;
  }
}

DEVICE void mma_bytes(int (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1,
                      int line = __builtin_LINE()) {
  EMULATOR_FRAGMENTS(MMA_BYTES);
  for (unsigned i = 0; i < 4; i++) {
    for (unsigned q = 0; q < 4; q++) {
      const uint32_t *a = lanes[4 * g + q], *b = lanes[4 * (2 * t + (i & 1)) + q];
      for (unsigned shift = 0; shift < 32; shift += 8) {
        d[i] += (int8_t)(a[i >> 1] >> shift) * (int8_t)(b[4] >> shift);
        d[i] += (int8_t)(a[2 + (i >> 1)] >> shift) * (int8_t)(b[5] >> shift);
      }
    }
  }
}

/* The device's order of additions is not documented: here they are exact, rounded once. */
DEVICE void mma_halves(float (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1,
                       int line = __builtin_LINE()) {
  EMULATOR_FRAGMENTS(MMA_HALVES);
  for (unsigned i = 0; i < 4; i++) {
    double sum = d[i];
    for (unsigned q = 0; q < 4; q++) {
      const uint32_t *a = lanes[4 * g + q], *b = lanes[4 * (2 * t + (i & 1)) + q];
      for (unsigned shift = 0; shift < 32; shift += 16) {
        sum += (double)emulator::from_half(a[i >> 1] >> shift) * emulator::from_half(b[4] >> shift);
        sum += (double)emulator::from_half(a[2 + (i >> 1)] >> shift) * emulator::from_half(b[5] >> shift);
      }
    }
    d[i] = (float)sum;
  }
}

/* Fragments as in "Matrix Fragments for mma.m8n8k4 with .f64 floating point type". */
DEVICE void mma_doubles(double (&d)[2], double a, double b, int line = __builtin_LINE()) {
  const double operands[2] = {a, b};
  auto lanes = emulator::meet_warp(emulator::MMA_DOUBLES, line, operands, sizeof operands);
  const unsigned g = emulator::lane() / 4, t = emulator::lane() % 4;
  for (unsigned i = 0; i < 2; i++) {
    for (unsigned q = 0; q < 4; q++) {
      double x, y;
      memcpy(&x, lanes[4 * g + q], 8);
      memcpy(&y, lanes[4 * (2 * t + i) + q] + 2, 8);
      d[i] += x * y;
    }
  }
}

DEVICE uint32_t pack_halves(float low, float high) {
  return emulator::to_half(low) | (uint32_t)emulator::to_half(high) << 16;
}

DEVICE void copy_async(void *to, const void *from, bool valid) {
  emulator::Fiber &self = *emulator::machine.current;
  unsigned char *at = (unsigned char *)to, *shared = self.block->shared;
  if (at < shared || at + 16 > shared + emulator::machine.sharedBytes) {
    emulator::fail("a copy to offset %td of %zu bytes of shared memory", at - shared, emulator::machine.sharedBytes);
  }
  if (((uintptr_t)to | (uintptr_t)from) % 16) emulator::fail("a copy that is not aligned to 16 bytes");
  if (valid && emulator::mayRead && !emulator::mayRead(from, 16)) emulator::fail("a copy from %p, no memory", from);
  emulator::note(to, 16, emulator::WRITE);
  if (valid) emulator::note(from, 16, emulator::READ);
  memset(to, emulator::UNDER_WAY, 16);
  self.copies.push_back({to, from, valid, self.group});
}

DEVICE void commit_copies() { emulator::machine.current->group++; }

template <int N>
DEVICE void wait_copies() {
  emulator::Fiber &self = *emulator::machine.current;
  size_t left = 0;
  for (const emulator::Copy &copy : self.copies) {
    if (copy.group >= self.group - N) {
      self.copies[left++] = copy;
      continue;
    }
    emulator::note(copy.to, 16, emulator::WRITE);
    if (copy.valid) memcpy(copy.to, copy.from, 16);
    else memset(copy.to, 0, 16);
  }
  self.copies.resize(left);
}

DEVICE void sync_block(int line = __builtin_LINE()) { emulator::meet_block(line); }

DEVICE void sync_warp(int line = __builtin_LINE()) { emulator::meet_warp(emulator::WARP, line, "", 1); }

DEVICE bool any_lane(bool x, int line = __builtin_LINE()) {
  sync_warp(line);
  uint32_t word = x;
  auto lanes = emulator::meet_warp(emulator::ANY, line, &word, 4);
  bool any = false;
  for (unsigned i = 0; i < emulator::LANES; i++) any |= lanes[i][0] != 0;
  return any;
}

DEVICE uint32_t ballot_lanes(bool x, int line = __builtin_LINE()) {
  sync_warp(line);
  uint32_t word = x;
  auto lanes = emulator::meet_warp(emulator::BALLOT, line, &word, 4);
  uint32_t all = 0;
  for (unsigned i = 0; i < emulator::LANES; i++) all |= lanes[i][0] << i;
  return all;
}

DEVICE int shuffle(int x, int lane, int line = __builtin_LINE()) {
  return (int)emulator::meet_warp(emulator::SHUFFLE, line, &x, 4)[lane & 31][0];
}

DEVICE int shuffle_xor(int x, int mask, int line = __builtin_LINE()) {
  return (int)emulator::meet_warp(emulator::SHUFFLE_XOR, line, &x, 4)[(emulator::lane() ^ mask) & 31][0];
}

DEVICE double shuffle_xor(double x, int mask, int line = __builtin_LINE()) {
  memcpy(&x, emulator::meet_warp(emulator::SHUFFLE_XOR, line, &x, 8)[(emulator::lane() ^ mask) & 31], 8);
  return x;
}

DEVICE uint32_t atomic_add(uint32_t *at, uint32_t x) { return emulator::add(at, x); }
DEVICE uint64_t atomic_add(uint64_t *at, uint64_t x) { return emulator::add(at, x); }

DEVICE uint32_t atomic_exchange_if(uint32_t *at, uint32_t expected, uint32_t x) {
  emulator::interleave();
  emulator::note(at, 4, emulator::ATOMIC_WRITE);
  uint32_t before = emulator::exchange(at, x);
  if (before != expected) emulator::exchange(at, before);
  return before;
}

DEVICE uint32_t load_shared_by_blocks(const uint32_t *at) {
  emulator::interleave();
  emulator::note(at, 4, emulator::ATOMIC_READ);
  uint32_t value = emulator::exchange((uint32_t *)at, 0u);
  emulator::exchange((uint32_t *)at, value);
  return value;
}

DEVICE int count_bits(uint32_t x) { return __builtin_popcount(x); }
DEVICE uint32_t multiply_high(uint32_t x, uint32_t y) { return (uint64_t)x * y >> 32; }

/* As wrong as the device may be: up to two units in the last place either way, and zero for divisors beyond 2^126. */
DEVICE float divide_fast(float x, float y) {
  if (fabsf(y) > 0x1p126f && fabsf(y) < INFINITY) return 0;
  float quotient = x / y;
  uint32_t bits;
  memcpy(&bits, &quotient, 4);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude >= 2 && magnitude < 0x7F7FFFF0) bits += bits * 2654435761u / 858993460u - 2;
  memcpy(&quotient, &bits, 4);
  return quotient;
}

/* Steps of the machine: it only ever grows. */
DEVICE int64_t read_clock() { return (int64_t)++emulator::machine.steps; }
