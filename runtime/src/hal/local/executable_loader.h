/* SPDX-License-Identifier: Apache-2.0 */
/* What the loaders of all formats share: their inputs, and making the common part of an executable. */
#ifndef VMRT_HAL_LOCAL_EXECUTABLE_LOADER_H_
#define VMRT_HAL_LOCAL_EXECUTABLE_LOADER_H_

#include "hal/local/executable_plugin.h"
#include "hal/local/local_executable.h"
#include "iree/vm/api.h"

/* Where files of machine code for x86-64 ELF systems can run. */
#if defined(__x86_64__) && !defined(_WIN32) && !defined(__APPLE__)
#define LOCAL_RUNS_ELF 1
#else
#define LOCAL_RUNS_ELF 0
#endif

/* Longest piece of a foreign name in a message. */
#define LOCAL_NAME_LIMIT 256

typedef struct local_load_t {
  const iree_hal_executable_params_t* params;
  uint32_t worker_count;
  executable_plugins_t* plugins; /* may be NULL */
  iree_vm_instance_t* instance;
  iree_vm_module_t* vmvx_module;
  iree_allocator_t allocator;
} local_load_t;

iree_status_t elf_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable);
iree_status_t system_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable);
iree_status_t static_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable);
iree_status_t vmvx_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable);

bool static_library_is_registered(void);

/* Sets up the common part with one reference; the functions are allocated, zeroed, and belong to it. */
iree_status_t local_executable_initialize(const hal_executable_vtable_t* vtable, iree_host_size_t function_count,
                                          iree_allocator_t allocator, local_executable_t* executable);
/* Frees the functions; the executable itself is its owner's. */
void local_executable_deinitialize(local_executable_t* executable);

/* The workgroup number `linear` of a dispatch. */
typedef struct local_workgroup_t {
  uint32_t x, y, z;
} local_workgroup_t;
static inline local_workgroup_t local_workgroup_at(const uint32_t count[3], uint64_t linear) {
  local_workgroup_t id;
  id.x = (uint32_t)(linear % count[0]);
  id.y = (uint32_t)(linear / count[0] % count[1]);
  id.z = (uint32_t)(linear / count[0] / count[1]);
  return id;
}
static inline void local_workgroup_next(const uint32_t count[3], local_workgroup_t* id) {
  if (++id->x < count[0]) return;
  id->x = 0;
  if (++id->y < count[1]) return;
  id->y = 0;
  ++id->z;
}

#endif /* VMRT_HAL_LOCAL_EXECUTABLE_LOADER_H_ */
