/*
 * Streams of the stub: work waits in a queue and is done as late as the driver's promises allow, when somebody asks for
 * the stream or for an event behind it (at once with the setting `eager`). So data that nobody waited for is not there.
 */
#pragma once
#include "emulator-of-stub.h"
#include "stub-memory.h"

enum { PARAMETER_BYTES = 4096 };

typedef struct {
  EmulatedKernel kernel;
  int sharedBytes; /* dynamic shared memory that was asked for; 48 KB without */
  int module;
} Function;

typedef struct {
  enum { COPY, FILL, LAUNCH, RECORD, WAIT } kind;
  const char *call;
  uint64_t to, from;
  size_t bytes;
  unsigned char byte;
  bool toPinned, fromPinned;
  const Function *function;
  unsigned blocks, threads, sharedBytes;
  _Alignas(16) unsigned char parameters[PARAMETER_BYTES];
  int event;
  unsigned record; /* which record of the event */
} Work;

typedef struct {
  bool live;
  Work **queue;
  int first, count, capacity;
} Stream;

typedef struct {
  bool live;
  int stream;                /* of the last record */
  unsigned recorded, reached; /* records asked for, records passed */
  double milliseconds;        /* of the device's clock at the last record passed */
} Event;

/* Handles are 1-based places in these lists with a kind above; no place is used twice. */
enum { STREAM_KIND = 1 << 24, EVENT_KIND = 2 << 24, MODULE_KIND = 3 << 24, FUNCTION_KIND = 4 << 24, MOST = 1 << 16 };
static Stream streams[MOST];
static Event events[MOST];
static int streamCount, eventCount;
static double deviceClock;
static uint64_t launches;
static int lostCode; /* the code that every call answers from now on */
static char lostText[1200];

static void lose_context(int code, const char *text) {
  lostCode = code;
  snprintf(lostText, sizeof lostText, "%s", text);
  problem("%s", text);
}

/* Writes down addresses among a kernel's parameters that lie in freed memory. */
static bool parameters_are_live(const Work *work) {
  bool live = true;
  for (size_t at = 0; at + 8 <= work->function->kernel.parameterBytes; at += 8) {
    uint64_t field;
    memcpy(&field, work->parameters + at, 8);
    const Allocation *a = allocation_at((const void *)field);
    if (!a || a->live) continue;
    problem("launch of %s: its parameter at byte %zu points to freed memory", work->function->kernel.name, at);
    live = false;
  }
  return live;
}

static void run_until_recorded(int event, unsigned record);

static void run(const Work *work) {
  switch (work->kind) {
    case COPY:
      if (usable(work->call, "target", work->to, work->bytes, work->toPinned) &&
          usable(work->call, "source", work->from, work->bytes, work->fromPinned)) {
        memmove((void *)work->to, (const void *)work->from, work->bytes);
      }
      deviceClock += 0.002 + (double)work->bytes * 4e-8;
      break;
    case FILL:
      if (usable(work->call, "target", work->to, work->bytes, false)) memset((void *)work->to, work->byte, work->bytes);
      deviceClock += 0.002;
      break;
    case LAUNCH: {
      if (!parameters_are_live(work)) break;
      const char *failure = emulate(work->function->kernel.name, work->parameters, work->blocks, work->threads,
                                    work->sharedBytes, (uint64_t)setting("seed") * 1000003 + launches++, may_read);
      if (failure) lose_context(strstr(failure, "illegal address") ? 700 : 719, failure);
      deviceClock += 0.01;
      break;
    }
    case RECORD:
      events[work->event].reached = work->record;
      events[work->event].milliseconds = deviceClock;
      break;
    case WAIT:
      run_until_recorded(work->event, work->record);
      break;
  }
}

/* Does the next work of a stream. */
static void advance(Stream *s) {
  Work *work = s->queue[s->first++];
  run(work);
  free(work);
}

static bool has_work(const Stream *s) { return s->first < s->count; }

static void run_all(Stream *s) {
  while (has_work(s) && !lostCode) advance(s);
}

static void run_until_recorded(int event, unsigned record) {
  const Event *e = &events[event];
  Stream *s = &streams[e->stream];
  while (e->reached < record && has_work(s) && !lostCode) advance(s);
}

/* Puts a copy of the work behind the stream's other work. */
static int enqueue(int stream, const Work *work) {
  Stream *s = &streams[stream];
  if (s->count == s->capacity) {
    s->capacity = 2 * s->capacity + 16;
    s->queue = realloc(s->queue, (size_t)s->capacity * sizeof *s->queue);
  }
  Work *copy = aligned_alloc(16, sizeof *copy);
  *copy = *work;
  s->queue[s->count++] = copy;
  if (setting("eager")) run_all(s);
  return lostCode;
}

/* Writes down work that still waits and uses an allocation that is about to be freed. */
static void check_unused(const Allocation *a) {
  for (int i = 0; i < streamCount; i++) {
    for (int k = streams[i].first; k < streams[i].count; k++) {
      const Work *work = streams[i].queue[k];
      bool uses = false;
      if (work->kind == COPY || work->kind == FILL) {
        uses = allocation_at((void *)work->to) == a || (work->kind == COPY && allocation_at((void *)work->from) == a);
      } else if (work->kind == LAUNCH) {
        for (size_t at = 0; at + 8 <= work->function->kernel.parameterBytes; at += 8) {
          uint64_t field;
          memcpy(&field, work->parameters + at, 8);
          uses |= allocation_at((void *)field) == a;
        }
      }
      if (uses) problem("%s of %zu bytes freed while work that uses it waits", kind_of(a), a->bytes);
    }
  }
}

static void reset_streams(void) {
  for (int i = 0; i < streamCount; i++) {
    for (int k = streams[i].first; k < streams[i].count; k++) free(streams[i].queue[k]);
    free(streams[i].queue);
  }
  memset(streams, 0, (size_t)streamCount * sizeof *streams);
  memset(events, 0, (size_t)eventCount * sizeof *events);
  streamCount = eventCount = 0;
  deviceClock = 0;
  launches = 0;
  lostCode = 0;
}
