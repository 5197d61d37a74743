/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a running VM: counted and failing allocations, live objects, cancellation. Ours alone. */
#ifndef VMRT_PROBE_H_
#define VMRT_PROBE_H_

#include "iree/vm/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Allocations --------------------------------------------------------------------------------------------------- */

/* cdef: begin */
/* Counts what goes through the allocators it hands out; safe to use from any thread. */
typedef struct vmrt_probe_t vmrt_probe_t;

typedef struct vmrt_probe_statistics_t {
  int64_t live_blocks;
  int64_t live_bytes;
  int64_t peak_blocks;
  int64_t peak_bytes;
  int64_t requests; /* malloc, calloc and realloc requests so far, failed ones included */
  int64_t failed;   /* requests that the probe failed on purpose */
} vmrt_probe_statistics_t;

IREE_API_EXPORT iree_status_t vmrt_probe_create(vmrt_probe_t** out_probe);
/* Blocks that are still live stay allocated and may still be freed; the probe goes with the last of them. */
IREE_API_EXPORT void vmrt_probe_release(vmrt_probe_t* probe);
/* An allocator whose blocks are counted under `owner`, a short name that is copied; the same name gives the same account. At
 * most 64 owners; later ones share the account "other". */
IREE_API_EXPORT iree_allocator_t vmrt_probe_allocator(vmrt_probe_t* probe, iree_string_view_t owner);
IREE_API_EXPORT vmrt_probe_statistics_t vmrt_probe_statistics(vmrt_probe_t* probe);
/* The account of one owner; its name is borrowed from the probe. OUT_OF_RANGE past the last one. */
IREE_API_EXPORT iree_status_t vmrt_probe_owner(vmrt_probe_t* probe, iree_host_size_t index, iree_string_view_t* out_name,
                                               vmrt_probe_statistics_t* out_statistics);
/* Fails the request number `request` from now on (0 is the next one) with RESOURCE_EXHAUSTED, only that one or all after it as
 * well. -1: none. */
IREE_API_EXPORT void vmrt_probe_fail_at(vmrt_probe_t* probe, int64_t request, bool from_then_on);

/* ---- Live objects -------------------------------------------------------------------------------------------------- */

typedef enum vmrt_object_kind_e {
  VMRT_OBJECT_INSTANCE = 0,
  VMRT_OBJECT_CONTEXT = 1,
  VMRT_OBJECT_BYTECODE_MODULE = 2,
  VMRT_OBJECT_NATIVE_MODULE = 3,
  VMRT_OBJECT_DYNAMIC_MODULE = 4,
  VMRT_OBJECT_LIST = 5,
  VMRT_OBJECT_BUFFER = 6,
  VMRT_OBJECT_STACK = 7,
  VMRT_OBJECT_LIBRARY = 8,
  VMRT_OBJECT_STATUS = 9, /* storage blocks of statuses that we made */
  VMRT_OBJECT_HAL_DEVICE = 10,
  VMRT_OBJECT_HAL_ALLOCATOR = 11,
  VMRT_OBJECT_HAL_BUFFER = 12, /* subspans included */
  VMRT_OBJECT_HAL_BUFFER_VIEW = 13,
  VMRT_OBJECT_HAL_COMMAND_BUFFER = 14,
  VMRT_OBJECT_HAL_EXECUTABLE = 15,
  VMRT_OBJECT_HAL_SEMAPHORE = 16,
  VMRT_OBJECT_HAL_FENCE = 17,
  VMRT_OBJECT_HAL_FILE = 18,
  VMRT_OBJECT_KIND_COUNT = 19
} vmrt_object_kind_t;

/* Objects of this process that exist now. */
IREE_API_EXPORT int64_t vmrt_live_objects(vmrt_object_kind_t kind);
/* Lower case name such as bytecode_module; NULL past the end. */
IREE_API_EXPORT const char* vmrt_object_kind_name(vmrt_object_kind_t kind);

/* ---- Cancellation -------------------------------------------------------------------------------------------------- */

/* Bytecode that runs in the context (in any context of the instance) stops at its next backward branch or call with `code`, and
 * so does all that is begun later, until it is set to OK again. From any thread. Native code is not interrupted. */
IREE_API_EXPORT void vmrt_context_cancel(iree_vm_context_t* context, iree_status_code_t code);
IREE_API_EXPORT void vmrt_instance_cancel(iree_vm_instance_t* instance, iree_status_code_t code);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* VMRT_PROBE_H_ */
