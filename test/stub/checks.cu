/* Kernels that the tests of the stub and of the emulator run: a right one, and one with a planted bug of each kind. */
#include "../../kernels/cuda.h"

struct AddParams {
  const float *x, *y;
  float *sum;
  int32_t n;
};
static_assert(sizeof(AddParams) == 32, "written by check-kernels.ts");

KERNEL(check_add, 128, AddParams) {
  const int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < p.n) p.sum[i] = p.x[i] + p.y[i];
}

enum Bug {
  NO_BUG,
  MISSING_BARRIER,
  MISSING_WARP_BARRIER,
  MISSING_WAIT,
  WAIT_FOR_TOO_FEW,
  NEVER_COMMITTED,
  DIVERGENT_COLLECTIVE,
  DIVERGENT_LINES,
  DIFFERENT_BARRIERS,
  ENDED_BEFORE_BARRIER,
  PAST_SHARED_MEMORY,
  BEFORE_SHARED_MEMORY,
  COPY_PAST_SHARED_MEMORY,
  COPY_FROM_NOWHERE,
  MISALIGNED_COPY,
  STALE_SHARED_MEMORY,
  READ_NOWHERE,
  ENDED_UNDER_WAY,
  LOST_UPDATE,
  PLAIN_UPDATE,
  OVERWRITTEN_TOO_EARLY
};

/*
 *     in    uint32 [blocks, 512]
 *     out   uint32 [blocks]: the sum of a block's numbers
 *     all   the sum over all blocks
 */
struct SumParams {
  const uint32_t *in;
  uint32_t *out, *all;
  int32_t bug;
};
static_assert(sizeof(SumParams) == 32, "written by check-kernels.ts");

enum { SUM_THREADS = 128, STAGE_WORDS = 4 * SUM_THREADS };

/*
 * Shared memory, 4,096 + 512 bytes: two stages of 512 words, of which the second gets the same words shifted by one
 * thread's four, so that threads read what others copied; then a sum for each thread.
 */
KERNEL(check_sum, SUM_THREADS, SumParams) {
  SHARED_MEMORY(shared);
  uint32_t *stages = (uint32_t *)shared, *sums = stages + 2 * STAGE_WORDS;
  const int thread = (int)threadIdx.x, lane = thread & 31, other = (thread + 1) % SUM_THREADS;
  const uint32_t *in = p.in + (size_t)blockIdx.x * STAGE_WORDS;
  const void *from = p.bug == COPY_FROM_NOWHERE && thread == 5 ? (const void *)(p.in - 4) : in + 4 * thread;

  copy_async(stages + 4 * thread + (p.bug == MISALIGNED_COPY ? 1 : 0), from, true);
  commit_copies();
  copy_async(stages + STAGE_WORDS + 4 * other, in + 4 * thread, true);
  if (p.bug != NEVER_COMMITTED) commit_copies();
  if (p.bug == COPY_PAST_SHARED_MEMORY) copy_async(shared + 4608, in, true);
  if (p.bug == WAIT_FOR_TOO_FEW) wait_copies<1>();
  else if (p.bug != MISSING_WAIT) wait_copies<0>();
  if (p.bug != MISSING_BARRIER) sync_block();

  uint32_t sum = 0;
  for (int i = 0; i < 4; i++) sum += (stages[4 * other + i] + stages[STAGE_WORDS + 4 * thread + i]) / 2;
  if (p.bug == WAIT_FOR_TOO_FEW || p.bug == MISSING_WAIT) wait_copies<0>();
  if (p.bug == ENDED_UNDER_WAY) copy_async(stages + 4 * thread, in, true);

  if (p.bug == ENDED_BEFORE_BARRIER && thread == 77) return;
  if (p.bug == DIFFERENT_BARRIERS && thread >= 64) sync_warp();
  if (p.bug == DIFFERENT_BARRIERS && thread < 32) sync_block();
  if (p.bug == DIVERGENT_COLLECTIVE) sum += lane < 16 ? (uint32_t)any_lane(false) : ballot_lanes(false);
  if (p.bug == DIVERGENT_LINES) {
    if (lane & 1) sum += (uint32_t)shuffle(0, 0);
    else sum += (uint32_t)shuffle(0, 0);
  }
  if (p.bug == READ_NOWHERE && thread == 3) sum += *(const uint32_t *)((uintptr_t)p.bug * 4);
  if (p.bug == OVERWRITTEN_TOO_EARLY) { /* the vote makes threads meet, but puts no memory in order */
    any_lane(true);
    stages[4 * thread] = 0;
  }
  sums[thread] = sum;
  if (p.bug == PAST_SHARED_MEMORY && thread == 3) sums[SUM_THREADS] = 1;
  if (p.bug == BEFORE_SHARED_MEMORY && thread == 3) stages[-1] = 1;
  sync_warp();
  for (int step = 16; step; step >>= 1) {
    uint32_t more = lane < step ? sums[thread + step] : 0;
    if (p.bug != MISSING_WARP_BARRIER) sync_warp();
    sums[thread] += more;
    if (p.bug != MISSING_WARP_BARRIER) sync_warp();
  }
  sync_block();
  if (thread != 0) return;
  uint32_t whole = sums[0] + sums[32] + sums[64] + sums[96];
  if (p.bug == STALE_SHARED_MEMORY) whole += sums[SUM_THREADS - 1] - sums[SUM_THREADS];
  p.out[blockIdx.x] = whole;
  if (p.bug == LOST_UPDATE) {
    const uint32_t before = load_shared_by_blocks(p.all);
    atomic_exchange_if(p.all, load_shared_by_blocks(p.all), before + whole);
  } else if (p.bug == PLAIN_UPDATE) {
    *p.all += whole;
  } else {
    atomic_add(p.all, whole);
  }
}

/*
 * One matrix instruction for each of the three kinds, on 16 x 8 tiles over 256 bits, 32 bytes and 16 halves.
 *
 *     a     uint32 [16, 8]: 32 bytes for each row; b the same for 8 columns
 *     bits, byBytes, bytes int32 [16, 8]; halves float32 [16, 8]
 */
struct TileParams {
  const uint32_t *a, *b;
  int32_t *bits, *byBytes, *bytes;
  float *halves;
};
static_assert(sizeof(TileParams) == 48, "written by check-kernels.ts");

KERNEL(check_tiles, 32, TileParams) {
  const int g = (int)threadIdx.x / 4, t = (int)threadIdx.x % 4;
  const uint32_t *low = p.a + 8 * g, *high = p.a + 8 * (g + 8), *column = p.b + 8 * g;
  const int from[4] = {1000, 2000, 3000, 4000};
  int bits[4], byBytes[4], bytes[4] = {0, 0, 0, 0};
  float halves[4] = {0, 0, 0, 0};
  mma_bits(bits, low[t], high[t], low[t + 4], high[t + 4], column[t], column[t + 4], from);
  mma_bits_by_bytes(byBytes, low[t], high[t], low[t + 4], high[t + 4], column[t], column[t + 4], from);
  mma_bytes(bytes, low[t], high[t], low[t + 4], high[t + 4], column[t], column[t + 4]);
  mma_halves(halves, low[t], high[t], low[t + 4], high[t + 4], column[t], column[t + 4]);
  for (int i = 0; i < 4; i++) {
    const int at = (g + 8 * (i >> 1)) * 8 + 2 * t + (i & 1);
    p.bits[at] = bits[i];
    p.byBytes[at] = byBytes[i];
    p.bytes[at] = bytes[i];
    p.halves[at] = halves[i];
  }
}

/*
 * Numbers by what cuda.h computes: each of `count` floats packed into halves with its neighbour, a quotient of them,
 * and the high word of a product; sums over the warp by shuffles.
 */
struct NumberParams {
  const float *x;
  uint32_t *halves, *high;
  float *quotients;
  double *sums;
  int32_t *picked;
};
static_assert(sizeof(NumberParams) == 48, "written by check-kernels.ts");

KERNEL(check_numbers, 64, NumberParams) {
  const int i = (int)(blockIdx.x * blockDim.x + threadIdx.x), lane = i & 31;
  p.halves[i] = pack_halves(p.x[i], -p.x[i]);
  p.quotients[i] = divide_fast(p.x[i], 3.0f);
  p.high[i] = multiply_high((uint32_t)i * 2654435761u, 0xDEADBEEFu);
  double sum = p.x[i];
  for (int step = 16; step; step >>= 1) sum += shuffle_xor(sum, step);
  p.sums[i] = sum;
  p.picked[i] = shuffle(i, 5) + shuffle_xor(i, 1) + count_bits(ballot_lanes(lane % 3 == 0)) + any_lane(lane == 31);
}
