/* The emulator as libcuda.c calls it. The kernels are compiled beside this and register themselves. */
#include "emulator-of-stub.h"

#include "emulator.h"

bool find_emulated_kernel(const char *name, EmulatedKernel *kernel) {
  auto found = emulator::kernels.find(name);
  if (found == emulator::kernels.end()) return false;
  *kernel = {found->second.name, found->second.threads, found->second.parameterBytes};
  return true;
}

const char *emulate(const char *name, const void *parameters, unsigned blocks, unsigned threads, size_t sharedBytes,
                    uint64_t seed, bool (*mayRead)(const void *, size_t)) {
  static std::string problem;
  emulator::mayRead = mayRead;
  problem = emulator::launch(emulator::kernels.at(name), parameters, blocks, threads, sharedBytes, seed);
  return problem.empty() ? nullptr : problem.c_str();
}
