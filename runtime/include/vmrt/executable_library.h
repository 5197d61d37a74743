/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of compiled kernel libraries, version 6, and how a host program offers libraries that are linked into
 * it.
 *
 * Structures are read by the runtime as they lie in the library: their layout on 64-bit hosts is the ABI. */
#ifndef VMRT_EXECUTABLE_LIBRARY_H_
#define VMRT_EXECUTABLE_LIBRARY_H_

#include "iree/base/api.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VMRT_EXECUTABLE_LIBRARY_VERSION 6
#define VMRT_EXECUTABLE_LIBRARY_SYMBOL "iree_hal_executable_library_query"
/* Of one export. */
#define VMRT_EXECUTABLE_MAX_CONSTANTS 64
#define VMRT_EXECUTABLE_MAX_BINDINGS 64
/* Unit of the local memory of exports, in bytes. */
#define VMRT_EXECUTABLE_LOCAL_PAGE 4096

typedef enum vmrt_executable_sanitizer_e {
  VMRT_EXECUTABLE_SANITIZER_NONE = 0,
  VMRT_EXECUTABLE_SANITIZER_ADDRESS = 1,
  VMRT_EXECUTABLE_SANITIZER_MEMORY = 2,
  VMRT_EXECUTABLE_SANITIZER_THREAD = 3,
  VMRT_EXECUTABLE_SANITIZER_UNDEFINED = 4
} vmrt_executable_sanitizer_t;

/* ---- What kernels get -------------------------------------------------------------------------------------------- */

/* A function of a plugin: 0 is success. */
typedef int (*vmrt_executable_import_t)(void* params, void* context, void* reserved);
typedef int (*vmrt_executable_import_thunk_t)(vmrt_executable_import_t function, void* params, void* context,
                                              void* reserved);

/* The same for all kernels of an executable. */
typedef struct vmrt_executable_environment_t {
  const uint32_t* constants; /* executable-level */
  vmrt_executable_import_thunk_t import_thunk;
  const vmrt_executable_import_t* import_functions; /* NULL where an optional import is missing */
  void* const* import_contexts;
  uint64_t processor_data[8];
} vmrt_executable_environment_t;

/* The same for all workgroups of a dispatch. */
typedef struct vmrt_executable_dispatch_state_t {
  uint32_t workgroup_size_x;
  uint32_t workgroup_size_y;
  uint16_t workgroup_size_z;
  uint16_t constant_count;
  uint32_t workgroup_count_x;
  uint32_t workgroup_count_y;
  uint16_t workgroup_count_z;
  uint8_t max_concurrency;
  uint8_t binding_count;
  const uint32_t* constants;
  void* const* binding_pointers;
  const size_t* binding_lengths;
} vmrt_executable_dispatch_state_t;

typedef struct vmrt_executable_workgroup_state_t {
  uint32_t workgroup_id_x;
  uint32_t workgroup_id_y;
  uint16_t workgroup_id_z;
  uint16_t reserved;
  uint32_t processor_id;
  void* local_memory; /* 64-byte aligned; NULL when the export asks for none */
  uint32_t local_memory_size;
} vmrt_executable_workgroup_state_t;

/* One workgroup of one export: 0 is success, anything else fails the dispatch. */
typedef int (*vmrt_executable_function_t)(const vmrt_executable_environment_t* environment,
                                          const vmrt_executable_dispatch_state_t* dispatch,
                                          const vmrt_executable_workgroup_state_t* workgroup);

/* ---- What libraries say ------------------------------------------------------------------------------------------ */

typedef struct vmrt_executable_library_header_t {
  uint32_t version;
  const char* name;
  uint32_t features;
  uint32_t sanitizer; /* vmrt_executable_sanitizer_t */
} vmrt_executable_library_header_t;

typedef struct vmrt_executable_attributes_t {
  uint64_t flags;
  uint16_t local_memory_pages;
  uint8_t constant_count;
  uint8_t binding_count;
  uint32_t workgroup_size_x;
  uint32_t workgroup_size_y;
  uint16_t workgroup_size_z;
  uint16_t parameter_count;
  uint64_t reserved[5];
} vmrt_executable_attributes_t;

/* Arrays have an entry an export; tables for people only (parameters and everything after the names) may be NULL. */
typedef struct vmrt_executable_exports_t {
  uint32_t count;
  const vmrt_executable_function_t* functions;
  const vmrt_executable_attributes_t* attributes; /* NULL: all zero */
  const void* parameters;
  const void* occupancy;
  const char* const* names; /* NULL: no export can be looked up */
  const char* const* tags;
  const char* const* parameter_names;
  const void* source_locations;
  const void* stage_locations;
} vmrt_executable_exports_t;

typedef struct vmrt_executable_sources_t {
  uint32_t count;
  const void* files;
} vmrt_executable_sources_t;

typedef struct vmrt_executable_library_t {
  const vmrt_executable_library_header_t* header;
  uint32_t import_count;
  const char* const* import_symbols; /* sorted; a leading `?`: optional */
  vmrt_executable_exports_t exports;
  uint32_t constant_count;
  vmrt_executable_sources_t sources;
} vmrt_executable_library_t;

/* Address of the library, or NULL when it does not speak `max_version`. `environment` is NULL here. */
typedef const vmrt_executable_library_t* (*vmrt_executable_library_query_t)(
    uint32_t max_version, const vmrt_executable_environment_t* environment);

/* ---- Libraries of the host program ------------------------------------------------------------------------------- */

/* Makes the library known to executables of format `static`, which name it; from any thread, for good. ALREADY_EXISTS
 * for a second library of a name, RESOURCE_EXHAUSTED after 64; otherwise refused as a loaded library would be. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
vmrt_hal_register_static_library(vmrt_executable_library_query_t query);

#ifdef __cplusplus
}
#endif

#endif /* VMRT_EXECUTABLE_LIBRARY_H_ */
