#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  const char *name;
  unsigned threads; /* at most, in a block */
  size_t parameterBytes;
} EmulatedKernel;

/* False where there is no kernel of this name. */
bool find_emulated_kernel(const char *name, EmulatedKernel *found);

/* Runs a kernel to its end; returns what went wrong, or NULL. `parameters` are aligned to 16 bytes. */
const char *emulate(const char *name, const void *parameters, unsigned blocks, unsigned threads, size_t sharedBytes,
                    uint64_t seed, bool (*mayRead)(const void *, size_t));

#ifdef __cplusplus
}
#endif
