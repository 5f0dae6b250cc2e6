/*
 * The rate of Hopper's one-bit matrix instruction for four warps (wgmma m64n128k256, AND and count), for the microbenchmark
 * alone: built for sm_90a, and not written in cuda.h's language, as no other generation has it and no emulation.
 *
 *     clocks  int64 [blocks]: the multiprocessor's clock over the loop
 *     sink    uint32 [blocks, 128 threads, 64]: the accumulators; all bits of A and B are set, so each is 256 a step
 */
#include <stdint.h>

struct RateParams {
  int64_t *clocks;
  uint32_t *sink;
  double unused;
  int32_t rounds;
};
static_assert(sizeof(RateParams) == 32, "written by bench/gpu/rates.ts");

enum { THREADS = 128, ACCUMULATORS = 64, STEPS = 8, B_BYTES = 128 * 256 / 8 };

/*
 * B in shared memory, without swizzle: 8 columns by 128 bits are 128 bytes in a row; the next 128 bits lie 128 bytes
 * on, the next 8 columns 256. Lengths and the address in units of 16 bytes, at bits 0, 16 and 32.
 */
static __device__ uint64_t describe(const void *b) {
  const uint64_t address = (uint32_t)__cvta_generic_to_shared(b) >> 4 & 0x3fff;
  return address | (uint64_t)(128 >> 4) << 16 | (uint64_t)(256 >> 4) << 32;
}

static __device__ __forceinline__ void multiply(int (&d)[ACCUMULATORS], uint32_t a, uint64_t b) {
#define D(i) "+r"(d[i]), "+r"(d[i + 1]), "+r"(d[i + 2]), "+r"(d[i + 3])
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n128k256.s32.b1.b1.and.popc {"
      "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31,"
      "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,"
      "%61,%62,%63},{%64,%64,%64,%64},%65,1;"
      : D(0), D(4), D(8), D(12), D(16), D(20), D(24), D(28), D(32), D(36), D(40), D(44), D(48), D(52), D(56), D(60)
      : "r"(a), "l"(b));
#undef D
}

extern "C" __global__ void __launch_bounds__(THREADS) rate_wgmma(const __grid_constant__ RateParams p) {
  __shared__ __align__(128) uint32_t b[B_BYTES / 4];
  for (int i = threadIdx.x; i < B_BYTES / 4; i += THREADS) b[i] = ~0u;
  int d[ACCUMULATORS] = {};
  const uint64_t description = describe(b);
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();
  const int64_t before = clock64();
#pragma unroll 1
  for (int i = 0; i < p.rounds; i++) {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
    for (int step = 0; step < STEPS; step++) multiply(d, ~0u, description);
    asm volatile("wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;" ::: "memory");
  }
  __syncthreads();
  const int64_t after = clock64();
  uint32_t *out = p.sink + ((size_t)blockIdx.x * THREADS + threadIdx.x) * ACCUMULATORS;
#pragma unroll
  for (int i = 0; i < ACCUMULATORS; i++) out[i] = d[i];
  if (threadIdx.x == 0) p.clocks[blockIdx.x] = after - before;
}
