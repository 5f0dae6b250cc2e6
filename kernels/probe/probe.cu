/*
 * What a card is asked before its kernels are believed and timed. `fragment_*` do one matrix instruction on fragments
 * that the host wrote, so that the host can check register by register which bits meet where; `rate_*` repeat one
 * instruction on registers alone; `read_memory` reads memory and does nothing with it.
 */
#include "../cuda.h"

/*
 *     fragments      uint32 [probes, 32 lanes, 6]: a0 .. a3, b0, b1
 *     accumulators   int32 [probes, 32 lanes, 4]
 *
 * One block of one warp for each probe. Accumulators start at 4 lane + i, so that one that comes out in another place
 * is seen, too.
 */
struct FragmentParams {
  const uint32_t *fragments;
  uint32_t *accumulators;
};
static_assert(sizeof(FragmentParams) == 16, "written by bench/gpu/fragment-probe.ts");

enum { WARP = 32, REGISTERS = 6 };

DEVICE uint32_t float_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}

#define FRAGMENT_KERNEL(name, Number, multiply, bits_of)                                             \
  KERNEL(name, WARP, FragmentParams) {                                                               \
    const uint32_t *f = p.fragments + ((size_t)blockIdx.x * WARP + threadIdx.x) * REGISTERS;         \
    Number d[4];                                                                                     \
    UNROLL for (int i = 0; i < 4; i++) d[i] = (Number)(4 * (int)threadIdx.x + i);                    \
    multiply;                                                                                        \
    uint32_t *out = p.accumulators + ((size_t)blockIdx.x * WARP + threadIdx.x) * 4;                  \
    UNROLL for (int i = 0; i < 4; i++) out[i] = bits_of(d[i]);                                       \
  }

FRAGMENT_KERNEL(fragment_bits, int, mma_bits(d, f[0], f[1], f[2], f[3], f[4], f[5], d), (uint32_t))
FRAGMENT_KERNEL(fragment_bits_by_bytes, int, mma_bits_by_bytes(d, f[0], f[1], f[2], f[3], f[4], f[5], d), (uint32_t))
FRAGMENT_KERNEL(fragment_bytes, int, mma_bytes(d, f[0], f[1], f[2], f[3], f[4], f[5]), (uint32_t))
FRAGMENT_KERNEL(fragment_halves, float, mma_halves(d, f[0], f[1], f[2], f[3], f[4], f[5]), float_bits)

/*
 * The same for float64, with one register of A, one of B and two accumulators a lane:
 *
 *     fragments      float64 [probes, 32 lanes, 2]
 *     accumulators   float64 [probes, 32 lanes, 2]
 */
struct DoubleFragmentParams {
  const double *fragments;
  double *accumulators;
};
static_assert(sizeof(DoubleFragmentParams) == 16, "written by bench/gpu/double-probe.ts");

KERNEL(fragment_doubles, WARP, DoubleFragmentParams) {
  const size_t at = ((size_t)blockIdx.x * WARP + threadIdx.x) * 2;
  double d[2] = {2.0 * threadIdx.x, 2.0 * threadIdx.x + 1};
  mma_doubles(d, p.fragments[at], p.fragments[at + 1]);
  UNROLL for (int i = 0; i < 2; i++) p.accumulators[at + i] = d[i];
}

/*
 *     clocks   int64 [blocks]: the multiprocessor's clock over the loop
 *     sink     uint32 [blocks, 256]: what the loop came to, so that it is not left out
 */
struct RateParams {
  int64_t *clocks;
  uint32_t *sink;
  double numerator;
  int32_t rounds;
};
static_assert(sizeof(RateParams) == 32, "written by bench/gpu/rates.ts");

enum {
  RATE_THREADS = 256,
  /* Independent instructions in a row, so that none waits for the one before. */
  CHAINS = 8
};

/* `start` makes x[k], `step` is repeated on it, `result` gives 32 bits of it; k is the chain, i the round. */
#define RATE_KERNEL(name, Number, start, step, result)                             \
  KERNEL(name, RATE_THREADS, RateParams) {                                         \
    const uint32_t seed = (uint32_t)threadIdx.x * 2654435761u + (uint32_t)p.rounds; \
    Number x[CHAINS];                                                              \
    UNROLL for (int k = 0; k < CHAINS; k++) start;                                 \
    sync_block();                                                                  \
    const int64_t before = read_clock();                                           \
    NO_UNROLL for (int i = 0; i < p.rounds; i++) UNROLL for (int k = 0; k < CHAINS; k++) step; \
    uint32_t sum = 0;                                                              \
    UNROLL for (int k = 0; k < CHAINS; k++) sum ^= result;                         \
    sync_block();                                                                  \
    const int64_t after = read_clock();                                            \
    p.sink[(size_t)blockIdx.x * RATE_THREADS + threadIdx.x] = sum;                 \
    if (threadIdx.x == 0) p.clocks[blockIdx.x] = after - before;                   \
  }

struct IntTile {
  int d[4];
};
struct FloatTile {
  float d[4];
};

#define FOUR_ZEROS UNROLL for (int n = 0; n < 4; n++) x[k].d[n] = 0
#define A_FRAGMENT seed, seed ^ 0x55555555u, ~seed, seed + 1
/* Halves between 0 and 2, so that no product is infinite or no number. */
#define HALVES(word) ((word) & 0x3bff3bffu)

RATE_KERNEL(rate_bits, IntTile, FOUR_ZEROS, mma_bits(x[k].d, A_FRAGMENT, seed + k, seed ^ k, x[k].d),
            (uint32_t)(x[k].d[0] ^ x[k].d[3]))
RATE_KERNEL(rate_bytes, IntTile, FOUR_ZEROS, mma_bytes(x[k].d, A_FRAGMENT, seed + k, seed ^ k),
            (uint32_t)(x[k].d[0] ^ x[k].d[3]))
RATE_KERNEL(rate_halves, FloatTile, FOUR_ZEROS,
            mma_halves(x[k].d, HALVES(seed), HALVES(~seed), HALVES(seed + 1), HALVES(seed ^ 7), HALVES(seed + k),
                       HALVES(seed ^ k)),
            float_bits(x[k].d[0] + x[k].d[3]))
/* AND, count, add: what one word of two fingerprints costs without matrix instructions. */
RATE_KERNEL(rate_counts, uint32_t, x[k] = seed + k, x[k] += (uint32_t)count_bits(x[k] & (seed ^ i)), x[k])
RATE_KERNEL(rate_divisions, double, x[k] = 1.0 + seed % 97 + k, x[k] = p.numerator / x[k], (uint32_t)x[k])

/*
 * Reads memory from end to end: each block `chunks` times READ_CHUNK words of 16 bytes, LOADS of them under way in a
 * thread. `sink` is written only where they come to what nobody wrote.
 */
struct ReadParams {
  const uint32_t *memory;
  uint32_t *sink;
  int32_t chunks;
};
static_assert(sizeof(ReadParams) == 24, "written by bench/gpu/bandwidth.ts");

struct alignas(16) Words {
  uint32_t word[4];
};

enum { READ_THREADS = 256, LOADS = 8, READ_CHUNK = READ_THREADS * LOADS };

KERNEL(read_memory, READ_THREADS, ReadParams) {
  const Words *memory = (const Words *)p.memory + (size_t)blockIdx.x * p.chunks * READ_CHUNK + threadIdx.x;
  uint32_t sum = 0;
  NO_UNROLL for (int chunk = 0; chunk < p.chunks; chunk++, memory += READ_CHUNK) {
    Words loaded[LOADS];
    UNROLL for (int i = 0; i < LOADS; i++) loaded[i] = memory[i * READ_THREADS];
    UNROLL for (int i = 0; i < LOADS; i++) {
      sum ^= loaded[i].word[0] ^ loaded[i].word[1] ^ loaded[i].word[2] ^ loaded[i].word[3];
    }
  }
  if (sum == 0x9e3779b9u) p.sink[threadIdx.x] = sum;
}
