/*
 * A CUDA driver without a GPU: the entry points that src/native uses, on the processor. It runs the project's own
 * kernels in the emulator, does work as late as the driver may, writes down every wrong use (stub_problems), and fails
 * where it is told to (stub_fail). See stub-report.h for what tests set and ask.
 */
#include "stub-streams.h"

typedef int Result;

enum {
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  NO_BINARY = 209,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
};

static const struct Code {
  int code;
  const char *name, *meaning;
} codes[] = {
    {0, "CUDA_SUCCESS", "no error"},
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {34, "CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"},
    {35, "CUDA_ERROR_INSUFFICIENT_DRIVER", "CUDA driver version is insufficient"},
    {46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA-capable device(s) is/are busy or unavailable"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    {218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain"},
    {400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {600, "CUDA_ERROR_NOT_READY", "device not ready"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {802, "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

typedef struct {
  bool live;
} Module;
static Module modules[MOST];
static Function functions[MOST];
static int moduleCount, functionCount;
static bool initialized;
static int retained;
static _Thread_local uint64_t current;
static const uint64_t CONTEXT = 0xC0DE;

#define ANSWER_IF(code)          \
  do {                           \
    int answer = (code);         \
    if (answer) return answer;   \
  } while (0)

/* A call that needs no context, and one that does: there the codes from 700 on, what kernels do wrong, stay. */
#define CALLED(...) ANSWER_IF(called(__func__, __VA_ARGS__))
#define CALLED_IN_CONTEXT(...)                                       \
  do {                                                               \
    int injected = called(__func__, __VA_ARGS__);                    \
    if (injected / 100 == 7 && !lostCode) lose_context(injected, "made to fail"); \
    ANSWER_IF(lostCode ? lostCode : injected);                       \
    if (!retained || current != CONTEXT) return INVALID_CONTEXT;     \
  } while (0)

/* The place of a live thing of this kind, or -1, written down. */
static int find(const char *call, uint64_t handle, int kind, int count, const char *what) {
  int64_t at = (int64_t)handle - kind - 1;
  if (at >= 0 && at < count) return (int)at;
  problem("%s: no %s", call, what);
  return -1;
}

static int live_stream(const char *call, uint64_t handle) {
  int at = find(call, handle, STREAM_KIND, streamCount, "stream");
  if (at < 0 || streams[at].live) return at;
  problem("%s: the stream is destroyed", call);
  return -1;
}

static int live_event(const char *call, uint64_t handle) {
  int at = find(call, handle, EVENT_KIND, eventCount, "event");
  if (at < 0 || events[at].live) return at;
  problem("%s: the event is destroyed", call);
  return -1;
}

static Function *live_function(const char *call, uint64_t handle) {
  int at = find(call, handle, FUNCTION_KIND, functionCount, "function");
  if (at < 0) return NULL;
  if (modules[functions[at].module].live) return &functions[at];
  problem("%s: the module of %s is unloaded", call, functions[at].kernel.name);
  return NULL;
}

/* Writes down what is still open, and closes it. */
static void close_context(void) {
  for (int i = 0; i < allocationCount; i++) {
    if (!allocations[i].live) continue;
    problem("leak: %s of %zu bytes", kind_of(&allocations[i]), allocations[i].bytes);
    release(&allocations[i]);
  }
  for (int i = 0; i < streamCount; i++) {
    if (streams[i].live) problem("leak: a stream");
    streams[i].live = false;
  }
  for (int i = 0; i < eventCount; i++) {
    if (events[i].live) problem("leak: an event");
    events[i].live = false;
  }
  for (int i = 0; i < moduleCount; i++) {
    if (modules[i].live) problem("leak: a module");
    modules[i].live = false;
  }
}

/* Forgets everything that was made and set, so that the next test starts anew. */
EXPORT void stub_reset(void) {
  reset_streams();
  reset_memory();
  reset_report();
  memset(modules, 0, sizeof modules);
  memset(functions, 0, sizeof functions);
  moduleCount = functionCount = retained = 0;
  initialized = false;
  current = 0;
}

__attribute__((constructor)) static void start(void) {
  stub_reset();
  read_environment();
}

/* A process that is only started by a test leaves what was seen in the file that ASSAYER_STUB_LOG names. */
__attribute__((destructor)) static void end(void) {
  const char *path = getenv("ASSAYER_STUB_LOG");
  if (retained) problem("leak: the context is still retained at the end of the process");
  if (retained) close_context();
  FILE *file = path && *path ? fopen(path, "a") : NULL;
  if (!file) return;
  fprintf(file, "%s%s", stub_log(), stub_problems());
  fclose(file);
}

EXPORT Result cuDriverGetVersion(int *version) {
  CALLED("%s", "");
  *version = (int)setting("driver_version");
  return 0;
}

static const struct Code *find_code(int code) {
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    if (codes[i].code == code) return &codes[i];
  }
  return NULL;
}

EXPORT Result cuGetErrorName(int code, const char **text) {
  const struct Code *found = find_code(code);
  *text = found ? found->name : NULL;
  return found ? 0 : INVALID_VALUE;
}

/* For a kernel that failed, what the emulator says. */
EXPORT Result cuGetErrorString(int code, const char **text) {
  const struct Code *found = find_code(code);
  *text = lostCode && code == lostCode ? lostText : found ? found->meaning : NULL;
  return *text ? 0 : INVALID_VALUE;
}

EXPORT Result cuInit(unsigned flags) {
  CALLED("%u", flags);
  if (setting("devices") == 0) return NO_DEVICE;
  initialized = true;
  return 0;
}

EXPORT Result cuDeviceGetCount(int *count) {
  CALLED("%s", "");
  if (!initialized) return NOT_INITIALIZED;
  *count = (int)setting("devices");
  return 0;
}

static bool is_device(int device) { return device >= 0 && device < setting("devices"); }

EXPORT Result cuDeviceGet(int *device, int ordinal) {
  CALLED("%d", ordinal);
  if (!is_device(ordinal)) return INVALID_DEVICE;
  *device = ordinal;
  return 0;
}

EXPORT Result cuDeviceGetName(char *name, int size, int device) {
  CALLED("%d", device);
  if (!is_device(device)) return INVALID_DEVICE;
  snprintf(name, (size_t)size, "Stub GPU");
  return 0;
}

EXPORT Result cuDeviceTotalMem_v2(size_t *bytes, int device) {
  CALLED("%d", device);
  if (!is_device(device)) return INVALID_DEVICE;
  *bytes = (size_t)setting("memory_bytes");
  return 0;
}

EXPORT Result cuDeviceGetAttribute(int *value, int attribute, int device) {
  CALLED("%d, %d", attribute, device);
  if (!is_device(device)) return INVALID_DEVICE;
  int capability = (int)setting("capability");
  switch (attribute) {
    case 13: *value = 1000000; return 0;
    case 16: *value = (int)setting("multiprocessors"); return 0;
    case 75: *value = capability / 10; return 0;
    case 76: *value = capability % 10; return 0;
    case 97: *value = (int)setting("shared_bytes"); return 0;
    default: return INVALID_VALUE;
  }
}

EXPORT Result cuDevicePrimaryCtxRetain(uint64_t *context, int device) {
  CALLED("%d", device);
  if (!initialized) return NOT_INITIALIZED;
  if (!is_device(device)) return INVALID_DEVICE;
  retained++;
  *context = CONTEXT;
  return 0;
}

EXPORT Result cuDevicePrimaryCtxRelease_v2(int device) {
  CALLED("%d", device);
  if (!retained) return INVALID_CONTEXT;
  if (--retained == 0) close_context();
  return lostCode;
}

EXPORT Result cuCtxSetCurrent(uint64_t context) {
  ANSWER_IF(called(__func__, "%#llx", (unsigned long long)context));
  ANSWER_IF(lostCode);
  current = context;
  return 0;
}

EXPORT Result cuMemGetInfo_v2(size_t *free, size_t *total) {
  CALLED_IN_CONTEXT("%s", "");
  *total = (size_t)setting("memory_bytes");
  *free = *total - deviceBytes;
  return 0;
}

EXPORT Result cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  CALLED_IN_CONTEXT("%zu", bytes);
  if (bytes == 0) return INVALID_VALUE;
  if (bytes > (size_t)setting("memory_bytes") - deviceBytes) return OUT_OF_MEMORY;
  *address = (uint64_t)allocate(bytes, false);
  return *address ? 0 : OUT_OF_MEMORY;
}

EXPORT Result cuMemHostAlloc(uint64_t *address, size_t bytes, unsigned flags) {
  CALLED_IN_CONTEXT("%zu, %u", bytes, flags);
  if (bytes == 0) return INVALID_VALUE;
  *address = (uint64_t)allocate(bytes, true);
  return *address ? 0 : OUT_OF_MEMORY;
}

static Result free_memory(const char *call, uint64_t address, bool pinned) {
  Allocation *a = allocation_at((void *)address);
  if (!a || a->start != (void *)address || a->pinned != pinned) {
    problem("%s: that was never allocated", call);
    return INVALID_VALUE;
  }
  if (!a->live) {
    problem("%s: %s freed twice", call, kind_of(a));
    return INVALID_VALUE;
  }
  check_unused(a);
  release(a);
  return 0;
}

EXPORT Result cuMemFree_v2(uint64_t address) {
  CALLED_IN_CONTEXT("%#llx", (unsigned long long)address);
  return free_memory(__func__, address, false);
}

EXPORT Result cuMemFreeHost(uint64_t address) {
  CALLED_IN_CONTEXT("%#llx", (unsigned long long)address);
  return free_memory(__func__, address, true);
}

static Result copy(const char *call, uint64_t to, bool toPinned, uint64_t from, bool fromPinned, size_t bytes,
                   uint64_t stream) {
  int at = live_stream(call, stream);
  if (at < 0) return INVALID_HANDLE;
  if (!usable(call, "target", to, bytes, toPinned) || !usable(call, "source", from, bytes, fromPinned)) {
    return INVALID_VALUE;
  }
  Work work = {.kind = COPY, .call = call, .to = to, .from = from, .bytes = bytes, .toPinned = toPinned,
               .fromPinned = fromPinned};
  return enqueue(at, &work);
}

EXPORT Result cuMemcpyHtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, uint64_t stream) {
  CALLED_IN_CONTEXT("%zu", bytes);
  return copy(__func__, to, false, from, true, bytes, stream);
}

EXPORT Result cuMemcpyDtoHAsync_v2(uint64_t to, uint64_t from, size_t bytes, uint64_t stream) {
  CALLED_IN_CONTEXT("%zu", bytes);
  return copy(__func__, to, true, from, false, bytes, stream);
}

EXPORT Result cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, uint64_t stream) {
  CALLED_IN_CONTEXT("%zu", bytes);
  return copy(__func__, to, false, from, false, bytes, stream);
}

EXPORT Result cuMemsetD8Async(uint64_t to, unsigned char byte, size_t bytes, uint64_t stream) {
  CALLED_IN_CONTEXT("%d, %zu", byte, bytes);
  int at = live_stream(__func__, stream);
  if (at < 0) return INVALID_HANDLE;
  if (!usable(__func__, "target", to, bytes, false)) return INVALID_VALUE;
  Work work = {.kind = FILL, .call = __func__, .to = to, .byte = byte, .bytes = bytes};
  return enqueue(at, &work);
}

EXPORT Result cuStreamCreate(uint64_t *stream, unsigned flags) {
  CALLED_IN_CONTEXT("%u", flags);
  if (streamCount == MOST) return OUT_OF_MEMORY;
  streams[streamCount++].live = true;
  *stream = (uint64_t)STREAM_KIND + (uint64_t)streamCount;
  return 0;
}

EXPORT Result cuStreamDestroy_v2(uint64_t stream) {
  CALLED_IN_CONTEXT("%s", "");
  int at = live_stream(__func__, stream);
  if (at < 0) return INVALID_HANDLE;
  run_all(&streams[at]);
  streams[at].live = false;
  return lostCode;
}

/* Does what waits, but only the next answer says so. */
EXPORT Result cuStreamQuery(uint64_t stream) {
  CALLED_IN_CONTEXT("%s", "");
  int at = live_stream(__func__, stream);
  if (at < 0) return INVALID_HANDLE;
  bool waited = has_work(&streams[at]);
  run_all(&streams[at]);
  return lostCode ? lostCode : waited ? NOT_READY : 0;
}

EXPORT Result cuStreamSynchronize(uint64_t stream) {
  CALLED_IN_CONTEXT("%s", "");
  int at = live_stream(__func__, stream);
  if (at < 0) return INVALID_HANDLE;
  run_all(&streams[at]);
  return lostCode;
}

EXPORT Result cuStreamWaitEvent(uint64_t stream, uint64_t event, unsigned flags) {
  CALLED_IN_CONTEXT("%u", flags);
  int at = live_stream(__func__, stream), e = live_event(__func__, event);
  if (at < 0 || e < 0) return INVALID_HANDLE;
  Work work = {.kind = WAIT, .event = e, .record = events[e].recorded};
  return enqueue(at, &work);
}

EXPORT Result cuEventCreate(uint64_t *event, unsigned flags) {
  CALLED_IN_CONTEXT("%u", flags);
  if (eventCount == MOST) return OUT_OF_MEMORY;
  events[eventCount++].live = true;
  *event = (uint64_t)EVENT_KIND + (uint64_t)eventCount;
  return 0;
}

EXPORT Result cuEventDestroy_v2(uint64_t event) {
  CALLED_IN_CONTEXT("%s", "");
  int e = live_event(__func__, event);
  if (e < 0) return INVALID_HANDLE;
  events[e].live = false;
  return 0;
}

EXPORT Result cuEventRecord(uint64_t event, uint64_t stream) {
  CALLED_IN_CONTEXT("%s", "");
  int at = live_stream(__func__, stream), e = live_event(__func__, event);
  if (at < 0 || e < 0) return INVALID_HANDLE;
  events[e].stream = at;
  Work work = {.kind = RECORD, .event = e, .record = ++events[e].recorded};
  return enqueue(at, &work);
}

EXPORT Result cuEventQuery(uint64_t event) {
  CALLED_IN_CONTEXT("%s", "");
  int e = live_event(__func__, event);
  if (e < 0) return INVALID_HANDLE;
  bool waited = events[e].reached < events[e].recorded;
  run_until_recorded(e, events[e].recorded);
  return lostCode ? lostCode : waited ? NOT_READY : 0;
}

EXPORT Result cuEventElapsedTime(float *milliseconds, uint64_t from, uint64_t to) {
  CALLED_IN_CONTEXT("%s", "");
  int first = live_event(__func__, from), last = live_event(__func__, to);
  if (first < 0 || last < 0 || !events[first].recorded || !events[last].recorded) return INVALID_HANDLE;
  if (events[first].reached < events[first].recorded) return NOT_READY;
  if (events[last].reached < events[last].recorded) return NOT_READY;
  *milliseconds = (float)(events[last].milliseconds - events[first].milliseconds);
  return 0;
}

/*
 * Whether a fatbin has code for the device: machine code of the same major and at most the same minor capability (of
 * exactly the same where it is for one architecture only), or PTX of at most the device's. src/native/cuda-fatbin.ts
 * draws the format.
 */
static Result check_image(const unsigned char *image) {
  uint32_t magic;
  uint16_t headerBytes;
  uint64_t size;
  memcpy(&magic, image, 4);
  memcpy(&headerBytes, image + 6, 2);
  memcpy(&size, image + 8, 8);
  if (magic != 0xBA55ED50) return INVALID_IMAGE;
  unsigned capability = (unsigned)setting("capability");
  for (uint64_t at = headerBytes; at < headerBytes + size;) {
    uint16_t kind;
    uint32_t entryBytes, architecture, flags;
    uint64_t payload;
    memcpy(&kind, image + at, 2);
    memcpy(&entryBytes, image + at + 4, 4);
    memcpy(&payload, image + at + 8, 8);
    memcpy(&architecture, image + at + 28, 4);
    memcpy(&flags, image + at + 40, 4);
    bool exact = flags & 0x100000;
    if (kind == 1 && !exact && architecture <= capability) return 0;
    if (kind == 2 && !exact && architecture / 10 == capability / 10 && architecture <= capability) return 0;
    if (exact && architecture == capability) return 0;
    at += entryBytes + payload;
  }
  return NO_BINARY;
}

EXPORT Result cuModuleLoadData(uint64_t *module, const void *image) {
  CALLED_IN_CONTEXT("%s", "");
  ANSWER_IF(check_image(image));
  if (moduleCount == MOST) return OUT_OF_MEMORY;
  modules[moduleCount++].live = true;
  *module = (uint64_t)MODULE_KIND + (uint64_t)moduleCount;
  return 0;
}

EXPORT Result cuModuleUnload(uint64_t module) {
  CALLED_IN_CONTEXT("%s", "");
  int at = find(__func__, module, MODULE_KIND, moduleCount, "module");
  if (at < 0) return INVALID_HANDLE;
  if (!modules[at].live) problem("%s: unloaded twice", __func__);
  if (!modules[at].live) return INVALID_HANDLE;
  modules[at].live = false;
  return 0;
}

EXPORT Result cuModuleGetFunction(uint64_t *function, uint64_t module, const char *name) {
  CALLED_IN_CONTEXT("%s", name);
  int at = find(__func__, module, MODULE_KIND, moduleCount, "module");
  if (at < 0 || !modules[at].live) return INVALID_HANDLE;
  if (functionCount == MOST) return OUT_OF_MEMORY;
  Function f = {.module = at, .sharedBytes = 48 << 10};
  if (!find_emulated_kernel(name, &f.kernel)) return NOT_FOUND;
  functions[functionCount++] = f;
  *function = (uint64_t)FUNCTION_KIND + (uint64_t)functionCount;
  return 0;
}

EXPORT Result cuFuncSetAttribute(uint64_t function, int attribute, int value) {
  CALLED_IN_CONTEXT("%d, %d", attribute, value);
  Function *f = live_function(__func__, function);
  if (!f) return INVALID_HANDLE;
  if (attribute != 8 || value < 0 || value > setting("shared_bytes")) return INVALID_VALUE;
  f->sharedBytes = value;
  return 0;
}

/* As if the device kept 2,048 threads and one block's most shared memory, and a kilobyte more for each block. */
EXPORT Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, uint64_t function, int threads,
                                                          size_t sharedBytes) {
  CALLED_IN_CONTEXT("%d, %zu", threads, sharedBytes);
  const Function *f = live_function(__func__, function);
  if (!f) return INVALID_HANDLE;
  if (threads <= 0) return INVALID_VALUE;
  bool fits = (unsigned)threads <= f->kernel.threads && sharedBytes <= (size_t)f->sharedBytes;
  int byThreads = 2048 / threads, byShared = (int)(((size_t)setting("shared_bytes") + 1024) / (sharedBytes + 1024));
  *blocks = !fits ? 0 : byThreads < byShared ? byThreads : byShared;
  if (*blocks > 32) *blocks = 32;
  return 0;
}

EXPORT Result cuLaunchKernel(uint64_t function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                             unsigned blockY, unsigned blockZ, unsigned sharedBytes, uint64_t stream,
                             void **parameters, void **extra) {
  const Function *f = live_function(__func__, function);
  CALLED_IN_CONTEXT("%s, %u, %u, %u", f ? f->kernel.name : "?", gridX, blockX, sharedBytes);
  int at = live_stream(__func__, stream);
  if (!f || at < 0) return INVALID_HANDLE;
  if (gridX == 0 || gridY != 1 || gridZ != 1 || extra) return INVALID_VALUE;
  if (blockX == 0 || blockY != 1 || blockZ != 1) return INVALID_VALUE;
  if (gridX > 0x7FFFFFFF || blockX > f->kernel.threads || sharedBytes > (unsigned)f->sharedBytes) return INVALID_VALUE;
  Work work = {.kind = LAUNCH, .call = __func__, .function = f, .blocks = gridX, .threads = blockX,
               .sharedBytes = sharedBytes};
  memcpy(work.parameters, parameters[0], f->kernel.parameterBytes);
  parameters_are_live(&work);
  return enqueue(at, &work);
}
