/* SPDX-License-Identifier: Apache-2.0 */
/* An executable plugin that provides nothing and traces the life of local devices: `load` with each driver of a device, `resolve`
 * with each executable that imports, `unload` with the end of the device. Every event has `self` (1, 2, … in order of loading; 0
 * when it was never loaded) and `threads`. */
#define TRACE_THREADS
#include "trace.h"

typedef struct {
  uint32_t version;
  const char *name, *description;
  uint32_t features;
  int32_t sanitizer;
  uint64_t reserved[8];
} plugin_header_t;

typedef struct {
  size_t count;
  const char* const* names;
  void **functions, **contexts;
} plugin_request_t;

typedef struct {
  const plugin_header_t* header;
  iree_status_t (*load)(const iree_allocator_t* environment, size_t count, const iree_string_pair_t* parameters, void** out);
  void (*unload)(void* self);
  iree_status_t (*resolve)(void* self, const plugin_request_t* request, uint32_t* out_resolution);
} plugin_t;

enum { PLUGIN_VERSION = 1, PLUGIN_OPTIONAL_MISSING = 1 };

static atomic_int last_loaded;

static void note(const char* event, void* self) {
  trace_line_t line = trace_begin("device", event);
  trace_number(&line, "self", (long long)(intptr_t)self);
  trace_end(&line);
}

static iree_status_t load(const iree_allocator_t* environment, size_t count,
                          const iree_string_pair_t* parameters, void** out_self) {
  (void)environment, (void)count, (void)parameters;
  *out_self = (void*)(intptr_t)(1 + atomic_fetch_add(&last_loaded, 1));
  note("load", *out_self);
  return vmrt_ok();
}

static void unload(void* self) { note("unload", self); }

/* Optional symbols (`?name`) may stay unresolved; a required one that nobody filled in before is an error. */
static iree_status_t resolve(void* self, const plugin_request_t* request, uint32_t* out_resolution) {
  note("resolve", self);
  for (size_t i = 0; i < request->count; ++i) {
    if (request->functions[i]) continue;
    if (request->names[i][0] != '?') return vmrt_status_bare(IREE_STATUS_NOT_FOUND);
    *out_resolution |= PLUGIN_OPTIONAL_MISSING;
  }
  return vmrt_ok();
}

static const plugin_header_t header = {
    .version = PLUGIN_VERSION, .name = "executable_probe", .description = "traces the life of local devices"};
static const plugin_t plugin = {&header, load, unload, resolve};

VMRT_EXPORT const void* iree_hal_executable_plugin_query(uint32_t max_version, void* reserved);
const void* iree_hal_executable_plugin_query(uint32_t max_version, void* reserved) {
  (void)reserved;
  return max_version >= PLUGIN_VERSION ? &plugin : NULL;
}
