/* What a test may set in the stub driver, and what it may ask of it. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* Text that grows. */
typedef struct {
  char *text;
  size_t length, capacity;
} Text;

static void append_arguments(Text *text, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  size_t more = (size_t)vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (text->length + more + 2 > text->capacity) {
    text->capacity = 2 * (text->length + more + 64);
    text->text = realloc(text->text, text->capacity);
  }
  text->length += (size_t)vsnprintf(text->text + text->length, more + 1, format, arguments);
}

__attribute__((format(printf, 2, 3))) static void append(Text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append_arguments(text, format, arguments);
  va_end(arguments);
}

/* Settings by name; the stub's device is small, so that its limits are met. */
static struct Setting {
  const char *name;
  int64_t usual, value;
} settings[] = {
    {"driver_version", 13000, 0}, {"devices", 1, 0},          {"capability", 90, 0},
    {"multiprocessors", 2, 0},    {"memory_bytes", 1 << 28, 0}, {"shared_bytes", 227 << 10, 0},
    {"seed", 1, 0},               {"eager", 0, 0},            {"log", 0, 0},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static int64_t setting(const char *name) {
  for (int i = 0; i < SETTINGS; i++) {
    if (strcmp(settings[i].name, name) == 0) return settings[i].value;
  }
  abort();
}

/* Returns 0, or 1 where there is no such setting. */
EXPORT int stub_set(const char *name, int64_t value) {
  for (int i = 0; i < SETTINGS; i++) {
    if (strcmp(settings[i].name, name) == 0) {
      settings[i].value = value;
      return 0;
    }
  }
  return 1;
}

/* One line for each wrong use that was seen. */
static Text problems;

__attribute__((format(printf, 1, 2))) static void problem(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append_arguments(&problems, format, arguments);
  va_end(arguments);
  append(&problems, "\n");
}

EXPORT const char *stub_problems(void) { return problems.length ? problems.text : ""; }

/* The calls so far with what they were given, a line each, where the setting `log` is not 0. */
static Text calls;

EXPORT const char *stub_log(void) { return calls.length ? calls.text : ""; }

enum { CALLS = 64 };
static struct Call {
  char name[48];
  int count;    /* calls so far */
  int failAt;   /* the count that fails; 0 for none */
  int failCode;
} counted[CALLS];

static struct Call *call_named(const char *name) {
  for (int i = 0; i < CALLS; i++) {
    if (counted[i].name[0] == 0) snprintf(counted[i].name, sizeof counted[i].name, "%s", name);
    if (strcmp(counted[i].name, name) == 0) return &counted[i];
  }
  abort();
}

EXPORT int stub_calls(const char *name) { return call_named(name)->count; }

/* Makes the nth call from now on answer `code` and do nothing. */
EXPORT void stub_fail(const char *name, int nth, int code) {
  struct Call *call = call_named(name);
  call->failAt = call->count + nth;
  call->failCode = code;
}

/* Counts and writes down a call; returns the code that it is to fail with, or 0. */
__attribute__((format(printf, 2, 3))) static int called(const char *name, const char *format, ...) {
  struct Call *call = call_named(name);
  call->count++;
  int code = call->count == call->failAt ? call->failCode : 0;
  if (setting("log")) {
    append(&calls, "%s(", name);
    va_list arguments;
    va_start(arguments, format);
    append_arguments(&calls, format, arguments);
    va_end(arguments);
    append(&calls, code ? ") made to fail with %d\n" : ")\n", code);
  }
  return code;
}

static void reset_report(void) {
  for (int i = 0; i < SETTINGS; i++) settings[i].value = settings[i].usual;
  problems.length = calls.length = 0;
  memset(counted, 0, sizeof counted);
}

/*
 * For processes that a test only starts: ASSAYER_STUB="capability=75,devices=0" and
 * ASSAYER_STUB_FAIL="cuMemAlloc_v2:3:2" (the third call answers 2).
 */
static void read_environment(void) {
  char text[512], *rest = text, *part;
  snprintf(text, sizeof text, "%s", getenv("ASSAYER_STUB") ? getenv("ASSAYER_STUB") : "");
  while ((part = strsep(&rest, ","))) {
    char *equals = strchr(part, '=');
    if (!equals) continue;
    *equals = 0;
    if (stub_set(part, strtoll(equals + 1, NULL, 0))) fprintf(stderr, "stub driver: no setting %s\n", part);
  }
  char name[48];
  int nth, code;
  const char *fail = getenv("ASSAYER_STUB_FAIL");
  if (fail && sscanf(fail, "%47[^:]:%d:%d", name, &nth, &code) == 3) stub_fail(name, nth, code);
}
