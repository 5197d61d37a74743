/* SPDX-License-Identifier: Apache-2.0 */
/* Executable plugins: shared libraries that offer functions to kernels. Their layout on 64-bit hosts is the ABI. */
#ifndef VMRT_EXECUTABLE_PLUGIN_H_
#define VMRT_EXECUTABLE_PLUGIN_H_

#include "vmrt/executable_library.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VMRT_EXECUTABLE_PLUGIN_VERSION 1
#define VMRT_EXECUTABLE_PLUGIN_SYMBOL "iree_hal_executable_plugin_query"

typedef enum vmrt_executable_plugin_features_e {
  VMRT_EXECUTABLE_PLUGIN_STANDALONE = 1,
  VMRT_EXECUTABLE_PLUGIN_FULL_STATUS = 2 /* statuses have messages; otherwise only their codes are looked at */
} vmrt_executable_plugin_features_t;

typedef struct vmrt_executable_plugin_header_t {
  uint32_t version;
  const char* name; /* may be NULL */
  const char* description;
  uint32_t features;
  int32_t sanitizer; /* vmrt_executable_sanitizer_t */
  uint64_t reserved[8];
} vmrt_executable_plugin_header_t;

typedef struct vmrt_executable_plugin_environment_t {
  iree_allocator_t host_allocator;
} vmrt_executable_plugin_environment_t;

/* Imports of one executable: parallel arrays. Slots that are filled already are not to be touched. */
typedef struct vmrt_executable_plugin_request_t {
  size_t count;
  const char* const* names; /* sorted; a leading `?`: optional */
  void** functions;         /* vmrt_executable_import_t */
  void** contexts;
} vmrt_executable_plugin_request_t;

#define VMRT_EXECUTABLE_PLUGIN_MISSING_OPTIONAL 1u

typedef struct vmrt_executable_plugin_t {
  const vmrt_executable_plugin_header_t* header;
  iree_status_t (*load)(const vmrt_executable_plugin_environment_t* environment, size_t parameter_count,
                        const iree_string_pair_t* parameters, void** out_self);
  void (*unload)(void* self); /* may be NULL; also called after a `load` that failed */
  /* NOT_FOUND when a required symbol is still missing: the next plugin is asked. NULL: it has none. */
  iree_status_t (*resolve)(void* self, const vmrt_executable_plugin_request_t* request, uint32_t* out_resolution);
} vmrt_executable_plugin_t;

/* NULL when the plugin does not speak `max_version`. */
typedef const vmrt_executable_plugin_t* (*vmrt_executable_plugin_query_t)(uint32_t max_version, void* reserved);

#ifdef __cplusplus
}
#endif

#endif /* VMRT_EXECUTABLE_PLUGIN_H_ */
