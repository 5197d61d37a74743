/* SPDX-License-Identifier: Apache-2.0 */
/* An executable plugin for the tests: the environment variable PLUGIN says how it behaves, `plugin_log` what was done
 * to it. */
#include <stdio.h>
#include <stdlib.h>

#include "vmrt/executable_plugin.h"

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* A letter an event: q query, l load, r resolve, u unload; behind unload the number that it got. */
EXPORT char plugin_log[256];
EXPORT const void* iree_hal_executable_plugin_query(uint32_t max_version, void* reserved);

static void note(const char* event) { strncat(plugin_log, event, sizeof plugin_log - strlen(plugin_log) - 1); }

static bool behaves(const char* behaviour) {
  const char* wanted = getenv("PLUGIN");
  return wanted && strcmp(wanted, behaviour) == 0;
}

/* `self` is 1, 2, ... in the order of loading. */
static uintptr_t next_self = 1;

static iree_status_t on_load(const vmrt_executable_plugin_environment_t* environment, size_t parameter_count,
                             const iree_string_pair_t* parameters, void** out_self) {
  (void)parameters;
  note("l");
  *out_self = (void*)next_self++;
  if (!environment->host_allocator.ctl || parameter_count != 0) return (iree_status_t)(uintptr_t)IREE_STATUS_INTERNAL;
  return behaves("load_fails") ? (iree_status_t)(uintptr_t)IREE_STATUS_RESOURCE_EXHAUSTED : NULL;
}

static void on_unload(void* self) {
  char text[8];
  snprintf(text, sizeof text, "u%d", (int)(uintptr_t)self);
  note(text);
}

/* What the kernel of imports.mlir packs. */
typedef struct twice_params_t {
  const float* in;
  size_t in_offset;
  float* out;
  size_t out_offset;
  uint32_t processor_id;
} twice_params_t;

static int twice(void* params, void* context, void* reserved) {
  const twice_params_t* call = params;
  if (reserved) return 77;
  if (behaves("import_fails")) return 3;
  for (size_t i = 0; i < 7; ++i) call->out[call->out_offset + i] = 2 * call->in[call->in_offset + i];
  call->out[7] = (float)(call->processor_id + 10 * (uintptr_t)context);
  return 0;
}

static iree_status_t on_resolve(void* self, const vmrt_executable_plugin_request_t* request, uint32_t* out_resolution) {
  bool is_missing = false;
  note("r");
  if (behaves("resolve_fails")) return (iree_status_t)(uintptr_t)IREE_STATUS_ABORTED;
  for (size_t i = 0; i < request->count; ++i) {
    vmrt_executable_import_t function = twice;
    const char* name = request->names[i];
    if (request->functions[i]) continue;
    if (strcmp(name + (name[0] == '?'), "twice") == 0 && !behaves("nothing")) {
      memcpy(&request->functions[i], &function, sizeof function);
      request->contexts[i] = self;
    } else if (name[0] == '?') {
      *out_resolution |= VMRT_EXECUTABLE_PLUGIN_MISSING_OPTIONAL;
    } else {
      is_missing = true;
    }
  }
  return is_missing ? (iree_status_t)(uintptr_t)IREE_STATUS_NOT_FOUND : NULL;
}

const void* iree_hal_executable_plugin_query(uint32_t max_version, void* reserved) {
  static vmrt_executable_plugin_header_t header;
  static vmrt_executable_plugin_t table;
  (void)reserved;
  note("q");
  if (max_version != 1 || behaves("null")) return NULL;
  header = (vmrt_executable_plugin_header_t){.version = 1, .name = "plugin"};
  table = (vmrt_executable_plugin_t){&header, on_load, on_unload, on_resolve};
  if (behaves("sanitizer")) header.sanitizer = VMRT_EXECUTABLE_SANITIZER_ADDRESS;
  if (behaves("no_header")) table.header = NULL;
  if (behaves("no_load")) table.load = NULL;
  if (behaves("no_resolve")) table.resolve = NULL;
  if (behaves("odd")) {
    header = (vmrt_executable_plugin_header_t){.version = 2, .features = 253};
    table.unload = NULL;
  }
  return &table;
}
