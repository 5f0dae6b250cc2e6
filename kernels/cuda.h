/*
 * What CUDA kernels are written in. Under nvcc these are the GPU's own instructions; under a C++ compiler the header
 * test/stub/emulator.h runs the same source on the processor, each CUDA thread a fiber.
 *
 * To keep a kernel runnable there: inline assembly only in this file; one parameter struct by value, its layout fixed by
 * a static_assert, since TypeScript writes it; dynamic shared memory only; collectives by whole warps.
 */
#pragma once
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#include <cuda_fp16.h>

#define DEVICE static __device__ __forceinline__
/*
 * A kernel `name` of at most `threads` threads a block; its parameters are `p`. One block a multiprocessor is enough for the
 * compiler: hoping for more it keeps registers in memory.
 */
#define KERNEL(name, threads, Params) \
  extern "C" __global__ void __launch_bounds__(threads, 1) name(const __grid_constant__ Params p)
/* Dynamic shared memory, aligned to 128 bytes. */
#define SHARED_MEMORY(name) extern __shared__ __align__(128) unsigned char name[]
#define UNROLL _Pragma("unroll")
#define NO_UNROLL _Pragma("unroll 1")

/*
 * d = c + popcount(a AND b) over 256 bits: 16 rows of A, 8 columns of B. Lane 4 g + t (g 0..7, t 0..3) holds
 *   a0 = row g words t        b0 = column g words t        d0, d1 = row g, columns 2 t, 2 t + 1
 *   a1 = row g + 8, the same  b1 = column g, word t + 4    d2, d3 = row g + 8, the same
 *   a2 = row g, word t + 4
 *   a3 = row g + 8, word t + 4
 * Any order of the words will do, as long as A and B have the same.
 */
DEVICE void mma_bits(int (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1,
                     const int (&c)[4]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%10,%11,%12,%13};"
      : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1), "r"(c[0]), "r"(c[1]), "r"(c[2]), "r"(c[3]));
#else
  __trap();
#endif
}

/* d += a b over 32 signed bytes: lanes hold bytes as in mma_bits, four to a register. */
DEVICE void mma_bytes(int (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#else
  __trap();
#endif
}

/* d += a b over 16 half-precision numbers, two to a register, low half first; d is float32, lanes as in mma_bits. */
DEVICE void mma_halves(float (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#else
  __trap();
#endif
}

/*
 * d += a b in float64: 8 rows of A, 8 columns of B, 4 products each. Lane 4 g + t holds a: row g, product t; b: column g,
 * product t; d0, d1: row g, columns 2 t, 2 t + 1.
 */
DEVICE void mma_doubles(double (&d)[2], double a, double b) {
#if __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1},{%2},{%3},{%0,%1};"
               : "+d"(d[0]), "+d"(d[1])
               : "d"(a), "d"(b));
#else
  __trap();
#endif
}

/* Two numbers rounded to half precision, the first in the low half. */
DEVICE uint32_t pack_halves(float low, float high) {
  __half2 both = __floats2half2_rn(low, high);
  return *reinterpret_cast<uint32_t *>(&both);
}

/* Starts to copy 16 bytes to shared memory; zeros where not `valid`. Both addresses are multiples of 16. */
DEVICE void copy_async(void *to, const void *from, bool valid) {
#if __CUDA_ARCH__ >= 800
  uint32_t shared = (uint32_t)__cvta_generic_to_shared(to);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared), "l"(from), "r"(valid ? 16 : 0) : "memory");
#else
  *(uint4 *)to = valid ? *(const uint4 *)from : uint4{0, 0, 0, 0};
#endif
}

/* Ends a group of this thread's copies. */
DEVICE void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Waits until at most the last N groups of this thread's copies are still under way. */
template <int N>
DEVICE void wait_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
}

DEVICE void sync_block() { __syncthreads(); }
DEVICE void sync_warp() { __syncwarp(); }
/* A vote alone orders no memory; with the barrier what a lane read before it is not what another writes after it. */
DEVICE bool any_lane(bool x) {
  __syncwarp();
  return __any_sync(~0u, x);
}
DEVICE uint32_t ballot_lanes(bool x) {
  __syncwarp();
  return __ballot_sync(~0u, x);
}
DEVICE int shuffle(int x, int lane) { return __shfl_sync(~0u, x, lane); }
DEVICE int shuffle_xor(int x, int mask) { return __shfl_xor_sync(~0u, x, mask); }
DEVICE double shuffle_xor(double x, int mask) { return __shfl_xor_sync(~0u, x, mask); }
DEVICE uint32_t atomic_add(uint32_t *at, uint32_t x) { return atomicAdd(at, x); }
DEVICE uint64_t atomic_add(uint64_t *at, uint64_t x) {
  return atomicAdd((unsigned long long *)at, (unsigned long long)x);
}
/* Returns what was there; writes `x` where that was `expected`. */
DEVICE uint32_t atomic_exchange_if(uint32_t *at, uint32_t expected, uint32_t x) { return atomicCAS(at, expected, x); }
/* A read that other blocks' writes may change at any time. */
DEVICE uint32_t load_shared_by_blocks(const uint32_t *at) { return *(const volatile uint32_t *)at; }
DEVICE int count_bits(uint32_t x) { return __popc(x); }
DEVICE uint32_t multiply_high(uint32_t x, uint32_t y) { return __umulhi(x, y); }
/* Cycles of the multiprocessor. */
DEVICE int64_t read_clock() { return clock64(); }
/* A quotient to two units in the last place. */
DEVICE float divide_fast(float x, float y) { return __fdividef(x, y); }
#else
#include "emulator.h"
#endif

DEVICE int min_int(int x, int y) { return x < y ? x : y; }
DEVICE int max_int(int x, int y) { return x > y ? x : y; }

/*
 * mma_bits for devices without one-bit matrix instructions, by eight of bytes: byte i of a word shifted right by s and
 * masked is bit 8 i + s, in A as in B, so the pairs that meet are the same bits.
 */
DEVICE void mma_bits_by_bytes(int (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0,
                              uint32_t b1, const int (&c)[4]) {
  const uint32_t ones = 0x01010101u;
  int sum[4] = {c[0], c[1], c[2], c[3]};
  UNROLL for (int s = 0; s < 8; s++)
    mma_bytes(sum, a0 >> s & ones, a1 >> s & ones, a2 >> s & ones, a3 >> s & ones, b0 >> s & ones, b1 >> s & ones);
  UNROLL for (int i = 0; i < 4; i++) d[i] = sum[i];
}

/* The faster of the two on the device that is compiled for: from sm_100 on one-bit instructions are emulated. */
DEVICE void mma_and(int (&d)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1,
                    const int (&c)[4]) {
#if defined(ASSAYER_MMA_BY_BYTES) || (defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000)
  mma_bits_by_bytes(d, a0, a1, a2, a3, b0, b1, c);
#else
  mma_bits(d, a0, a1, a2, a3, b0, b1, c);
#endif
}
