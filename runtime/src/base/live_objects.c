/* SPDX-License-Identifier: Apache-2.0 */
/* How many objects of each kind exist in this process. */
#include "base/atomics.h"

static int64_t live_counts[VMRT_OBJECT_KIND_COUNT];

void live_object_add(vmrt_object_kind_t kind) { __atomic_fetch_add(&live_counts[kind], 1, __ATOMIC_RELAXED); }

void live_object_remove(vmrt_object_kind_t kind) { __atomic_fetch_sub(&live_counts[kind], 1, __ATOMIC_RELAXED); }

int64_t vmrt_live_objects(vmrt_object_kind_t kind) {
  if ((unsigned)kind >= VMRT_OBJECT_KIND_COUNT) return 0;
  return __atomic_load_n(&live_counts[kind], __ATOMIC_RELAXED);
}

const char* vmrt_object_kind_name(vmrt_object_kind_t kind) {
  static const char* const names[VMRT_OBJECT_KIND_COUNT] = {
      [VMRT_OBJECT_INSTANCE] = "instance",
      [VMRT_OBJECT_CONTEXT] = "context",
      [VMRT_OBJECT_BYTECODE_MODULE] = "bytecode_module",
      [VMRT_OBJECT_NATIVE_MODULE] = "native_module",
      [VMRT_OBJECT_DYNAMIC_MODULE] = "dynamic_module",
      [VMRT_OBJECT_LIST] = "list",
      [VMRT_OBJECT_BUFFER] = "buffer",
      [VMRT_OBJECT_STACK] = "stack",
      [VMRT_OBJECT_LIBRARY] = "library",
      [VMRT_OBJECT_STATUS] = "status",
      [VMRT_OBJECT_HAL_DEVICE] = "hal_device",
      [VMRT_OBJECT_HAL_ALLOCATOR] = "hal_allocator",
      [VMRT_OBJECT_HAL_BUFFER] = "hal_buffer",
      [VMRT_OBJECT_HAL_BUFFER_VIEW] = "hal_buffer_view",
      [VMRT_OBJECT_HAL_COMMAND_BUFFER] = "hal_command_buffer",
      [VMRT_OBJECT_HAL_EXECUTABLE] = "hal_executable",
      [VMRT_OBJECT_HAL_SEMAPHORE] = "hal_semaphore",
      [VMRT_OBJECT_HAL_FENCE] = "hal_fence",
      [VMRT_OBJECT_HAL_FILE] = "hal_file",
  };
  return (unsigned)kind < VMRT_OBJECT_KIND_COUNT ? names[kind] : NULL;
}
